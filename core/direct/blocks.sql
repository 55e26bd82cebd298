-- blocks --
-- The newest blocks of the asker's book, or the one of that order id, or those that orders of that proposal were put in.
select b.order_id, b.block, b.batch, b.method, b.custodian, b.symbol, b.side, b.limit_price, b.quantity, b.filled, b.sent, b.ended,
       b.ended_by, b.done
from gatehouse.block b
where (%(order)s::text is null or b.order_id = %(order)s)
  and (%(proposal)s::text is null or b.order_id in (
      select p.block_order from gatehouse.block_part p join gatehouse.leg l using (order_id) where l.proposal = %(proposal)s))
order by b.formed_seq desc limit %(most)s;

-- parts --
select p.block_order, p.order_id, p.account, p.quantity, p.parted_seq is not null as parted, l.filled
from gatehouse.block_part p join gatehouse.leg l on l.order_id = p.order_id
where p.block_order = any (%(orders)s::text[]) order by p.block_order, p.order_id;

-- shares --
select s.block_order, s.trade_date, s.order_id, s.quantity, s.dollars, s.fee
from gatehouse.block_share s where s.block_order = any (%(orders)s::text[]) order by s.trade_date, s.order_id;

-- allocations --
select a.block_order, a.trade_date, a.revision, a.quantity, a.average_price, a.dollars, a.fees
from gatehouse.block_allocation a where a.block_order = any (%(orders)s::text[]) order by a.trade_date;

-- changes --
select c.change, c.block_order, c.trade_date, c.revision, c.parts, c.reason, c.drafted_by, c.confirmed_by, c.review, c.reviewed_by,
       case when c.reviewed_seq is not null then 'REVIEWED'
            when c.confirmed_seq is not null and exists (
                select from gatehouse.allocation_change k where k.block_order = c.block_order and k.trade_date = c.trade_date
                and k.confirmed_seq > c.confirmed_seq) then 'REPLACED'
            when c.confirmed_seq is not null then case when c.upheld is false then 'OVERTAKEN' else 'IN_FORCE' end
            when c.drafted_seq = (select max(k.drafted_seq) from gatehouse.allocation_change k
                                  where k.block_order = c.block_order and k.trade_date = c.trade_date)
                 and c.revision = (select a.revision from gatehouse.block_allocation a
                                   where a.block_order = c.block_order and a.trade_date = c.trade_date) then 'WAITS'
            else 'REPLACED' end as state
from gatehouse.allocation_change c where c.block_order = any (%(orders)s::text[]) order by c.drafted_seq;

-- person --
select gatehouse.asker_person() as person;

-- trace --
-- Of an order, or of a block: of its first part.
select p.trace from gatehouse.leg l join gatehouse.proposal p using (proposal)
where l.order_id = %(order)s
   or l.order_id = (select min(k.order_id) from gatehouse.block_part k where k.block_order = %(order)s);

-- account --
select l.account from gatehouse.leg l where l.order_id = %(order)s;

-- trades --
-- The trades of these orders, as they settle.
select t.order_id, t.trade_date, t.account, t.symbol, t.side, t.quantity, t.settles_on, t.status, t.passed_to, a.custodian
from gatehouse.trade t join gatehouse.account a on a.account = t.account
where t.order_id = any (%(orders)s::text[]) order by t.order_id, t.trade_date;

-- rules --
select r.version, r.method, r.reason, r.proposed_by, r.confirmed_by from gatehouse.allocation_rule r order by r.version desc;
