-- compliance --
select gatehouse.asker_is_compliance() as compliance;

-- watched --
select watch, entry, listed_by, listed_at, unlisted_at from gatehouse.watch order by listed_at desc, watch;

-- hits --
select l.symbol, l.proposal, l.order_id, l.account, l.advisor, l.side, l.quantity, l.filled, p.session, p.drafted_at,
       coalesce(case when l.released_seq is not null or l.ended then o.status end, p.status) as status
from gatehouse.leg l
join gatehouse.proposal p on p.proposal = l.proposal
left join gatehouse.order_state o on o.order_id = l.order_id
where l.symbol = any (%(symbols)s::text[]) order by p.drafted_seq desc, l.leg;
