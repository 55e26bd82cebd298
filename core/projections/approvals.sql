-- in_force --
-- Confirmed standing approvals of this day that name the household or its advisor, without what this proposal drew.
select s.standing, s.terms, s.valid_from, s.valid_until,
       s.dollars - coalesce(own.dollars, 0) as used_in_all,
       coalesce(t.dollars, 0) - coalesce(own.dollars, 0) as used_today,
       coalesce(t.drawn, 0) - (own.proposal is not null)::int as drawn_today,
       own.proposal is not null and own.voided_seq is null as drawn
from gatehouse.proposal p
join gatehouse.market_day d on true
join gatehouse.standing_approval s on s.status = 'CONFIRMED' and d.session between s.valid_from and s.valid_until
     and (s.terms->'advisors' ? p.advisor or s.terms->'households' ? p.household)
left join gatehouse.standing_day t on t.standing = s.standing and t.session = d.session
left join gatehouse.standing_draw own on own.proposal = p.proposal and own.standing = s.standing
where p.proposal = %(proposal)s
order by s.valid_until, s.standing;
