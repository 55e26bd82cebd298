-- The law of the escalation ladder: the worker tells the next people, and nobody is passed over or pretended.

insert into gatehouse.event_kind (event_type, stream_prefix, law) values
    ('ProposalEscalated', 'proposal/', 'law_escalation_climbed'),
    ('DeputyNamed', 'person/', 'law_escalation_deputy_named'),
    ('DeputyEnded', 'person/', 'law_escalation_deputy_ended');

insert into gatehouse.event_right (event_type, role)
    select event_type, 'gh_approver' from unnest(array['DeputyNamed', 'DeputyEnded']) as approver (event_type)
    union all select event_type, 'gh_gate' from unnest(array['ProposalEscalated']) as gate (event_type);

-- `core.escalation.ladder` is its twin. Minutes are of business hours; here the wall clock holds them from below.
create table gatehouse.escalation_rung (
    rung      int primary key,
    addressed text not null check (addressed in ('deputies', 'compliance', 'operations')),
    minutes   int not null check (minutes > 0)
);
insert into gatehouse.escalation_rung values (1, 'deputies', 30), (2, 'compliance', 60), (3, 'operations', 120);

create table gatehouse.escalation (
    proposal  text not null references gatehouse.proposal,
    rung      int not null references gatehouse.escalation_rung,
    advisor   text not null,
    addressed text not null,
    people    text[] not null,
    at        timestamptz not null,
    seq       bigint not null,
    primary key (proposal, rung)
);

-- Who is told first while a principal is away.
create table gatehouse.deputy (
    principal   text primary key references gatehouse.person,
    deputy      text not null references gatehouse.person check (deputy <> principal),
    valid_from  date not null,
    valid_until date not null check (valid_until >= valid_from)
);

alter table gatehouse.escalation enable row level security;
create policy book on gatehouse.escalation for select to gh_agent, gh_intake, gh_approver
    using ((select gatehouse.asker_sees_all()) or advisor = (select gatehouse.asker_person()));
create policy everything on gatehouse.escalation for select to gh_gate using (true);

create function gatehouse.escalation_ladder_digest() returns text
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select encode(sha256(convert_to(string_agg(
        r.rung || ' ' || r.addressed || ' ' || r.minutes, E'\n' order by r.rung), 'UTF8')), 'hex')
    from gatehouse.escalation_rung r
$$;

-- Whom a rung tells: the deputies of the advisor's supervising principal, or else the other principals; each
-- able to decide on it today. Or all of compliance, or of operations.
create function gatehouse.escalation_people(p gatehouse.proposal, addressed text) returns text[]
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    with hers as (select a.reports_to as principal from gatehouse.person a where a.person = p.advisor),
    able as (
        select o.person, exists (
            select from gatehouse.deputy d join hers h on h.principal = d.principal
            where d.deputy = o.person and p.session between d.valid_from and d.valid_until) as named
        from gatehouse.person o
        where o.role = 'principal' and o.person is distinct from (select h.principal from hers h)
          and gatehouse.independence_fault(o.person, p) is null)
    select coalesce(case addressed
        when 'deputies' then (
            select array_agg(a.person order by a.person) from able a
            where a.named or not exists (select from able b where b.named))
        else (select array_agg(o.person order by o.person) from gatehouse.person o where o.role = addressed)
    end, '{}')
$$;

-- Since when it has waited for a principal, on the wall: its submission, or when a draw was given back.
create function gatehouse.escalation_since(of_proposal text) returns timestamptz
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select greatest(
        (select max(d.decided_at) from gatehouse.decision d
         where d.proposal = of_proposal and d.kind = 'submission'),
        (select max(j.recorded_at) from gatehouse.journal j
         where j.stream = 'proposal/' || of_proposal and j.event_type = 'StandingDrawVoided'))
$$;

create function gatehouse.law_escalation_climbed(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    p gatehouse.proposal;
    r gatehouse.escalation_rung;
    fault text;
begin
    select * into p from gatehouse.proposal where proposal = e.payload->>'proposal';
    fault := gatehouse.decision_fault(e, p, '{SUBMITTED}');
    if fault is not null then
        return fault;
    end if;
    select * into r from gatehouse.escalation_rung where rung = (e.payload->>'rung')::int;
    if r.rung is null or r.rung <> 1 + (select count(*) from gatehouse.escalation x where x.proposal = p.proposal) then
        return 'wrong_rung';
    end if;
    if e.payload->>'ladder' is distinct from gatehouse.escalation_ladder_digest()
       or e.payload->>'addressed' is distinct from r.addressed
       or array(select jsonb_array_elements_text(e.payload->'people'))
          is distinct from gatehouse.escalation_people(p, r.addressed) then
        return 'escalation_misstated';
    end if;
    if (e.recorded_at - gatehouse.escalation_since(p.proposal) >= make_interval(mins => r.minutes)) is not true
       or (e.payload->>'waited_minutes')::int < r.minutes then
        return 'not_waited';
    end if;
    insert into gatehouse.escalation values (
        p.proposal, r.rung, p.advisor, r.addressed, gatehouse.escalation_people(p, r.addressed), e.recorded_at, e.seq);
    update gatehouse.proposal set last_seq = e.seq where proposal = p.proposal;
    return null;
end $$;

create function gatehouse.law_escalation_deputy_named(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    today date := (select d.session from gatehouse.market_day d);
    first_day date := (e.payload->>'valid_from')::date;
    last_day date := (e.payload->>'valid_until')::date;
begin
    if e.payload->>'principal' <> e.person or e.stream <> 'person/' || e.person then
        return 'wrong_stream';
    end if;
    if (select p.role from gatehouse.person p where p.person = e.person) <> 'principal'
       or (select p.role from gatehouse.person p where p.person = e.payload->>'deputy') is distinct from 'principal' then
        return 'not_a_principal';
    end if;
    if e.payload->>'deputy' = e.person then
        return 'same_person';
    end if;
    if not exists (select from gatehouse.registration r
                   where r.person = e.payload->>'deputy' and r.registration = 'S24' and r.valid_from <= today
                     and (r.valid_until is null or r.valid_until >= today)) then
        return 'not_registered';
    end if;
    if (today <= first_day and first_day <= last_day and last_day <= first_day + 90) is not true then
        return 'deputy_out_of_bounds';
    end if;
    insert into gatehouse.deputy values (e.person, e.payload->>'deputy', first_day, last_day)
        on conflict (principal) do update set deputy = excluded.deputy, valid_from = excluded.valid_from,
            valid_until = excluded.valid_until;
    return null;
end $$;

create function gatehouse.law_escalation_deputy_ended(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
    if e.payload->>'principal' <> e.person or e.stream <> 'person/' || e.person then
        return 'wrong_stream';
    end if;
    if not exists (select from gatehouse.deputy d where d.principal = e.person) then
        return 'no_such_deputy';
    end if;
    delete from gatehouse.deputy where principal = e.person;
    return null;
end $$;

-- What waits for a principal, for the worker: since when, how far it has been told, and whom each rung tells.
create function gatehouse.escalation_waiting()
    returns table (proposal text, trace text, digest text, since timestamptz, climbed int, addressed text, people text[],
                   opened_at timestamptz, opened_on_the_wall timestamptz)
    language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
    select p.proposal, p.trace, p.digest, gatehouse.escalation_since(p.proposal), r.rung - 1, r.addressed,
           gatehouse.escalation_people(p, r.addressed), (o.text::jsonb #>> '{payload,at}')::timestamptz, o.recorded_at
    from gatehouse.market_day m
    join gatehouse.proposal p on p.status = 'SUBMITTED' and p.session = m.session
    join gatehouse.escalation_rung r
        on r.rung = 1 + (select count(*) from gatehouse.escalation x where x.proposal = p.proposal)
    cross join lateral (
        select j.text, j.recorded_at from gatehouse.journal j
        where j.stream = 'market' and j.event_type = 'BusinessDayOpened' order by j.stream_version desc limit 1) o
    where m.state = 'open'
    order by p.drafted_seq
$$;

-- The same moment for whoever reads the proposal.
create function gatehouse.escalation_waits_since(of_proposal text) returns timestamptz
    language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
    select gatehouse.escalation_since(p.proposal) from gatehouse.proposal p
    where p.proposal = of_proposal and p.status = 'SUBMITTED'
      and (gatehouse.asker_sees_all() or p.advisor = gatehouse.asker_person() or session_user = 'gh_gate')
$$;

revoke all on gatehouse.escalation_rung, gatehouse.escalation, gatehouse.deputy from public;
grant select on gatehouse.escalation_rung, gatehouse.deputy to gh_approver, gh_gate;
grant select on gatehouse.escalation to gh_agent, gh_intake, gh_approver, gh_gate;
revoke all on all functions in schema gatehouse from public;
grant execute on function gatehouse.escalation_waiting() to gh_gate;
grant execute on function gatehouse.escalation_waits_since(text) to gh_agent, gh_intake, gh_approver, gh_gate;
