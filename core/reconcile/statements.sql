-- orders --
-- The orders and blocks that a venue may know of and that have not ended, or that differed; `whole`: all of this business
-- day.
with asked as (
    select l.order_id from gatehouse.leg l where l.released_seq is not null and not l.ended
    union
    select d.order_id from gatehouse.difference d where d.order_id is not null and d.cleared_seq is null
    union
    select l.order_id from gatehouse.market_day m
    join gatehouse.proposal p on p.session = m.session join gatehouse.leg l using (proposal)
    where %(whole)s and l.released_seq is not null
)
select o.order_id, o.account, o.status, o.state->>'venue' as venue, l.filled
from asked join gatehouse.leg l using (order_id) join gatehouse.order_state o on o.order_id = l.order_id
where l.released_seq is not null and (o.state->>'sent')::boolean
union all
select b.order_id, (select min(p.account) from gatehouse.block_part p where p.block_order = b.order_id),
       case when not b.ended then 'SENT' when b.ended_by is null then 'FILLED' else 'CANCELLED' end, r.venue, b.filled
from gatehouse.block b join gatehouse.batch t on t.batch = b.batch join gatehouse.route r on r.order_id = b.order_id
where b.sent
  and (not b.ended or (%(whole)s and t.session = (select m.session from gatehouse.market_day m))
       or exists (select from gatehouse.difference d where d.order_id = b.order_id and d.cleared_seq is null))
order by 1;

-- executions --
select x.order_id, x.execution, x.quantity, x.price, x.fee
from gatehouse.execution x where x.order_id = any (%(orders)s::text[]) and not x.busted
union all
select x.block_order, x.execution, x.quantity, x.price, x.fee
from gatehouse.block_execution x where x.block_order = any (%(orders)s::text[]) and not x.busted;

-- shares --
-- How what blocks executed was shared, as it stands: what that custodian is instructed of these.
select s.block_order, s.trade_date, s.order_id, p.account, s.quantity, s.dollars, s.fee
from gatehouse.block_share s join gatehouse.block b on b.order_id = s.block_order
join gatehouse.block_part p on p.block_order = s.block_order and p.order_id = s.order_id
where s.block_order = any (%(blocks)s::text[]) and b.custodian = %(custodian)s order by s.block_order, s.trade_date, s.order_id;

-- custodians --
-- Who keeps any account of the firm's: each must give its word, or is named as one that did not.
select distinct a.custodian from gatehouse.account a order by 1;

-- held --
select p.account, p.symbol, p.quantity, a.custodian
from gatehouse.position p join gatehouse.account a on a.account = p.account;

-- cash --
select c.account, c.settled, c.settled + c.unsettled + c.held as whole, a.custodian
from gatehouse.cash c join gatehouse.account a on a.account = c.account;

-- day --
select m.session, m.state from gatehouse.market_day m;

-- asked --
select r.run from gatehouse.reconciliation r where r.seq is null order by r.requested_seq;

-- closed --
-- Whether that business day's close was compared.
select exists (select from gatehouse.reconciliation r
               where r.why = 'close' and r.session = %(session)s::date and r.seq is not null) as done;

-- open --
select d.difference, d.party, d.kind, d.key, d.account, d.order_id, d.ours, d.theirs, d.owner, d.taken_by, d.found_at,
       clock_timestamp() - d.found_at as age, d.found_seq
from gatehouse.difference d where d.cleared_seq is null order by d.found_seq;

-- last --
-- The newest run that is finished, or the one of that name.
select r.run, r.why, r.session, r.compared, r.unread, r.differences, r.finished_at, r.seq
from gatehouse.reconciliation r
where r.seq is not null and (%(run)s::text is null or r.run = %(run)s)
order by r.seq desc limit 1;
