-- halts_known --
-- What stands, and of those that the file has, what the record knows of them.
select halt, scope, cause, named, halted_at, lifted_seq is not null as lifted
from gatehouse.halt where lifted_seq is null or halt = any (%(ids)s::text[]) order by seq;

-- alerts_overdue --
-- Critical ones that nobody has acknowledged in time, oldest first.
select alert, scope from gatehouse.alert
where severity = 'critical' and acknowledged_seq is null and halted_seq is null
  and raised_at <= clock_timestamp() - %(within)s::interval order by seq;

-- standing --
-- What is halted now, the widest first, then the oldest.
select h.halt, h.scope, h.cause, h.person, h.named, h.alert, h.reason, h.halted_at
from gatehouse.halt h where h.lifted_seq is null order by h.scope <> 'all', h.seq;

-- standing_of --
select halt from gatehouse.halt where scope = %(scope)s and lifted_seq is null order by seq;

-- alerts --
-- Those that wait for a person, the most pressing first.
select a.alert, a.severity, a.scope, a.kind, a.order_id, a.venue, a.raised_at, a.halted_seq is not null as halted
from gatehouse.alert a where a.acknowledged_seq is null order by a.severity <> 'critical', a.seq limit 100;

-- orders_in --
-- Orders that are out and have not ended, in that scope, as far as the asker is shown them.
select l.order_id, l.account, l.symbol, l.side, coalesce(l.released_quantity, l.quantity) as quantity, l.filled,
       coalesce(o.status, 'RELEASED') as status, o.state->>'venue' as venue
from gatehouse.leg l join gatehouse.proposal p on p.proposal = l.proposal
left join gatehouse.order_state o on o.order_id = l.order_id
where l.released_seq is not null and not l.ended
  and (%(scope)s = any (gatehouse.scopes_of(p, l)) or %(scope)s = 'venue:' || (o.state->>'venue'))
order by l.released_seq;

-- cash_due_in --
-- Withdrawals and fees of today in that scope: a halt does not hold clients' own money back.
select r.account, r.kind, r.state->>'amount' as amount from gatehouse.reference r, gatehouse.market_day d
where r.kind in ('withdrawal', 'fee') and (r.state->>'due_on')::date = d.session
  and %(scope)s in ('all', 'account:' || r.account, 'household:' || r.household, 'advisor:' || r.advisor)
order by r.account, r.id;
