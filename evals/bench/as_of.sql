-- advisors --
insert into gatehouse.person
select distinct text::jsonb->'payload'->>'advisor', text::jsonb->'payload'->>'advisor', 'advisor', null, '{}'::text[], 1
from gatehouse.journal where event_type = 'HouseholdOpened';

-- households --
insert into gatehouse.household
select text::jsonb->'payload'->>'household', text::jsonb->'payload'->>'advisor', false
from gatehouse.journal where event_type = 'HouseholdOpened';

-- accounts --
insert into gatehouse.account
select p->>'account', p->>'household', p->>'advisor', '{}', p->>'kind', p->>'capacity', true, p->>'custodian', p->>'status'
from (select text::jsonb->'payload' as p from gatehouse.journal where event_type = 'AccountOpened') opened;

-- proposals --
insert into gatehouse.proposal (proposal, household, advisor, kind, request, trace, drafted_by, drafted_at, drafted_seq,
                                status, session, last_seq)
select p->>'proposal', h.household, h.advisor, p->'request'->>'kind', p->'request', drafted.trace_id, h.advisor,
       drafted.recorded_at, drafted.seq, 'RELEASED', drafted.recorded_at::date, drafted.seq
from (select seq, recorded_at, trace_id, text::jsonb->'payload' as p
      from gatehouse.journal where event_type = 'ProposalDrafted') drafted
join gatehouse.household h on h.household = p->'request'->>'household';

-- legs --
insert into gatehouse.leg (proposal, leg, order_id, advisor, account, symbol, side, quantity, order_type, time_in_force,
                           lots, reference_price, band_low, band_high, funded_by, may_release_less)
select c->>'proposal', (l->>'leg')::int, l->>'order', c->>'advisor', l->>'account', l->>'symbol', l->>'side',
       (l->>'quantity')::numeric, l->>'order_type', l->>'time_in_force', l->'lots', (l->>'reference_price')::numeric,
       (l->>'band_low')::numeric, (l->>'band_high')::numeric, '{}', (l->>'may_release_less')::boolean
from (select (text::jsonb->'payload'->>'content')::jsonb as c
      from gatehouse.journal where event_type = 'ProposalAssessed') assessed, jsonb_array_elements(c->'legs') l;

-- analyze --
analyze gatehouse.proposal, gatehouse.leg, gatehouse.account, gatehouse.household;

-- analyze_index --
analyze gatehouse.account_index;

-- session --
insert into gatehouse.session (session, ticket_hash, person, opened_at, expires_at)
values (gen_random_uuid(), %(ticket_hash)s, %(person)s, clock_timestamp(), clock_timestamp() + interval '1 day');

-- chosen --
-- Accounts that are asked for, spread over the book of one advisor.
select account from gatehouse.account where advisor = %(person)s order by md5(account) limit %(n)s;

-- moments --
select (select recorded_at from gatehouse.journal where seq = %(seq)s) as known_at,
       (select max(market_at) from gatehouse.account_index where about = 'market') as true_at;
