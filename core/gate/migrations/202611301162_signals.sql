-- The law of signals: a strategy drafts in accounts that their advisor switched on for it, and nowhere else.

alter table gatehouse.machine add column signals boolean not null default false;

create table gatehouse.signal_account (
    machine text not null references gatehouse.machine,
    account text not null references gatehouse.account,
    allowed boolean not null,
    primary key (machine, account)
);
create table gatehouse.signal (
    proposal text primary key,  -- drafted next. No reference: what fails at the commit would fail for its neighbours
    machine  text not null references gatehouse.machine,
    advisor  text not null references gatehouse.person,
    account  text not null,
    purpose  text not null
);
alter table gatehouse.signal enable row level security;
create policy book on gatehouse.signal for select to gh_intake
    using ((select gatehouse.asker_sees_all()) or advisor = (select gatehouse.asker_person()));
revoke all on gatehouse.signal, gatehouse.signal_account from public;
grant select on gatehouse.signal to gh_intake;

create function gatehouse.law_signal_strategy(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    fault text := gatehouse.law_machine_admitted(e);
begin
    if fault is null then
        update gatehouse.machine set signals = true where machine = e.payload->>'machine';
    end if;
    return fault;
end $$;

create function gatehouse.law_signal_switched(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    m gatehouse.machine;
begin
    select * into m from gatehouse.machine where machine = e.payload->>'machine';
    if m.machine is null or e.stream <> 'machine/' || m.machine then
        return 'wrong_stream';
    end if;
    if m.advisor <> e.person then
        return 'not_the_advisor';
    end if;
    if not m.signals then
        return 'not_a_strategy';
    end if;
    if (select a.advisor from gatehouse.account a where a.account = e.payload->>'account') is distinct from e.person then
        return 'outside_book';
    end if;
    insert into gatehouse.signal_account values (m.machine, e.payload->>'account', (e.payload->>'on')::boolean)
        on conflict (machine, account) do update set allowed = excluded.allowed;
    return null;
end $$;

-- What a strategy drafts has its signal in front of it, in the same append, and stands in an account that is on.
create function gatehouse.law_signal_draft(of_person text, of_proposal text, request jsonb) returns text
    language plpgsql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
    if not exists (select from gatehouse.machine m where m.machine = of_person and m.signals) then
        return null;
    end if;
    if not exists (select from gatehouse.signal s where s.proposal = of_proposal and s.machine = of_person
                   and s.account = request->'accounts'->>0) then
        return 'no_signal';
    end if;
    if request->>'kind' <> 'order' or jsonb_array_length(request->'accounts') <> 1 or not exists (
        select from gatehouse.signal_account c
        where c.machine = of_person and c.account = request->'accounts'->>0 and c.allowed) then
        return 'signals_off';
    end if;
    return null;
end $$;

create function gatehouse.law_signal_received(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    m gatehouse.machine;
begin
    if e.stream <> 'signal/' || (e.payload->>'proposal') or e.stream_version <> 1 then
        return 'wrong_stream';
    end if;
    select * into m from gatehouse.machine where machine = e.person;
    if m.signals is not true or e.payload->>'machine' <> e.person then
        return 'not_a_strategy';
    end if;
    if not exists (select from gatehouse.signal_account c
                   where c.machine = m.machine and c.account = e.payload->>'account' and c.allowed) then
        return 'signals_off';
    end if;
    insert into gatehouse.signal values (
        e.payload->>'proposal', m.machine, m.advisor, e.payload->>'account', e.payload->>'purpose');
    return null;
end $$;

insert into gatehouse.event_kind (event_type, stream_prefix, law) values
    ('StrategyAdmitted', 'machine/', 'law_signal_strategy'),
    ('SignalsSwitched', 'machine/', 'law_signal_switched'),
    ('SignalReceived', 'signal/', 'law_signal_received');

insert into gatehouse.event_right (event_type, role)
    select event_type, 'gh_approver' from unnest(array[
        'StrategyAdmitted', 'SignalsSwitched']) as people (event_type)
    union all select event_type, 'gh_intake' from unnest(array[
        'SignalReceived']) as signals (event_type);

-- As before, and asks what a strategy may draft, which order it would replace, and for which session it is.
create or replace function gatehouse.law_proposal_drafted(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    asked jsonb := e.payload->'request';
    home gatehouse.household;
    earlier gatehouse.proposal;
    day gatehouse.market_day;
    fault text;
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
    if home.household is null or home.advisor is distinct from gatehouse.book_of(e.person) then
        return 'outside_book';
    end if;
    -- Each account by its key: joined, the planner expects a hundred of them and reads every account of the firm.
    if exists (select from jsonb_array_elements_text(asked->'accounts') as named (account)
               where (select a.household from gatehouse.account a where a.account = named.account)
                     is distinct from home.household) then
        return 'outside_book';
    end if;
    fault := gatehouse.law_signal_draft(e.person, e.payload->>'proposal', asked);
    if fault is not null then
        return fault;
    end if;
    if asked->>'replaces' is not null then
        fault := gatehouse.replacing_fault(
            asked->>'replaces', asked->'accounts'->>0, asked->>'symbol', asked->>'side', (asked->>'quantity')::numeric);
        if fault is not null then
            return fault;
        end if;
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
        if earlier.advisor is distinct from home.advisor then
            return 'outside_book';
        end if;
    end if;
    -- A halted agent or strategy does not even draft; people do, and what they draft waits.
    if gatehouse.halted('agent:' || (e.payload->>'agent')) or gatehouse.halted('strategy:' || e.person) then
        return 'halted';
    end if;
    select * into day from gatehouse.market_day;
    if day.state is distinct from 'open' then
        return 'day_closed';
    end if;
    -- Validity is in what people decide on. Which day is the next session is the calendar's to say: another one lapses.
    if asked->>'for_session' is not null and (
            e.role = 'gh_agent' or (asked->>'for_session')::date not between day.session + 1 and day.session + 7) then
        return 'not_next_session';
    end if;
    if e.role = 'gh_agent' and 50 <= (
        select count(*) from gatehouse.proposal p
        where p.drafted_by = e.person and p.agent is not null and p.status in ('DRAFTED', 'ASSESSED')) then
        return 'too_many_drafts';
    end if;
    insert into gatehouse.proposal (proposal, household, advisor, kind, request, thread, trace, drafted_by, agent,
                                    drafted_at, drafted_seq, status, session, for_session, last_seq)
        values (e.payload->>'proposal', home.household, home.advisor, asked->>'kind', asked,
                e.payload->>'thread', e.trace_id, e.person, e.payload->>'agent', e.recorded_at, e.seq, 'DRAFTED',
                coalesce((asked->>'for_session')::date, day.session), (asked->>'for_session')::date, e.seq);
    if asked->>'replaces' is not null then
        insert into gatehouse.replacing (proposal, order_id) values (e.payload->>'proposal', asked->>'replaces');
    end if;
    if earlier.status in ('DRAFTED', 'ASSESSED') then
        perform gatehouse.end_proposal(earlier.proposal, 'SUPERSEDED', e);
    end if;
    return null;
end $$;

revoke all on all functions in schema gatehouse from public;
