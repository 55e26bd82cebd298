-- in_force --
-- The version that holds now, and the set that waits beside it.
select v.version, v.digest, v.routing::text as routing, 1 + (select max(version) from gatehouse.routing_version) as next,
       w.digest as waiting_digest, w.routing::text as waiting
from gatehouse.routing_in_force() v left join gatehouse.routing_proposal w on true;

-- versions --
-- Newest first. Version 0 is what the product brings.
select version, digest, seq, effective_on, routing::text as routing, reasons, proposed_by, confirmed_by, confirmed_at
from gatehouse.routing_version order by version desc;

-- proposed --
select digest, effective_on, routing::text as routing, reasons, proposed_by, proposed_at
from gatehouse.routing_proposal;

-- session --
select session from gatehouse.market_day;

-- supervises --
select gatehouse.asker_sees_all() as everything;

-- newest_routed --
-- The newest routing of each of the last orders that were let out, oldest first.
with lately as (
    select g.order_id from gatehouse.leg g where g.released_seq is not null order by g.released_seq desc limit %(orders)s
)
select distinct on (l.stream) l.seq, l.text from lately, gatehouse.journal_line l
where l.stream = 'order/' || lately.order_id and l.event_type = 'RouteRecorded'
order by l.stream, l.seq desc;

-- of_order --
-- What one order's quality is measured by, oldest first.
select l.seq, l.recorded_at, l.role, l.actor, l.text
from gatehouse.journal_line l
where l.stream = 'order/' || %(order)s::text and l.event_type in ('RouteRecorded', 'OrderFilled')
  and gatehouse.block_of(%(order)s::text) is null
union all
select l.seq, l.recorded_at, l.role, l.actor, l.text
from gatehouse.block_line l
where l.stream = 'order/' || gatehouse.block_of(%(order)s::text) and l.event_type in ('RouteRecorded', 'BlockFilled')
order by 1;

-- parts_beside --
-- Of an order over time: the orders of its parts that were let out, in their order; none of any other order.
select g.order_id, s.parts, s.quantity
from gatehouse.leg mine join gatehouse.schedule s using (proposal) join gatehouse.leg g using (proposal)
where mine.order_id = %(order)s and g.released_seq is not null order by g.leg;

-- released_between --
-- The next orders that were let out for sessions of a period. `routed`: what went to a venue, itself or its block.
select g.order_id, g.released_seq, p.session, coalesce(gatehouse.block_of(g.order_id), g.order_id) as routed
from gatehouse.leg g join gatehouse.proposal p using (proposal)
where p.session between %(first)s and %(last)s and g.released_seq > %(after)s
order by g.released_seq limit %(page)s;

-- of_orders --
select l.stream, l.seq, l.recorded_at, l.role, l.actor, l.text
from unnest(%(orders)s::text[]) as o (order_id) join gatehouse.journal_line l on l.stream = 'order/' || o.order_id
where l.event_type in ('RouteRecorded', 'OrderFilled')
union all
select l.stream, l.seq, l.recorded_at, l.role, l.actor, l.text
from gatehouse.block_line l
where l.stream in (select 'order/' || o from unnest(%(orders)s::text[]) as o) and l.event_type in ('RouteRecorded', 'BlockFilled')
order by 2;

-- lately --
-- What the worker remembers of venues from before it began.
select j.seq, j.recorded_at, j.role, j.actor, j.text
from gatehouse.journal j
where j.seq > (select h.seq from gatehouse.head h) - %(entries)s
  and j.event_type in ('RouteRecorded', 'OrderFilled', 'BlockFilled', 'OrderCancelled', 'OrderExpired', 'OrderRejected')
order by j.seq;
