-- of_order --
-- The entries of one order's ticket, oldest first, as far as the asker may read them: its own stream, its
-- proposal's, its block's, and the steps of the trace that it came from.
with leg as (
    select l.proposal, p.trace from gatehouse.leg l join gatehouse.proposal p using (proposal) where l.order_id = %(order)s
)
select l.seq, l.recorded_at, l.role, l.actor, l.text from gatehouse.journal_line l
where l.event_type = any (%(kinds)s::text[])
  and (l.stream = 'order/' || %(order)s::text
       or l.stream in (select 'proposal/' || g.proposal from leg g)
       or l.event_type = 'StepTaken' and l.trace_id in (select g.trace from leg g))
union all
select l.seq, l.recorded_at, l.role, l.actor, l.text from gatehouse.block_line l
where l.event_type = any (%(kinds)s::text[]) and l.stream = 'order/' || gatehouse.block_of(%(order)s::text)
order by 1;

-- account_of_order --
select a.account, a.household, a.advisor, a.kind, a.capacity, a.discretionary, a.custodian
from gatehouse.account a join gatehouse.leg l using (account) where l.order_id = %(order)s;

-- of_all --
select j.seq, j.recorded_at, j.role, j.actor, j.text from gatehouse.journal j
where j.seq > %(after)s and j.event_type = any (%(kinds)s::text[]) order by j.seq limit %(page)s;
