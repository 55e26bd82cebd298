-- advisor_messages --
select text from gatehouse.journal where stream = %(stream)s and event_type = 'MessageReceived' order by seq;

-- account_kinds --
select account, kind from gatehouse.account where household = %(household)s;

-- rests --
-- Of its orders that were let out, those with something left: at work, or ended so.
select order_id, account, symbol, side, limit_price, ended, coalesce(released_quantity, quantity) - filled as unfilled
from gatehouse.leg
where account in (select account from gatehouse.account where household = %(household)s)
  and released_seq is not null and filled < coalesce(released_quantity, quantity)
order by released_seq, order_id;

-- pinned --
select household from gatehouse.thread where thread = %(thread)s;

-- drafts --
-- What waits for an assessment, oldest first, with the draft itself. After the close there is none: it lapses.
select p.proposal, j.seq, j.recorded_at, j.role, j.actor, j.text from gatehouse.proposal p
join gatehouse.journal j on j.seq = p.drafted_seq
join gatehouse.market_day d on d.state = 'open'
where p.status = 'DRAFTED' and not p.proposal = any (%(without)s::text[]) order by p.drafted_seq limit %(limit)s;

-- releasable --
-- Approved legs that are not out yet, and the most shares that each may carry now (null: its funding or its time is open).
-- What the close came before is not offered, and so not denied: it lapses. What is halted waits, and what is for
-- the next session.
select p.proposal, p.status, p.last_seq, l.leg, l.order_id, a.custodian, gatehouse.releasable_now(l) as most, gatehouse.schedule_over(p.proposal) as over
from gatehouse.proposal p join gatehouse.leg l using (proposal) join gatehouse.account a on a.account = l.account
where l.released_seq is null and not l.ended and gatehouse.halt_fault(p, l) is null
  and (p.status = 'RELEASED'
       or p.status = 'APPROVED' and exists (select from gatehouse.market_day d
                                            where d.state = 'open' and p.for_session > d.session is not true))
order by p.drafted_seq, l.leg;

-- released --
-- Orders that are out and have not ended, with what a venue needs: those, or all.
select l.order_id, j.text, j.trace_id, a.custodian, gatehouse.scopes_of(p, l) as scopes
from gatehouse.leg l join gatehouse.journal j on j.seq = l.released_seq join gatehouse.account a on a.account = l.account
join gatehouse.proposal p on p.proposal = l.proposal
where l.released_seq is not null and (%(ended)s or not l.ended)
  and (%(only)s::text[] is null or l.order_id = any (%(only)s::text[])) order by l.released_seq;

-- lapsing --
select p.proposal, p.trace from gatehouse.proposal p, gatehouse.market_day d
where p.status in ('DRAFTED', 'ASSESSED', 'SUBMITTED', 'APPROVED') and gatehouse.lapses(p, d);

-- remainders --
-- Accounts of plans of this business day and the one before with something left that no draft asks for yet; `shares`
-- of an order over time.
select distinct p.proposal, l.account, p.request, p.agent, p.thread, p.trace, null::numeric as shares from gatehouse.leg l
join gatehouse.proposal p using (proposal)
join gatehouse.market_day d on d.state = 'open' and p.session in (d.session, d.previous)
where l.side = 'buy' and l.may_release_less and l.ended and (l.released_seq is null or l.released_quantity < l.quantity)
  and p.status = 'RELEASED' and gatehouse.has_remainder(l.proposal, l.account)
  and not exists (select from gatehouse.remainder r where r.proposal = l.proposal and r.account = l.account)
union all
select p.proposal, l.account, p.request, p.agent, p.thread, p.trace, gatehouse.schedule_left(p.proposal)
from gatehouse.schedule s join gatehouse.proposal p using (proposal) join gatehouse.leg l on l.proposal = s.proposal and l.leg = 0
join gatehouse.market_day d on d.state = 'open' and p.session in (d.session, d.previous)
where s.began_at > clock_timestamp() - interval '8 days' and gatehouse.has_remainder(l.proposal, l.account)
  and not exists (select from gatehouse.remainder r where r.proposal = l.proposal and r.account = l.account);

-- overdue --
-- Of orders over time whose time is over: what is out, has not ended, and nobody has asked to cancel.
select l.order_id, p.trace from gatehouse.schedule s join gatehouse.proposal p using (proposal)
join gatehouse.leg l using (proposal) join gatehouse.market_day d on d.state = 'open' and d.session = p.session
where s.began_at > clock_timestamp() - interval '8 days' and l.released_seq is not null and not l.ended
  and l.cancel_seq is null and gatehouse.schedule_over(s.proposal) order by p.proposal, l.leg;

-- day --
select session, at, state, requested, requested_session from gatehouse.market_day;

-- cancelling --
-- Orders that are out, that somebody asked to cancel, and that have not ended.
select order_id from gatehouse.leg where cancel_seq is not null and released_seq is not null and not ended;
