-- person_asking --
select gatehouse.asker_person() as person;

-- present_machine --
select advisor, machine from gatehouse.present_machine(%(key)s);

-- moved --
-- Households in which something was submitted, ended, filled or stated since; and how far the worker has folded.
select advisor, household, as_of_seq from gatehouse.moved_since(%(after)s);

-- placed --
-- A direct order as it was first answered, and whether it was submitted.
select p.request, p.digest, p.content, p.findings, p.trace,
       exists (select from gatehouse.decision d where d.proposal = p.proposal and d.kind = 'submission') as submitted,
       (select s.purpose from gatehouse.signal s where s.proposal = p.proposal) as purpose
from gatehouse.proposal p where p.proposal = %(proposal)s;

-- order --
-- One order as it stands, in the asker's book.
select l.order_id, l.proposal, l.account, l.symbol, l.side, l.quantity, l.released_quantity, l.order_type, l.limit_price,
       l.time_in_force, l.filled, p.trace, p.findings,
       o.status, o.state, w.why, w.says as wait_says, w.since
from gatehouse.leg l join gatehouse.proposal p using (proposal)
left join gatehouse.order_state o on o.order_id = l.order_id
left join lateral gatehouse.waiting_of(l.order_id) w on true
where l.order_id = %(order)s;

-- orders --
-- The newest orders of the asker's book.
select l.order_id, l.proposal, l.account, l.symbol, l.side, l.quantity, l.released_quantity, l.order_type, l.limit_price,
       l.time_in_force, l.filled, p.trace, p.findings,
       o.status, o.state, w.why, w.says as wait_says, w.since
from gatehouse.leg l join gatehouse.proposal p using (proposal)
left join gatehouse.order_state o on o.order_id = l.order_id
left join lateral gatehouse.waiting_of(l.order_id) w on true
order by p.drafted_seq desc, l.leg limit %(most)s;

-- cancel_drafts --
-- Requests for a cancel that agents drafted in the asker's book, of orders that are live and not asked for.
select d.draft, d.order_id, l.proposal, l.account, l.symbol, l.side, l.released_quantity, l.filled, l.limit_price,
       d.thread, d.agent, d.drafted_at
from gatehouse.cancel_draft d join gatehouse.leg l on l.order_id = d.order_id
where not l.ended and l.cancel_seq is null order by d.drafted_seq desc;

-- trace_of --
select p.trace from gatehouse.leg l join gatehouse.proposal p using (proposal) where l.order_id = %(order)s;
