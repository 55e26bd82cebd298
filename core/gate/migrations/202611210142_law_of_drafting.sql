-- The law of conversations and drafts: whose thread, whose book, which form; and what the worker may assess.

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
    if encode(sha256(convert_to(e.payload->>'content', 'UTF8')), 'hex') is distinct from e.payload->>'digest' then
        return 'digest_mismatch';
    end if;
    content := (e.payload->>'content')::jsonb;
    if (content->>'proposal', content->>'household', content->>'advisor', (content->>'valid_for')::date)
       is distinct from (p.proposal, p.household, p.advisor, p.session)
       or coalesce(jsonb_array_length(content->'legs'), 0) = 0
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
    if (e.payload->>'needs_consent')::boolean is distinct from asks_consent
       or (content->>'needs_consent')::boolean is distinct from asks_consent
       or content->>'tier' is distinct from e.payload->>'tier'
       or coalesce((e.payload->>'tier')::int, 0) < (case when related or total > 1000000 then 3
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

revoke all on all functions in schema gatehouse from public;
