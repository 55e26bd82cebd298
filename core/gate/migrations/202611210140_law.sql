-- The law: what the append admits, one function per event. Each answers null, or the code of the refusal,
-- and checks everything before it changes anything. `core/ledger/refusals.py` says the codes in words.

-- Founding -----------------------------------------------------------------------------------------------

create function gatehouse.law_person_engaged(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
    insert into gatehouse.person values (
        e.payload->>'person', e.payload->>'login', e.payload->>'role', e.payload->>'reports_to',
        array(select jsonb_array_elements_text(e.payload->'related_households')), e.seq);
    update gatehouse.household h set related = true where e.payload->'related_households' ? h.household;
    return null;
end $$;

create function gatehouse.law_registration_recorded(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
    insert into gatehouse.registration values (
        e.payload->>'person', e.payload->>'registration',
        (e.payload->>'valid_from')::date, (e.payload->>'valid_until')::date);
    return null;
end $$;

create function gatehouse.law_household_opened(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
    insert into gatehouse.household values (e.payload->>'household', e.payload->>'advisor', exists (
        select from gatehouse.person p where e.payload->>'household' = any (p.related_households)));
    return null;
end $$;

create function gatehouse.law_account_opened(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
    insert into gatehouse.account values (
        e.payload->>'account', e.payload->>'household', e.payload->>'advisor',
        array(select jsonb_array_elements_text(e.payload->'owners')),
        e.payload->>'kind', e.payload->>'capacity', (e.payload->>'discretionary')::boolean,
        e.payload->>'custodian', e.payload->>'status');
    return null;
end $$;

create function gatehouse.hold(of_account text, of_symbol text, change numeric) returns void language sql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
    insert into gatehouse.holding (account, symbol, held) values (of_account, of_symbol, change)
    on conflict (account, symbol) do update set held = holding.held + excluded.held
$$;

create function gatehouse.law_lot_received(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
    perform gatehouse.hold(e.payload->>'account', e.payload->>'symbol', (e.payload->>'quantity')::numeric);
    return null;
end $$;

create function gatehouse.law_cash_deposited(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
    -- Money that is not good yet is nobody's to spend: it is not held here until a later fact says so.
    if e.payload->>'held_until' is null then
        perform gatehouse.hold(e.payload->>'account', 'cash', (e.payload->>'amount')::numeric);
    end if;
    return null;
end $$;

-- The business day ---------------------------------------------------------------------------------------

create function gatehouse.law_day_requested(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    day gatehouse.market_day;
    asked text := case e.event_type when 'BusinessDayCloseRequested' then 'close' else 'open' end;
begin
    select * into day from gatehouse.market_day;
    if (select role from gatehouse.person where person = e.person) <> 'operations' then
        return 'not_operations';
    end if;
    if day.requested is not null then
        return 'already_requested';
    end if;
    if (asked = 'close') <> (day.state = 'open') then
        return 'wrong_state_of_day';
    end if;
    if asked = 'close' and (e.payload->>'session')::date <> day.session
       or asked = 'open' and (e.payload->>'session')::date <= day.session then
        return 'wrong_session';
    end if;
    update gatehouse.market_day set requested = asked, requested_session = (e.payload->>'session')::date;
    return null;
end $$;

create function gatehouse.law_day_closed(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    day gatehouse.market_day;
begin
    select * into day from gatehouse.market_day;
    if day.requested is distinct from 'close' or (e.payload->>'session')::date <> day.requested_session then
        return 'not_requested';
    end if;
    update gatehouse.market_day set state = 'closed', at = (e.payload->>'at')::timestamptz,
        requested = null, requested_session = null;
    return null;
end $$;

create function gatehouse.law_day_opened(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    day gatehouse.market_day;
begin
    select * into day from gatehouse.market_day;
    if day.session is null and e.role = 'gh_owner' then  -- the founding: the firm's first day
        insert into gatehouse.market_day (session, at, state)
            values ((e.payload->>'session')::date, (e.payload->>'at')::timestamptz, 'open');
        return null;
    end if;
    if day.requested is distinct from 'open' or (e.payload->>'session')::date <> day.requested_session then
        return 'not_requested';
    end if;
    update gatehouse.market_day set session = (e.payload->>'session')::date, state = 'open',
        at = (e.payload->>'at')::timestamptz, requested = null, requested_session = null;
    return null;
end $$;

-- Threads ------------------------------------------------------------------------------------------------

create function gatehouse.law_thread_opened(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
    if e.stream <> 'thread/' || (e.payload->>'thread') then
        return 'wrong_stream';
    end if;
    if e.payload->>'household' is not null and not exists (
        select from gatehouse.household h
        where h.household = e.payload->>'household' and h.advisor = e.person) then
        return 'outside_book';
    end if;
    insert into gatehouse.thread values (
        e.payload->>'thread', e.person, e.payload->>'household', e.trace_id, e.recorded_at);
    return null;
end $$;

-- What is said in a thread is said by its owner, and by the copilot with that thread's ticket.
create function gatehouse.law_in_thread(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
    if e.stream <> 'thread/' || (e.payload->>'thread')
       or e.thread is not null and e.thread <> e.payload->>'thread'
       or not exists (select from gatehouse.thread t
                      where t.thread = e.payload->>'thread' and t.person = e.person) then
        return 'not_your_thread';
    end if;
    return null;
end $$;

-- Proposals ----------------------------------------------------------------------------------------------

-- A draft may come from code that a model steers: its form is checked here to the last field, so that whoever
-- reads it later can read it. `core.orders.events.ProposalDrafted` is its twin.
create function gatehouse.draft_well_formed(payload jsonb) returns boolean
    language sql immutable set search_path = pg_catalog, pg_temp as $$
    select payload - '{proposal,request,provenance,thread,agent,supersedes}'::text[] = '{}'
       and payload ? 'proposal' and payload->>'proposal' ~ '^prp-[0-9a-f]{32}$'
       and jsonb_typeof(payload->'request') = 'object' and jsonb_typeof(payload->'provenance') = 'array'
       and coalesce(payload->>'thread', '') ~ '^[A-Za-z0-9-]{0,80}$'
       and coalesce(payload->>'agent', '') ~ '^[a-z-]{0,40}$'
       and coalesce(payload->>'supersedes', '') ~ '^[a-z0-9-]{0,80}$'
       and coalesce(bool_and(coalesce(jsonb_typeof(payload->name), 'null') in ('string', 'null')), true)
    from unnest('{thread,agent,supersedes}'::text[]) as texts (name)
$$;

create function gatehouse.request_well_formed(request jsonb) returns boolean
    language sql immutable set search_path = pg_catalog, pg_temp as $$
    select request - '{kind,household,accounts,symbol,side,quantity,order_type,limit_price}'::text[] = '{}'
       and request->>'kind' in ('rebalance', 'order')
       and coalesce(jsonb_typeof(request->'household'), '') = 'string'
       and coalesce(jsonb_typeof(request->'accounts'), 'array') = 'array'
       and not jsonb_path_exists(request, '$.accounts[*] ? (@.type() != "string")')
       and coalesce(request->>'symbol', 'A') ~ '^[A-Z0-9.]{1,24}$'
       and coalesce(request->>'side', 'buy') in ('buy', 'sell')
       and coalesce(request->>'order_type', 'market') in ('market', 'limit')
       and coalesce(request->>'quantity', '0') ~ '^[0-9]{1,12}(\.[0-9]{1,6})?$'
       and coalesce(request->>'limit_price', '0') ~ '^[0-9]{1,12}(\.[0-9]{1,6})?$'
       and bool_and(coalesce(jsonb_typeof(request->name), 'null') in ('string', 'null'))
    from unnest('{symbol,side,quantity,order_type,limit_price}'::text[]) as texts (name)
$$;

create function gatehouse.span_well_formed(span jsonb) returns boolean
    language sql immutable set search_path = pg_catalog, pg_temp as $$
    select jsonb_typeof(span) = 'object'
       and span - '{field,message,start,end}'::text[] = '{}' and span ?& '{field,message,start,end}'
       and jsonb_typeof(span->'field') = 'string' and jsonb_typeof(span->'message') = 'string'
       and span->>'start' ~ '^[0-9]{1,6}$' and span->>'end' ~ '^[1-9][0-9]{0,5}$'
       and jsonb_typeof(span->'start') = 'number' and jsonb_typeof(span->'end') = 'number'
$$;

create function gatehouse.law_proposal_drafted(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    asked jsonb := e.payload->'request';
    home gatehouse.household;
    earlier gatehouse.proposal;
    day gatehouse.market_day;
begin
    if e.stream <> 'proposal/' || (e.payload->>'proposal') or e.stream_version <> 1 then
        return 'wrong_stream';
    end if;
    if gatehouse.draft_well_formed(e.payload) is not true or gatehouse.request_well_formed(asked) is not true
       or exists (select from jsonb_array_elements(e.payload->'provenance') as p (span)
                  where gatehouse.span_well_formed(p.span) is not true) then
        return 'malformed_payload';
    end if;
    select * into home from gatehouse.household where household = asked->>'household';
    if home.household is null or home.advisor <> e.person then
        return 'outside_book';
    end if;
    if exists (select from jsonb_array_elements_text(asked->'accounts') as named (account)
               where not exists (select from gatehouse.account a
                                 where a.account = named.account and a.household = home.household)) then
        return 'outside_book';
    end if;
    if (e.role = 'gh_agent') <> (e.payload->>'agent' is not null)
       or e.role = 'gh_agent' and e.payload->>'thread' is distinct from e.thread then
        return 'wrong_author';
    end if;
    if e.role = 'gh_agent' and jsonb_array_length(e.payload->'provenance') = 0 then
        return 'no_provenance';
    end if;
    if e.payload->>'supersedes' is not null then
        select * into earlier from gatehouse.proposal where proposal = e.payload->>'supersedes';
        if earlier.advisor is distinct from e.person then
            return 'outside_book';
        end if;
    end if;
    select * into day from gatehouse.market_day;
    if day.state is distinct from 'open' then
        return 'day_closed';
    end if;
    if e.role = 'gh_agent' and 50 <= (
        select count(*) from gatehouse.proposal p
        where p.drafted_by = e.person and p.agent is not null and p.status in ('DRAFTED', 'ASSESSED')) then
        return 'too_many_drafts';
    end if;
    insert into gatehouse.proposal (proposal, household, advisor, kind, request, thread, trace, drafted_by, agent,
                                    drafted_at, drafted_seq, status, session, last_seq)
        values (e.payload->>'proposal', home.household, home.advisor, asked->>'kind', asked,
                e.payload->>'thread', e.trace_id, e.person, e.payload->>'agent',
                e.recorded_at, e.seq, 'DRAFTED', day.session, e.seq);
    if earlier.status in ('DRAFTED', 'ASSESSED') then
        perform gatehouse.end_proposal(earlier.proposal, 'SUPERSEDED', e);
    end if;
    return null;
end $$;

-- The worker's figures. The legs that the release check later compares are read from the digested text itself.
create function gatehouse.law_proposal_assessed(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    p gatehouse.proposal;
    content jsonb;
    total numeric;
    asks_consent boolean;
    related boolean;
begin
    select * into p from gatehouse.proposal where proposal = e.payload->>'proposal';
    if p.proposal is null or e.stream <> 'proposal/' || p.proposal then
        return 'wrong_stream';
    end if;
    if p.status <> 'DRAFTED' then
        return 'already_assessed';
    end if;
    if encode(sha256(convert_to(e.payload->>'content', 'UTF8')), 'hex') <> e.payload->>'digest' then
        return 'digest_mismatch';
    end if;
    content := (e.payload->>'content')::jsonb;
    if content->>'proposal' <> p.proposal or content->>'household' <> p.household
       or content->>'advisor' <> p.advisor or (content->>'valid_for')::date <> p.session
       or jsonb_array_length(content->'legs') = 0
       or exists (select from jsonb_array_elements(content->'legs') as l (leg)
                  where not exists (select from gatehouse.account a
                                    where a.account = l.leg->>'account' and a.household = p.household)) then
        return 'content_mismatch';
    end if;
    select sum((l.leg->>'quantity')::numeric * (l.leg->>'reference_price')::numeric), bool_or(not a.discretionary)
        into total, asks_consent
        from jsonb_array_elements(content->'legs') as l (leg)
        join gatehouse.account a on a.account = l.leg->>'account';
    select h.related into related from gatehouse.household h where h.household = p.household;
    if (e.payload->>'needs_consent')::boolean <> asks_consent or (content->>'needs_consent')::boolean <> asks_consent
       or content->>'tier' <> e.payload->>'tier'
       or (e.payload->>'tier')::int < (case when related or total > 1000000 then 3
                                           when total > 250000 or asks_consent then 2 else 1 end) then
        return 'tier_too_low';
    end if;
    insert into gatehouse.leg (proposal, leg, order_id, advisor, account, symbol, side, quantity, order_type,
                               limit_price, time_in_force, lots, reference_price, band_low, band_high,
                               funded_by, may_release_less)
        select p.proposal, (l.leg->>'leg')::int, l.leg->>'order', p.advisor, l.leg->>'account', l.leg->>'symbol',
               l.leg->>'side', (l.leg->>'quantity')::numeric, l.leg->>'order_type',
               (l.leg->>'limit_price')::numeric, l.leg->>'time_in_force', l.leg->'lots',
               (l.leg->>'reference_price')::numeric, (l.leg->>'band_low')::numeric, (l.leg->>'band_high')::numeric,
               array(select jsonb_array_elements_text(l.leg->'funded_by')::int),
               (l.leg->>'may_release_less')::boolean
        from jsonb_array_elements(content->'legs') as l (leg);
    update gatehouse.proposal set status = 'ASSESSED', digest = e.payload->>'digest', content = e.payload->>'content',
        preview = e.payload->>'preview', findings = e.payload->'findings', tier = (e.payload->>'tier')::int,
        needs_consent = asks_consent, last_seq = e.seq
        where proposal = p.proposal;
    return null;
end $$;

-- What every decision needs: the proposal in one of these states, today, and the digest that the person saw.
create function gatehouse.decision_fault(e gatehouse.incoming, p gatehouse.proposal, states text[]) returns text
    language plpgsql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    day gatehouse.market_day;
begin
    if p.proposal is null or e.stream <> 'proposal/' || p.proposal then
        return 'wrong_stream';
    end if;
    if p.status = 'DRAFTED' then
        return 'not_assessed';
    end if;
    if not p.status = any (states) then
        return 'already_decided';
    end if;
    if e.payload->>'digest' is distinct from p.digest then
        return 'digest_mismatch';
    end if;
    select * into day from gatehouse.market_day;
    if day.state <> 'open' or day.session <> p.session then
        return 'lapsed';
    end if;
    return null;
end $$;

-- Every soft finding has this person's written reason.
create function gatehouse.reasons_complete(findings jsonb, reasons jsonb) returns boolean
    language sql immutable set search_path = pg_catalog, pg_temp as $$
    select not exists (
        select from jsonb_array_elements(findings) as f (finding)
        where f.finding->>'result' = 'finding'
          and not exists (select from jsonb_array_elements(reasons) as r (reason)
                          where r.reason->>'policy' = f.finding->>'policy'))
$$;

create function gatehouse.law_proposal_submitted(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    p gatehouse.proposal;
    fault text;
begin
    select * into p from gatehouse.proposal where proposal = e.payload->>'proposal';
    if p.advisor is distinct from e.person then
        return 'not_the_advisor';
    end if;
    fault := gatehouse.decision_fault(e, p, '{ASSESSED}');
    if fault is not null then
        return fault;
    end if;
    if p.tier > 2 then
        return 'tier_not_offered';
    end if;
    if not gatehouse.reasons_complete(p.findings, e.payload->'reasons') then
        return 'reasons_missing';
    end if;
    return gatehouse.reserve(p.proposal, e);
end $$;

-- Shares that are sold, and dollars that the buys need beyond the sells of the same account at the worst
-- prices that the digest allows, are promised to this proposal: nobody else can use them meanwhile.
create function gatehouse.reserve(of_proposal text, e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    p gatehouse.proposal;
begin
    select * into p from gatehouse.proposal where proposal = of_proposal;
    if exists (
        select from (select account, symbol, sum(quantity) as asked from gatehouse.leg
                     where proposal = of_proposal and side = 'sell' group by account, symbol) as sale
        left join gatehouse.holding h using (account, symbol)
        where sale.asked > coalesce(h.held - h.reserved, 0)) then
        return 'shares_not_free';
    end if;
    if exists (
        select from gatehouse.cash_needed(of_proposal) as need
        left join gatehouse.holding h on h.account = need.account and h.symbol = 'cash'
        where need.dollars > coalesce(h.held - h.reserved, 0)) then
        return 'cash_not_free';
    end if;
    update gatehouse.leg set reserved = quantity where proposal = of_proposal and side = 'sell';
    update gatehouse.holding h set reserved = h.reserved + sale.asked
        from (select account, symbol, sum(quantity) as asked from gatehouse.leg
              where proposal = of_proposal and side = 'sell' group by account, symbol) as sale
        where h.account = sale.account and h.symbol = sale.symbol;
    -- The dollars hang on the account's first buy.
    update gatehouse.leg l set reserved = need.dollars
        from gatehouse.cash_needed(of_proposal) as need
        where l.proposal = of_proposal and l.account = need.account and l.side = 'buy'
          and l.leg = (select min(f.leg) from gatehouse.leg f
                       where f.proposal = of_proposal and f.account = need.account and f.side = 'buy');
    update gatehouse.holding h set reserved = h.reserved + need.dollars
        from gatehouse.cash_needed(of_proposal) as need
        where h.account = need.account and h.symbol = 'cash';
    insert into gatehouse.decision values (
        of_proposal, 'submission', e.person, p.advisor, p.digest, e.payload->'reasons', e.recorded_at, e.seq);
    update gatehouse.proposal set status = 'SUBMITTED', submitted_by = e.person, last_seq = e.seq
        where proposal = of_proposal;
    return null;
end $$;

create function gatehouse.cash_needed(of_proposal text) returns table (account text, dollars numeric)
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    -- At the worst prices and with the fees at their cap, as `core.orders.cost` has them (a ticket fee aside).
    select l.account, greatest(0, sum(case l.side
        when 'buy' then l.quantity * coalesce(l.limit_price, l.band_high) * 1.001 + l.quantity * 0.01
        else -l.quantity * coalesce(l.limit_price, l.band_low) * 0.999 + l.quantity * 0.01 end))
    from gatehouse.leg l where l.proposal = of_proposal and not l.ended
    group by l.account having bool_or(l.side = 'buy')
$$;

-- Gives back what one leg still holds.
create function gatehouse.give_back(of_proposal text, of_leg int) returns void language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
    update gatehouse.holding h set reserved = greatest(0, h.reserved - l.reserved)
        from gatehouse.leg l
        where l.proposal = of_proposal and l.leg = of_leg and h.account = l.account
          and h.symbol = case l.side when 'sell' then l.symbol else 'cash' end;
    update gatehouse.leg set reserved = 0 where proposal = of_proposal and leg = of_leg;
end $$;

create function gatehouse.end_proposal(of_proposal text, new_status text, e gatehouse.incoming) returns void
    language plpgsql set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
    perform gatehouse.give_back(l.proposal, l.leg) from gatehouse.leg l where l.proposal = of_proposal;
    update gatehouse.leg set ended = true where proposal = of_proposal;
    update gatehouse.proposal set status = new_status, last_seq = e.seq,
        closing = coalesce(e.payload->'reason', e.payload->'comment') where proposal = of_proposal;
end $$;

create function gatehouse.law_consent_recorded(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    p gatehouse.proposal;
    fault text;
begin
    select * into p from gatehouse.proposal where proposal = e.payload->>'proposal';
    fault := gatehouse.decision_fault(e, p, '{SUBMITTED,APPROVED}');
    if fault is not null then
        return fault;
    end if;
    if not p.needs_consent then
        return 'consent_not_needed';
    end if;
    if e.person <> p.advisor and (select role from gatehouse.person where person = e.person) <> 'operations' then
        return 'not_the_advisor';
    end if;
    -- Who approved it cannot be the one who says that the client agreed.
    if exists (select from gatehouse.decision d
               where d.proposal = p.proposal and d.kind = 'approval' and d.person = e.person) then
        return 'not_independent';
    end if;
    if exists (select from gatehouse.leg l join gatehouse.account a on a.account = l.account
               where l.proposal = p.proposal and not a.discretionary
                 and not (e.payload->>'client') = any (a.owners)) then
        return 'not_an_owner';
    end if;
    insert into gatehouse.decision values (
        p.proposal, 'consent', e.person, p.advisor, p.digest, '[]', e.recorded_at, e.seq);
    update gatehouse.proposal set last_seq = e.seq where proposal = p.proposal;
    return null;
end $$;

-- Independent means: did not draft, submit or record consent for it, is not its advisor, does not report to
-- the submitter, is not related, and holds the registration on that day. Source: FINRA Rule 3110(b)(6).
create function gatehouse.independence_fault(of_person text, p gatehouse.proposal) returns text
    language plpgsql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    who gatehouse.person;
begin
    select * into who from gatehouse.person where person = of_person;
    if of_person in (p.submitted_by, p.drafted_by, p.advisor) then
        return 'self_approval';
    end if;
    if who.role <> 'principal' then
        return 'not_a_principal';
    end if;
    if exists (select from gatehouse.decision d
               where d.proposal = p.proposal and d.kind = 'consent' and d.person = of_person) then
        return 'not_independent';
    end if;
    if who.reports_to = p.submitted_by or p.household = any (who.related_households) then
        return 'not_independent';
    end if;
    if not exists (select from gatehouse.registration r
                   where r.person = of_person and r.registration = 'S24' and r.valid_from <= p.session
                     and (r.valid_until is null or r.valid_until >= p.session)) then
        return 'not_registered';
    end if;
    return null;
end $$;

create function gatehouse.law_proposal_approved(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    p gatehouse.proposal;
    fault text;
begin
    select * into p from gatehouse.proposal where proposal = e.payload->>'proposal';
    if p.status = 'ASSESSED' then
        return case when e.person in (p.advisor, p.drafted_by) then 'self_approval' else 'not_submitted' end;
    end if;
    fault := gatehouse.decision_fault(e, p, '{SUBMITTED}');
    if fault is null then
        fault := gatehouse.independence_fault(e.person, p);
    end if;
    if fault is null and not gatehouse.reasons_complete(p.findings, e.payload->'reasons') then
        fault := 'reasons_missing';
    end if;
    if fault is not null then
        return fault;
    end if;
    insert into gatehouse.decision values (
        p.proposal, 'approval', e.person, p.advisor, p.digest, e.payload->'reasons', e.recorded_at, e.seq);
    update gatehouse.proposal set status = 'APPROVED', last_seq = e.seq where proposal = p.proposal;
    return null;
end $$;

create function gatehouse.law_proposal_turned_down(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    p gatehouse.proposal;
    fault text;
begin
    select * into p from gatehouse.proposal where proposal = e.payload->>'proposal';
    fault := gatehouse.decision_fault(e, p, '{SUBMITTED,APPROVED}');
    if fault is not null then
        return fault;
    end if;
    if (select role from gatehouse.person where person = e.person) not in ('principal', 'compliance') then
        return 'not_a_principal';
    end if;
    perform gatehouse.end_proposal(p.proposal,
        case e.event_type when 'ProposalReturned' then 'RETURNED' else 'DECLINED' end, e);
    return null;
end $$;

create function gatehouse.law_proposal_withdrawn(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    p gatehouse.proposal;
begin
    select * into p from gatehouse.proposal where proposal = e.payload->>'proposal';
    if p.proposal is null or e.stream <> 'proposal/' || p.proposal then
        return 'wrong_stream';
    end if;
    if p.advisor <> e.person then
        return 'not_the_advisor';
    end if;
    if p.status not in ('DRAFTED', 'ASSESSED', 'SUBMITTED', 'APPROVED') then
        return 'already_decided';
    end if;
    perform gatehouse.end_proposal(p.proposal, 'WITHDRAWN', e);
    return null;
end $$;

create function gatehouse.law_proposal_lapsed(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    p gatehouse.proposal;
    day gatehouse.market_day;
begin
    select * into p from gatehouse.proposal where proposal = e.payload->>'proposal';
    select * into day from gatehouse.market_day;
    if p.proposal is null or e.stream <> 'proposal/' || p.proposal then
        return 'wrong_stream';
    end if;
    if p.status not in ('DRAFTED', 'ASSESSED', 'SUBMITTED', 'APPROVED') then
        return 'already_decided';
    end if;
    if day.session < p.session or day.session = p.session and day.state = 'open' then
        return 'not_yet';
    end if;
    perform gatehouse.end_proposal(p.proposal, 'LAPSED', e);
    return null;
end $$;

create function gatehouse.law_proposal_denied(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    p gatehouse.proposal;
begin
    select * into p from gatehouse.proposal where proposal = e.payload->>'proposal';
    if p.proposal is null or e.stream <> 'proposal/' || p.proposal then
        return 'wrong_stream';
    end if;
    if p.status <> (case e.payload->>'at' when 'draft' then 'DRAFTED' else 'APPROVED' end) then
        return 'already_decided';
    end if;
    perform gatehouse.end_proposal(p.proposal, 'DENIED', e);
    update gatehouse.proposal set denied_at = e.payload->>'at', differences = e.payload->'differences',
        findings = e.payload->'findings' where proposal = p.proposal;
    return null;
end $$;

-- Release ------------------------------------------------------------------------------------------------

-- The release check: null only where a submission, the client's consent where an account needs it, and an
-- independent approval exist, unexpired and unconsumed, all of the digest of the text that these legs came from.
create function gatehouse.release_refusal(e gatehouse.incoming) returns text language plpgsql
    stable set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    p gatehouse.proposal;
    l gatehouse.leg;
    day gatehouse.market_day;
    approvers int;
begin
    select * into p from gatehouse.proposal where proposal = e.payload->>'proposal';
    select * into l from gatehouse.leg
        where proposal = e.payload->>'proposal' and leg = (e.payload->>'leg')::int;
    if l.order_id is null or l.order_id <> e.payload->>'order' or e.stream <> 'order/' || l.order_id then
        return 'no_such_leg';
    end if;
    if l.released_seq is not null then
        return 'already_released';
    end if;
    if p.status not in ('APPROVED', 'RELEASED') or l.ended then
        return 'not_approved';
    end if;
    if encode(sha256(convert_to(p.content, 'UTF8')), 'hex') <> p.digest or e.payload->>'digest' <> p.digest then
        return 'digest_mismatch';
    end if;
    if not exists (select from gatehouse.decision d where d.proposal = p.proposal and d.kind = 'submission'
                   and d.digest = p.digest and d.person = p.advisor) then
        return 'submission_missing';
    end if;
    select count(distinct d.person) into approvers from gatehouse.decision d
        where d.proposal = p.proposal and d.kind = 'approval' and d.digest = p.digest
          and gatehouse.independence_fault(d.person, p) is null;
    if p.tier > 2 or approvers < 1 then
        return 'approval_missing';
    end if;
    if (p.needs_consent or exists (select from gatehouse.account a where a.account = l.account and not a.discretionary))
       and not exists (select from gatehouse.decision d where d.proposal = p.proposal and d.kind = 'consent'
                       and d.digest = p.digest) then
        return 'consent_missing';
    end if;
    select * into day from gatehouse.market_day;
    if day.state <> 'open' or day.session <> p.session then
        return 'lapsed';
    end if;
    if (e.payload->>'account', e.payload->>'symbol', e.payload->>'side', e.payload->>'order_type',
        e.payload->>'time_in_force') is distinct from (l.account, l.symbol, l.side, l.order_type, l.time_in_force)
       or (e.payload->>'limit_price')::numeric is distinct from l.limit_price then
        return 'leg_mismatch';
    end if;
    return gatehouse.quantity_fault(l, (e.payload->>'quantity')::numeric);
end $$;

-- A buy waits until the sells that fund it have ended. Where they brought less than the digest's limit prices
-- promised, it may carry fewer shares if the digest says so: at most what the shortfall leaves, never more.
create function gatehouse.quantity_fault(l gatehouse.leg, asked numeric) returns text language plpgsql
    stable set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    most numeric := gatehouse.releasable(l);
begin
    if most is null then
        return 'funding_open';
    end if;
    if asked is null or asked <= 0 or asked > most or (asked <> l.quantity and not l.may_release_less) then
        return 'quantity_mismatch';
    end if;
    return null;
end $$;

-- The most shares that this leg may carry now; null while a sell that funds it is still open.
create function gatehouse.releasable(l gatehouse.leg) returns numeric language plpgsql
    stable set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    shortfall numeric;
    buys numeric;
begin
    if l.side = 'sell' or cardinality(l.funded_by) = 0 then
        return l.quantity;
    end if;
    if exists (select from gatehouse.leg s
               where s.proposal = l.proposal and s.leg = any (l.funded_by) and not s.ended) then
        return null;
    end if;
    select greatest(0, sum(s.quantity * coalesce(s.limit_price, s.band_low) - s.proceeds)) into shortfall
        from gatehouse.leg s where s.proposal = l.proposal and s.leg = any (l.funded_by);
    if shortfall = 0 then
        return l.quantity;
    end if;
    -- Each buy of the account bears its share of what is missing.
    select sum(b.quantity * coalesce(b.limit_price, b.band_high)) into buys
        from gatehouse.leg b where b.proposal = l.proposal and b.account = l.account and b.side = 'buy';
    return greatest(0, floor(l.quantity * (1 - shortfall / buys)));
end $$;

create function gatehouse.law_order_released(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    refusal text := gatehouse.release_refusal(e);
begin
    if refusal is not null then
        return refusal;
    end if;
    update gatehouse.leg set released_seq = e.seq, released_quantity = (e.payload->>'quantity')::numeric
        where order_id = e.payload->>'order';
    update gatehouse.proposal set status = 'RELEASED', last_seq = e.seq where proposal = e.payload->>'proposal';
    return null;
end $$;

create function gatehouse.law_order_denied(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    l gatehouse.leg;
begin
    select * into l from gatehouse.leg where order_id = e.payload->>'order';
    if l.order_id is null or e.stream <> 'order/' || l.order_id then
        return 'wrong_stream';
    end if;
    if (select status from gatehouse.proposal p where p.proposal = l.proposal) not in ('APPROVED', 'RELEASED') then
        return 'not_approved';
    end if;
    if l.released_seq is not null or l.ended then
        return 'already_released';
    end if;
    perform gatehouse.give_back(l.proposal, l.leg);
    update gatehouse.leg set ended = true where order_id = l.order_id;
    update gatehouse.proposal set last_seq = e.seq where proposal = l.proposal;
    return null;
end $$;

-- Nothing is routed, sent or filled that was not released.
create function gatehouse.law_after_release(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    l gatehouse.leg;
begin
    select * into l from gatehouse.leg where order_id = e.payload->>'order';
    if l.order_id is null or e.stream <> 'order/' || l.order_id then
        return 'wrong_stream';
    end if;
    if l.released_seq is null then
        return 'not_released';
    end if;
    if e.event_type in ('OrderRejected', 'OrderCancelled', 'OrderExpired') then
        perform gatehouse.give_back(l.proposal, l.leg);
        update gatehouse.leg set ended = true where order_id = l.order_id;
    end if;
    update gatehouse.proposal set last_seq = e.seq where proposal = l.proposal;
    return null;
end $$;

-- Half to even, as `core.money.to_cents`.
create function gatehouse.to_cents(amount numeric) returns numeric
    language sql immutable set search_path = pg_catalog, pg_temp as $$
    select case when abs(amount * 100 - trunc(amount * 100)) = 0.5
                then 2 * round(amount * 100 / 2) / 100 else round(amount, 2) end
$$;

create function gatehouse.law_order_filled(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    l gatehouse.leg;
    shares numeric := (e.payload->>'quantity')::numeric;
    gross numeric := gatehouse.to_cents(shares * (e.payload->>'price')::numeric);
    fee numeric := (e.payload->>'fee')::numeric;
    dollars numeric;
begin
    select * into l from gatehouse.leg where order_id = e.payload->>'order';
    if l.order_id is null or e.stream <> 'order/' || l.order_id then
        return 'wrong_stream';
    end if;
    if l.released_seq is null then
        return 'not_released';
    end if;
    if (e.payload->>'account', e.payload->>'symbol', e.payload->>'side') is distinct from (l.account, l.symbol, l.side) then
        return 'leg_mismatch';
    end if;
    dollars := case l.side when 'sell' then gross - fee else -gross - fee end;
    perform gatehouse.hold(l.account, l.symbol, case l.side when 'sell' then -shares else shares end);
    perform gatehouse.hold(l.account, 'cash', dollars);
    update gatehouse.holding h set reserved = greatest(0, h.reserved - least(
            case l.side when 'sell' then shares else -dollars end, l.reserved))
        where h.account = l.account and h.symbol = case l.side when 'sell' then l.symbol else 'cash' end;
    update gatehouse.leg set filled = filled + shares, proceeds = proceeds + dollars,
        reserved = greatest(0, reserved - case side when 'sell' then shares else -dollars end)
        where order_id = l.order_id;
    if l.filled + shares >= l.released_quantity then
        perform gatehouse.give_back(l.proposal, l.leg);
        update gatehouse.leg set ended = true where order_id = l.order_id;
    end if;
    update gatehouse.proposal set last_seq = e.seq where proposal = l.proposal;
    return null;
end $$;

-- Who may write what -------------------------------------------------------------------------------------

insert into gatehouse.event_kind (event_type, stream_prefix, law) values
    ('FirmFounded', 'firm', null),
    ('PersonEngaged', 'person/', 'law_person_engaged'),
    ('RegistrationRecorded', 'person/', 'law_registration_recorded'),
    ('PasswordReset', 'person/', null),
    ('InstrumentListed', 'instrument/', null),
    ('CustodianAppointed', 'custodian/', null),
    ('ModelPublished', 'model/', null),
    ('HouseholdOpened', 'household/', 'law_household_opened'),
    ('AccountOpened', 'account/', 'law_account_opened'),
    ('IpsAdopted', 'account/', null),
    ('RiskProfileRecorded', 'household/', null),
    ('RestrictionPlaced', 'restricted/', null),
    ('DoNotTradePlaced', 'account/', null),
    ('LotReceived', 'account/', 'law_lot_received'),
    ('CashDeposited', 'account/', 'law_cash_deposited'),
    ('WithdrawalScheduled', 'account/', null),
    ('FeeScheduled', 'account/', null),
    ('BusinessDayOpened', 'market', 'law_day_opened'),
    ('BusinessDayClosed', 'market', 'law_day_closed'),
    ('BusinessDayOpenRequested', 'market', 'law_day_requested'),
    ('BusinessDayCloseRequested', 'market', 'law_day_requested'),
    ('SessionOpened', 'person/', null),
    ('ThreadOpened', 'thread/', 'law_thread_opened'),
    ('MessageReceived', 'thread/', 'law_in_thread'),
    ('AnswerGiven', 'thread/', 'law_in_thread'),
    ('ToolCalled', 'thread/', 'law_in_thread'),
    ('StepTaken', 'thread/', 'law_in_thread'),
    ('DocumentStored', 'library/', null),
    ('ProposalDrafted', 'proposal/', 'law_proposal_drafted'),
    ('ProposalAssessed', 'proposal/', 'law_proposal_assessed'),
    ('ProposalDenied', 'proposal/', 'law_proposal_denied'),
    ('ProposalSubmitted', 'proposal/', 'law_proposal_submitted'),
    ('ConsentRecorded', 'proposal/', 'law_consent_recorded'),
    ('ProposalApproved', 'proposal/', 'law_proposal_approved'),
    ('ProposalReturned', 'proposal/', 'law_proposal_turned_down'),
    ('ProposalDeclined', 'proposal/', 'law_proposal_turned_down'),
    ('ProposalWithdrawn', 'proposal/', 'law_proposal_withdrawn'),
    ('ProposalLapsed', 'proposal/', 'law_proposal_lapsed'),
    ('OrderReleased', 'order/', 'law_order_released'),
    ('OrderDenied', 'order/', 'law_order_denied'),
    ('OrderRouted', 'order/', 'law_after_release'),
    ('OrderSent', 'order/', 'law_after_release'),
    ('OrderAccepted', 'order/', 'law_after_release'),
    ('OrderRejected', 'order/', 'law_after_release'),
    ('OrderDoubted', 'order/', 'law_after_release'),
    ('OrderFilled', 'order/', 'law_order_filled'),
    ('OrderCancelled', 'order/', 'law_after_release'),
    ('OrderExpired', 'order/', 'law_after_release'),
    ('TradeAllocated', 'trade/', null),
    ('TradeConfirmed', 'trade/', null),
    ('TradeSettled', 'trade/', null);

insert into gatehouse.event_right (event_type, role)
    select event_type, 'gh_owner' from unnest(array[
        'FirmFounded', 'PersonEngaged', 'RegistrationRecorded', 'PasswordReset', 'InstrumentListed',
        'CustodianAppointed', 'ModelPublished', 'HouseholdOpened', 'AccountOpened', 'IpsAdopted',
        'RiskProfileRecorded', 'RestrictionPlaced', 'DoNotTradePlaced', 'LotReceived', 'CashDeposited',
        'WithdrawalScheduled', 'FeeScheduled', 'BusinessDayOpened']) as founding (event_type)
    union all select event_type, 'gh_agent' from unnest(array[
        'ProposalDrafted', 'ToolCalled', 'StepTaken']) as agents (event_type)
    union all select event_type, 'gh_intake' from unnest(array[
        'SessionOpened', 'ThreadOpened', 'MessageReceived', 'AnswerGiven', 'DocumentStored',
        'ProposalDrafted']) as intake (event_type)
    union all select event_type, 'gh_approver' from unnest(array[
        'ProposalSubmitted', 'ConsentRecorded', 'ProposalApproved', 'ProposalReturned', 'ProposalDeclined',
        'ProposalWithdrawn', 'BusinessDayCloseRequested', 'BusinessDayOpenRequested']) as approver (event_type)
    union all select event_type, 'gh_gate' from unnest(array[
        'ProposalAssessed', 'ProposalDenied', 'ProposalLapsed', 'OrderReleased', 'OrderDenied', 'OrderRouted',
        'OrderSent', 'OrderAccepted', 'OrderRejected', 'OrderDoubted', 'OrderFilled', 'OrderCancelled',
        'OrderExpired', 'TradeAllocated', 'TradeConfirmed', 'TradeSettled', 'BusinessDayOpened',
        'BusinessDayClosed']) as gate (event_type);

revoke all on all functions in schema gatehouse from public;
grant execute on function gatehouse.releasable(gatehouse.leg) to gh_gate;
