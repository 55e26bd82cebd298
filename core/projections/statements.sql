-- market_day --
select session, at, state from gatehouse.market_day;

-- halted --
select distinct scope from gatehouse.halt where lifted_seq is null;

-- as_of --
select coalesce((select as_of_seq from gatehouse.follower where name = 'book'), 0) as as_of_seq;

-- standing --
select head_seq, as_of_seq, undecided from gatehouse.standing();

-- firm_reference --
select kind, id, state from gatehouse.reference
where kind in ('instrument', 'custodian', 'model', 'restriction') order by kind, id;

-- book_reference --
-- Null asks for the whole book of the asker.
select kind, id, household, account, state from gatehouse.reference
where kind in ('ips', 'profile', 'do_not_trade', 'withdrawal', 'fee', 'rmd', 'account')
  and (%(households)s::text[] is null or household = any (%(households)s::text[]))
order by kind, id;

-- households --
select h.household, h.advisor, h.related, r.state
from gatehouse.household h left join gatehouse.reference r on r.kind = 'household' and r.id = h.household
where (%(households)s::text[] is null or h.household = any (%(households)s::text[]))
order by h.household;

-- accounts --
select account, household, advisor, kind, capacity, discretionary, custodian, status, owners
from gatehouse.account
where (%(households)s::text[] is null or household = any (%(households)s::text[]))
order by account;

-- lots --
select l.account, l.lot, l.symbol, l.quantity, l.cost_per_share, l.acquired_on
from gatehouse.lot l
where %(households)s::text[] is null
   or l.account in (select account from gatehouse.account where household = any (%(households)s::text[]))
order by l.account, l.symbol, l.acquired_on, l.lot;

-- cash --
select a.account, coalesce(c.settled, 0) as settled, coalesce(c.unsettled, 0) as unsettled,
       coalesce(c.held, 0) as held, coalesce(h.reserved, 0) as reserved
from gatehouse.account a
left join gatehouse.cash c on c.account = a.account
left join gatehouse.holding h on h.account = a.account and h.symbol = 'cash'
where %(households)s::text[] is null or a.household = any (%(households)s::text[]);

-- promised_sales --
-- The chosen lots of submitted and open sells, and how much of each order was already filled. One that waits to take
-- another's place keeps none of its own: that one still does.
select l.proposal, l.account, l.lots, l.filled from gatehouse.leg l
join gatehouse.proposal p on p.proposal = l.proposal
where l.side = 'sell' and not l.ended and l.reserved > 0 and p.status in ('SUBMITTED', 'APPROVED', 'RELEASED')
  and (%(households)s::text[] is null or p.household = any (%(households)s::text[]));

-- stands_for --
-- What harvests bought in place of what they sold at a loss, within thirty days: a buy names its sale.
select b.account, b.symbol, s.symbol as original, p.session
from gatehouse.market_day m
join gatehouse.proposal p on p.kind = 'harvest' and p.session >= m.session - 30
join gatehouse.leg b on b.proposal = p.proposal and b.side = 'buy' and b.filled > 0
join gatehouse.leg s on s.proposal = p.proposal and s.leg = any (b.funded_by) and s.filled > 0
where %(households)s::text[] is null or p.household = any (%(households)s::text[])
order by p.session, b.proposal, b.leg;

-- promised_cash --
-- What one proposal itself has reserved, so that its own release does not count it against itself.
select account, sum(reserved) as reserved from gatehouse.leg
where proposal = %(proposal)s and side = 'buy' group by account;

-- replaced --
-- The live order whose place that proposal's takes, or that is named: none once it has ended.
select l.order_id, l.account, l.advisor, l.symbol, l.side, l.released_quantity - l.filled as left, l.filled, l.lots,
       case l.side when 'buy' then l.reserved else 0 end as cash, greatest(0, l.counted - abs(l.proceeds)) as counted,
       abs(l.proceeds) as brought
from gatehouse.leg l
where l.released_seq is not null and not l.ended
  and l.order_id = coalesce(%(order)s::text, (select r.order_id from gatehouse.replacing r where r.proposal = %(without)s::text));

-- quotes --
select symbol, max(bid) as bid, min(ask) as ask, session, max(taken_at) as taken_at, bool_and(synthetic) as synthetic,
       array_agg(venue) as venues
from gatehouse.quote where session = (select m.session from gatehouse.market_day m) group by symbol, session;

-- market_stamps --
-- What differs where a row of `firm_reference`, or of the day's quotes, does.
select (select md5(string_agg(concat_ws(' ', r.kind, r.id, r.state), ',' order by r.kind, r.id)) from gatehouse.reference r
        where r.kind in ('instrument', 'custodian', 'model', 'restriction')) as firm_reference,
       (select md5(string_agg(q::text, ',' order by q.symbol, q.venue)) from gatehouse.quote q
        where q.session = (select m.session from gatehouse.market_day m)) as quotes;

-- proposals --
select p.proposal, p.household, p.advisor, p.kind, p.status, p.request, p.digest, p.content, p.preview, p.findings,
       p.tier, p.needs_consent, p.drafted_by, p.agent, p.thread, p.trace, p.session, p.submitted_by, p.denied_at,
       p.differences, p.closing, p.leg_comments, p.drafted_at, p.last_seq, p.solicited, p.rationale, p.corrects, p.cause,
       p.needs_consent and gatehouse.consented(p.proposal) as consented,
       (select w.standing from gatehouse.standing_draw w
        where w.proposal = p.proposal and w.digest = p.digest and w.voided_seq is null) as drawn_on,
       case when p.status = 'SUBMITTED' then gatehouse.escalation_waits_since(p.proposal) end as waits_since,
       (select r.proposal from gatehouse.remainder r where r.draft = p.proposal) as remainder_of,
       array(select distinct unnest(x.people) from gatehouse.escalation x
             where x.proposal = p.proposal and p.status = 'SUBMITTED' order by 1) as escalated_to
from gatehouse.proposal p
where (%(proposals)s::text[] is null or p.proposal = any (%(proposals)s::text[]))
order by p.drafted_seq desc limit 500;

-- decisions --
select proposal, kind, person, digest, reasons from gatehouse.decision
where proposal = any (%(proposals)s::text[]) order by seq;

-- approvals --
select proposal, person, role, stepped_up, decided_at, counts from gatehouse.approvals_of(%(proposals)s::text[]);

-- lineage --
-- What a proposal replaces and what replaces it, and why whoever asks cannot approve it: the code, or null.
select l.supersedes, l.successor, gatehouse.my_bar(%(proposal)s) as bar, w.role
from gatehouse.lineage(%(proposal)s) l, gatehouse.person w where w.person = gatehouse.asker_person();

-- consents --
-- The accounts that need a client's consent, with the first of their owners who gave it to what the proposal holds.
select distinct on (l.proposal, a.account) l.proposal, a.account, a.owners, d.client, d.person, d.decided_at
from gatehouse.leg l
join gatehouse.proposal p on p.proposal = l.proposal
join gatehouse.account a on a.account = l.account
left join gatehouse.decision d on d.proposal = l.proposal and d.kind = 'consent' and d.digest = p.digest
                              and d.client = any (a.owners)
where l.proposal = any (%(proposals)s::text[]) and not a.discretionary
order by l.proposal, a.account, d.seq;

-- legs --
select l.proposal, l.leg, l.order_id, l.account, l.symbol, l.side, l.quantity, l.limit_price, l.released_seq,
       l.released_quantity, l.filled, l.ended, o.status, o.state
from gatehouse.leg l left join gatehouse.order_state o on o.order_id = l.order_id
where l.proposal = any (%(proposals)s::text[]) order by l.proposal, l.leg;

-- follower --
select coalesce((select as_of_seq from gatehouse.follower where name = 'book'), 0) as as_of_seq;

-- follow --
insert into gatehouse.follower values ('book', %(seq)s)
on conflict (name) do update set as_of_seq = excluded.as_of_seq;

-- put_reference --
insert into gatehouse.reference (kind, id, advisor, household, account, state, as_of_seq)
select r.kind, r.id, r.advisor, r.household, r.account, r.state, %(seq)s
from jsonb_to_recordset(%(rows)s) as r (kind text, id text, advisor text, household text, account text, state jsonb)
on conflict (kind, id) do update set advisor = excluded.advisor, household = excluded.household,
    account = excluded.account, state = excluded.state, as_of_seq = excluded.as_of_seq;

-- drop_lots --
-- All of some accounts, and those by name of others.
delete from gatehouse.lot where account = any (%(accounts)s::text[]) or lot = any (%(lots)s::text[]);

-- put_lot --
insert into gatehouse.lot (lot, account, advisor, symbol, quantity, cost_per_share, acquired_on, as_of_seq)
select r.lot, r.account, r.advisor, r.symbol, r.quantity, r.cost_per_share, r.acquired_on, %(seq)s
from jsonb_to_recordset(%(rows)s) as r (lot text, account text, advisor text, symbol text, quantity numeric, cost_per_share numeric,
    acquired_on date);

-- drop_positions --
delete from gatehouse.position where account = any (%(accounts)s::text[]);

-- put_position --
insert into gatehouse.position (account, symbol, advisor, quantity, as_of_seq)
select r.account, r.symbol, r.advisor, r.quantity, %(seq)s
from jsonb_to_recordset(%(rows)s) as r (account text, symbol text, advisor text, quantity numeric);

-- put_cash --
insert into gatehouse.cash (account, advisor, settled, unsettled, held, as_of_seq)
select r.account, r.advisor, r.settled, r.unsettled, r.held, %(seq)s
from jsonb_to_recordset(%(rows)s) as r (account text, advisor text, settled numeric, unsettled numeric, held numeric)
on conflict (account) do update set settled = excluded.settled, unsettled = excluded.unsettled,
    held = excluded.held, as_of_seq = excluded.as_of_seq;

-- put_order --
insert into gatehouse.order_state (order_id, proposal, leg, account, advisor, status, state, as_of_seq)
select r.order_id, r.proposal, r.leg, r.account, r.advisor, r.status, r.state, %(seq)s
from jsonb_to_recordset(%(rows)s) as r (order_id text, proposal text, leg int, account text, advisor text, status text, state jsonb)
on conflict (order_id) do update set status = excluded.status, state = excluded.state, as_of_seq = excluded.as_of_seq;

-- put_quote --
insert into gatehouse.quote (symbol, venue, bid, ask, session, taken_at, synthetic)
values (%(symbol)s, %(venue)s, %(bid)s, %(ask)s, %(session)s, %(taken_at)s, %(synthetic)s)
on conflict (symbol, venue) do update set bid = excluded.bid, ask = excluded.ask, session = excluded.session,
    taken_at = excluded.taken_at, synthetic = excluded.synthetic;

-- drop_quotes_of_others --
delete from gatehouse.quote where not venue = any (%(venues)s::text[]);

-- journal_end --
select seq from gatehouse.head;

-- texts_between --
-- One stretch of the journal, the kinds that fold. Whoever asks for nothing beyond the head misses nothing.
-- In one row: a driver takes a list of texts in half the time of as many rows.
select coalesce(array_agg(seq), '{}') as seqs, coalesce(array_agg(text), '{}') as texts
from (select seq, text from gatehouse.journal
      where seq > %(after)s and seq <= %(upto)s and event_type = any (%(kinds)s::text[]) order by seq) stretch;

-- snapshots --
-- Newest first. One of another journal, or beyond this one's end, is not on this journal.
select s.seq, s.form, s.text_digest, s.bytes,
       exists (select from gatehouse.journal j where j.seq = s.seq and j.digest = s.journal_digest) as on_this_journal
from gatehouse.snapshot s where s.seq <= %(upto)s order by s.seq desc;

-- snapshot_part --
-- One at a time: a whole one of a long journal would not come within a statement's time.
select body from gatehouse.snapshot_part where seq = %(seq)s and part = %(part)s;

-- put_snapshot --
insert into gatehouse.snapshot (seq, form, journal_digest, text_digest, bytes)
select j.seq, %(form)s, j.digest, %(text_digest)s, %(bytes)s from gatehouse.journal j where j.seq = %(seq)s;

-- put_snapshot_part --
insert into gatehouse.snapshot_part (seq, part, body) values (%(seq)s, %(part)s, %(body)s);

-- drop_snapshots --
delete from gatehouse.snapshot where seq = any (%(seqs)s::bigint[]);

-- all_reference --
select kind, id, advisor, household, account, state from gatehouse.reference order by kind, id;

-- all_lot --
select lot, account, advisor, symbol, quantity, cost_per_share, acquired_on from gatehouse.lot order by lot;

-- all_position --
select account, symbol, advisor, quantity from gatehouse.position order by account, symbol;

-- all_cash --
select account, advisor, settled, unsettled, held from gatehouse.cash order by account;

-- all_order_state --
select order_id, proposal, leg, account, advisor, status, state from gatehouse.order_state order by order_id;

-- all_holding --
-- What is held no more leaves an empty row.
select account, symbol, held from gatehouse.holding where held <> 0 order by account, symbol;

-- all_lot_holding --
select account, lot, symbol, held, reserved from gatehouse.lot_holding where held <> 0 or reserved <> 0 order by account, lot;

-- all_day_use --
-- A row of an earlier day counts as nothing.
select scope, named, dollars from gatehouse.day_use
where session = (select session from gatehouse.market_day) order by scope, named;

-- all_leg --
select order_id, proposal, leg, released_seq, released_quantity, filled, proceeds, ended from gatehouse.leg order by order_id;

-- all_trade --
select order_id, trade_date, status, quantity, net, settled, changes, told, passed_to from gatehouse.trade
order by order_id, trade_date;

-- all_block --
select order_id, quantity, sent, filled, taken_back, ended from gatehouse.block order by order_id;

-- all_block_share --
select block_order, trade_date, order_id, quantity, dollars, fee from gatehouse.block_share
order by block_order, trade_date, order_id;

-- all_proposal --
select proposal, status, digest from gatehouse.proposal order by proposal;

-- empty_reference --
delete from gatehouse.reference;

-- empty_lot --
delete from gatehouse.lot;

-- empty_position --
delete from gatehouse.position;

-- empty_cash --
delete from gatehouse.cash;

-- empty_order_state --
delete from gatehouse.order_state;

-- empty_snapshot --
delete from gatehouse.snapshot;

-- empty_follower --
delete from gatehouse.follower where name = 'book';

-- put_venue_state --
insert into gatehouse.venue_state (venue, worker, told, told_at)
values (%(venue)s, %(worker)s, %(told)s, clock_timestamp())
on conflict (venue, worker) do update set told = excluded.told, told_at = excluded.told_at;

-- drop_old_venue_states --
delete from gatehouse.venue_state where told_at < clock_timestamp() - interval '1 hour';

-- venue_states --
-- What workers told lately, and how long ago. One that has been silent for longer is not at work.
select venue, worker, told, (extract(epoch from clock_timestamp() - told_at) * 1000)::int as age_ms
from gatehouse.venue_state where told_at > clock_timestamp() - interval '30 seconds' order by venue, worker;
