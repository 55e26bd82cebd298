-- candidates --
select proposal, trace, last_seq, digest, session, standing, terms_digest, dollars
from gatehouse.standing_candidates();

-- undone --
select proposal, trace, standing, status, leg, order_id from gatehouse.standing_undone();

-- approvals --
-- Newest first, with how much of today's is used, and whether a list of it is overdue.
select s.standing, s.terms, s.digest, s.status, s.given_by, s.confirmed_by, s.revoked_by, s.drawn, s.dollars,
       coalesce(t.drawn, 0) as drawn_today, coalesce(t.dollars, 0) as dollars_today,
       s.valid_until < d.session or d.state = 'closed' and s.valid_until = d.session as expired,
       gatehouse.standing_is_overdue(s.standing) as overdue
from gatehouse.standing_approval s
cross join gatehouse.market_day d
left join gatehouse.standing_day t on t.standing = s.standing and t.session = d.session
where %(standing)s::text is null or s.standing = %(standing)s
order by s.last_seq desc;

-- days --
-- Lists of draws, the oldest that waits first; `due`: the day is over, so that it can be reviewed now.
select t.standing, t.session, t.drawn, t.dollars, t.reviewed_by,
       t.session < d.session or t.session = d.session and d.state = 'closed' as due,
       t.reviewed_by is null and gatehouse.standing_is_overdue(t.standing) as overdue
from gatehouse.standing_day t cross join gatehouse.market_day d
where (%(standing)s::text is null or t.standing = %(standing)s) and (%(all)s or t.reviewed_by is null)
order by t.session, t.standing;

-- draws --
select w.proposal, w.digest, w.dollars, w.voided_seq is not null as came_back, p.household, p.advisor, p.status
from gatehouse.standing_draw w join gatehouse.proposal p on p.proposal = w.proposal
where w.standing = %(standing)s and w.session = %(session)s::date order by w.drawn_seq;
