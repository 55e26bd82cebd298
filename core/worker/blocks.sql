-- busy --
-- Whether any block is not done, or any released order waits for those that it may go with. `offset 0` keeps the
-- server from asking that of each order that is out before it looks which of them are of a batch.
select exists (select from gatehouse.block b where not b.done) as open,
       exists (select from (select l from gatehouse.leg l join gatehouse.batch_row w using (proposal)
                            where l.released_seq is not null and not l.ended offset 0) as o
               where gatehouse.awaits_block(o.l)) as waiting;

-- candidates --
-- Released orders of batches that are nobody's yet. `stays`: trading is stopped for it, on a day that is open.
select b.batch, b.digest, l.order_id, l.account, l.quantity, a.custodian, l.symbol, l.side, l.order_type, l.limit_price,
       l.time_in_force, j.trace_id, m.state = 'open' and l.cancel_seq is null as may_go,
       m.state = 'open' and gatehouse.halt_fault(p, l) is not null as stays,
       (select count(*) from gatehouse.block_part k where k.order_id = l.order_id)::int as formed
from gatehouse.leg l
join gatehouse.account a on a.account = l.account
join gatehouse.proposal p on p.proposal = l.proposal
join gatehouse.batch_row w on w.proposal = l.proposal
join gatehouse.batch b on b.batch = w.batch and b.status = 'APPROVED'
join gatehouse.journal j on j.seq = l.released_seq
cross join gatehouse.market_day m
where l.released_seq is not null and not l.ended and gatehouse.awaits_block(l)
order by l.released_seq;

-- method --
select gatehouse.allocation_method() as method;

-- let_alone --
select gatehouse.let_alone(%(order)s) as alone;

-- day --
select session from gatehouse.market_day;

-- joining --
select p.order_id, p.block_order, j.trace_id
from gatehouse.block b join gatehouse.block_part p on p.block_order = b.order_id join gatehouse.leg l on l.order_id = p.order_id
join gatehouse.journal j on j.seq = l.released_seq
where not b.done and p.joined_seq is null order by p.block_order, p.order_id;

-- unshared --
-- With the confirmed change of that day's shares, where there is one: `upheld`, it still adds up; `examined`, the record
-- says so already.
select b.order_id, c.change, c.upheld, c.examined, u.trade_date, u.settles_on, u.executed_at, u.quantity, u.paid, u.dollars, u.fees, u.revision, r.venue, j.trace_id
from gatehouse.block b join gatehouse.route r on r.order_id = b.order_id join gatehouse.journal j on j.seq = b.formed_seq
cross join lateral gatehouse.block_unshared(b.order_id) u
left join lateral gatehouse.change_due(b.order_id, u.trade_date, u.quantity, u.revision) c on true
where not b.done and u.due order by b.formed_seq, u.trade_date;

-- unbooked --
select b.order_id as block_order, b.symbol, b.side, u.*, j.trace_id
from gatehouse.block b cross join lateral gatehouse.block_unbooked(b.order_id) u
join gatehouse.leg l on l.order_id = u.order_id join gatehouse.journal j on j.seq = l.released_seq
where not b.done order by b.formed_seq, u.trade_date, u.order_id;

-- leaving --
-- Parts that end or go by themselves: their block is over, and everything of it is booked.
select p.order_id, p.block_order, b.ended_by, b.sent, l.cancel_seq is not null as cancelled, r.venue, j.trace_id,
       (select k.text::jsonb->'payload'->>'reason' from gatehouse.journal k
        where k.stream = 'order/' || b.order_id and k.event_type = b.ended_by) as reason
from gatehouse.block b join gatehouse.block_part p on p.block_order = b.order_id join gatehouse.leg l on l.order_id = p.order_id
left join gatehouse.route r on r.order_id = b.order_id
join gatehouse.journal j on j.seq = l.released_seq
where not b.done and b.ended and b.ended_by is not null and p.joined_seq is not null and p.parted_seq is null and not l.ended
  and not exists (select from gatehouse.block_unshared(b.order_id)) and not exists (select from gatehouse.block_unbooked(b.order_id))
order by b.formed_seq, p.order_id;

-- blocks --
-- Blocks as orders that are out, with the text that formed them: those that have not ended, or all.
select b.order_id, j.text, j.trace_id
from gatehouse.block b join gatehouse.journal j on j.seq = b.formed_seq
where b.order_id = any (%(only)s::text[]) and (%(ended)s or not b.ended) order by b.formed_seq;

-- cancelling --
-- Blocks of which somebody asked to cancel a part.
select distinct b.order_id from gatehouse.block b join gatehouse.block_part p on p.block_order = b.order_id
join gatehouse.leg l on l.order_id = p.order_id
where not b.ended and p.parted_seq is null and l.cancel_seq is not null;
