-- People at work: whose pay depends on what, who stands in for whom, and what changes of these while they work here.

-- What a person's pay depends on, as it was last recorded: who is paid from it does not approve it.
create table gatehouse.pay (
    person     text primary key references gatehouse.person,
    households text[] not null,
    accounts   text[] not null,
    advisors   text[] not null
);

-- Who submits and withdraws in an advisor's place, from one business day to another, both included. What operations
-- asks for in her absence counts when somebody who supervises has confirmed it.
create table gatehouse.delegation (
    delegation   text primary key,
    advisor      text not null references gatehouse.person,
    delegate     text not null references gatehouse.person,
    from_day     date not null,
    until_day    date not null,
    named_by     text not null references gatehouse.person,
    confirmed_by text references gatehouse.person,
    status       text not null check (status in ('ASKED', 'NAMED', 'ENDED')),
    last_seq     bigint not null,
    check (advisor <> delegate and from_day <= until_day)
);
create index delegation_delegate on gatehouse.delegation (delegate) where status = 'NAMED';
create index delegation_advisor on gatehouse.delegation (advisor) where status = 'NAMED';

alter table gatehouse.pay enable row level security;
alter table gatehouse.delegation enable row level security;
create policy own on gatehouse.delegation for select to gh_intake, gh_approver
    using ((select gatehouse.asker_sees_all()) or (select gatehouse.asker_person()) in (advisor, delegate));
create policy everything on gatehouse.delegation for select to gh_gate using (true);
revoke all on gatehouse.pay, gatehouse.delegation from public;
grant select on gatehouse.delegation to gh_intake, gh_approver, gh_gate;

-- Whether that person holds one of these registrations on that day.
create function gatehouse.registered(of_person text, any_of text[], on_day date) returns boolean
    language plpgsql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
    return exists (select from gatehouse.registration r
                   where r.person = of_person and r.registration = any (any_of) and r.valid_from <= on_day
                     and (r.valid_until is null or r.valid_until >= on_day));
end $$;

-- The advisors in whose place that person stands on that day.
create function gatehouse.stands_in_for(of_person text, on_day date) returns setof text
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select d.advisor from gatehouse.delegation d
    where d.delegate = of_person and d.status = 'NAMED' and on_day between d.from_day and d.until_day
$$;

-- Whose books the asker sees: her own, and for their days those of the advisors in whose place she stands. Her
-- copilot reads her own alone: it drafts for nobody else.
create function gatehouse.asker_books() returns text[]
    language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
    select coalesce((
        select k.person || array(select gatehouse.stands_in_for(k.person, m.session) from gatehouse.market_day m
                                 where session_user <> 'gh_agent')
        from gatehouse.asker k where k.pid = pg_backend_pid() and k.xid = pg_current_xact_id_if_assigned()), '{}')
$$;

alter policy book on gatehouse.household
    using ((select gatehouse.asker_sees_all()) or advisor = any ((select gatehouse.asker_books())::text[]));
alter policy book on gatehouse.account
    using ((select gatehouse.asker_sees_all()) or advisor = any ((select gatehouse.asker_books())::text[]));
alter policy book on gatehouse.proposal
    using ((select gatehouse.asker_sees_all()) or advisor = any ((select gatehouse.asker_books())::text[]));
alter policy book on gatehouse.decision
    using ((select gatehouse.asker_sees_all()) or advisor = any ((select gatehouse.asker_books())::text[]));
alter policy book on gatehouse.leg
    using ((select gatehouse.asker_sees_all()) or advisor = any ((select gatehouse.asker_books())::text[]));
alter policy book on gatehouse.reference
    using (advisor is null or (select gatehouse.asker_sees_all())
           or advisor = any ((select gatehouse.asker_books())::text[]));
alter policy book on gatehouse.lot
    using ((select gatehouse.asker_sees_all()) or advisor = any ((select gatehouse.asker_books())::text[]));
alter policy book on gatehouse.position
    using ((select gatehouse.asker_sees_all()) or advisor = any ((select gatehouse.asker_books())::text[]));
alter policy book on gatehouse.cash
    using ((select gatehouse.asker_sees_all()) or advisor = any ((select gatehouse.asker_books())::text[]));
alter policy book on gatehouse.order_state
    using ((select gatehouse.asker_sees_all()) or advisor = any ((select gatehouse.asker_books())::text[]));
alter policy book on gatehouse.account_index
    using (advisor is null or (select gatehouse.asker_sees_all())
           or advisor = any ((select gatehouse.asker_books())::text[]));

-- As before, of all the books that the asker sees.
create or replace function gatehouse.in_book(of_subject text) returns boolean
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select gatehouse.asker_sees_all() or of_subject = gatehouse.asker_person()
        or exists (select from gatehouse.household h
                   where h.household = of_subject and h.advisor = any (gatehouse.asker_books()))
        or exists (select from gatehouse.account a
                   where of_subject = any (a.owners) and a.advisor = any (gatehouse.asker_books()))
$$;
create or replace view gatehouse.journal_line with (security_barrier) as
    select j.seq, j.recorded_at, j.role, j.actor, j.event_type, j.stream, j.trace_id, j.text
    from gatehouse.journal j
    where (select gatehouse.asker_sees_all())
       or j.actor = (select gatehouse.asker_person())
       or j.stream in (select 'proposal/' || p.proposal from gatehouse.proposal p
                       where p.advisor = any ((select gatehouse.asker_books())::text[]))
       or (j.stream like 'order/%' or j.stream like 'trade/%')
          and split_part(j.stream, '/', 2) in (select l.order_id from gatehouse.leg l
                                               where l.advisor = any ((select gatehouse.asker_books())::text[]));
create or replace function gatehouse.account_lines(abouts text[], seqs bigint[])
    returns table (seq bigint, market_at timestamptz, recorded_at timestamptz, role text, actor text,
                   event_type text, text text)
    language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
    select j.seq, i.market_at, j.recorded_at, j.role, j.actor, j.event_type, j.text
    from unnest(abouts, seqs) as asked (about, seq)
    join gatehouse.account_index i on i.about = asked.about and i.seq = asked.seq
    join gatehouse.journal j on j.seq = i.seq
    where i.advisor is null or (select gatehouse.asker_sees_all())
       or i.advisor = any ((select gatehouse.asker_books())::text[])
    order by j.seq
$$;

-- What is recorded of people who work here: by the owner's login at the founding, then by compliance, and by nobody
-- of herself. It counts from then on.
create function gatehouse.law_of_staff(e gatehouse.incoming) returns text language plpgsql
    stable set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
    if e.stream <> 'person/' || (e.payload->>'person') then
        return 'wrong_stream';
    end if;
    if not exists (select from gatehouse.person p where p.person = e.payload->>'person') then
        return 'no_such_person';
    end if;
    if e.role = 'gh_owner' then
        return null;
    end if;
    if (select p.role from gatehouse.person p where p.person = e.person) <> 'compliance' then
        return 'compliance_missing';
    end if;
    if e.payload->>'person' = e.person then
        return 'own_data';
    end if;
    return null;
end $$;

-- The same registration from the same day again says when it ends, or that it does not.
create or replace function gatehouse.law_registration_recorded(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    fault text := gatehouse.law_of_staff(e);
begin
    if fault is not null then
        return fault;
    end if;
    insert into gatehouse.registration values (
        e.payload->>'person', e.payload->>'registration',
        (e.payload->>'valid_from')::date, (e.payload->>'valid_until')::date)
        on conflict (person, registration, valid_from) do update set valid_until = excluded.valid_until;
    return null;
end $$;

create function gatehouse.law_pay_recorded(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    fault text := gatehouse.law_of_staff(e);
begin
    if fault is not null then
        return fault;
    end if;
    insert into gatehouse.pay values (
        e.payload->>'person',
        array(select jsonb_array_elements_text(e.payload->'households')),
        array(select jsonb_array_elements_text(e.payload->'accounts')),
        array(select jsonb_array_elements_text(e.payload->'advisors')))
        on conflict (person) do update set
            households = excluded.households, accounts = excluded.accounts, advisors = excluded.advisors;
    return null;
end $$;

create function gatehouse.law_reporting_line_changed(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    fault text := gatehouse.law_of_staff(e);
begin
    if fault is not null then
        return fault;
    end if;
    if e.payload->>'reports_to' is not null
       and not exists (select from gatehouse.person p where p.person = e.payload->>'reports_to') then
        return 'no_such_person';
    end if;
    update gatehouse.person set reports_to = e.payload->>'reports_to' where person = e.payload->>'person';
    return null;
end $$;

create function gatehouse.law_relation_recorded(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    fault text := gatehouse.law_of_staff(e);
    before text[] := (select p.related_households from gatehouse.person p where p.person = e.payload->>'person');
    now_related text[] := array(select jsonb_array_elements_text(e.payload->'related_households'));
begin
    if fault is not null then
        return fault;
    end if;
    update gatehouse.person set related_households = now_related where person = e.payload->>'person';
    update gatehouse.household h set related = exists (
            select from gatehouse.person p where h.household = any (p.related_households))
        where h.household = any (before || now_related);
    return null;
end $$;

-- An advisor names whoever stands in for her; operations asks for it while she is away.
create function gatehouse.law_delegate_named(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    first_day date := (e.payload->>'from_day')::date;
    last_day date := (e.payload->>'until_day')::date;
begin
    if e.stream <> 'delegation/' || (e.payload->>'delegation') or e.stream_version <> 1 then
        return 'wrong_stream';
    end if;
    if e.payload->>'delegation' !~ '^dlg-[0-9a-f]{32}$' then
        return 'malformed_payload';
    end if;
    if e.person <> e.payload->>'advisor'
       and (select p.role from gatehouse.person p where p.person = e.person) <> 'operations' then
        return 'not_the_advisor';
    end if;
    if e.payload->>'advisor' = e.payload->>'delegate'
       or 2 <> (select count(*) from gatehouse.person p
                where p.person in (e.payload->>'advisor', e.payload->>'delegate') and p.role = 'advisor') then
        return 'not_a_delegate';
    end if;
    if last_day < first_day or last_day - first_day > 92
       or last_day < (select m.session from gatehouse.market_day m) then
        return 'wrong_period';
    end if;
    insert into gatehouse.delegation values (
        e.payload->>'delegation', e.payload->>'advisor', e.payload->>'delegate', first_day, last_day, e.person, null,
        case when e.person = e.payload->>'advisor' then 'NAMED' else 'ASKED' end, e.seq);
    return null;
end $$;

create function gatehouse.law_delegate_confirmed(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    d gatehouse.delegation;
begin
    select * into d from gatehouse.delegation where delegation = e.payload->>'delegation';
    if d.delegation is null or e.stream <> 'delegation/' || d.delegation then
        return 'no_such_delegation';
    end if;
    if (select p.role from gatehouse.person p where p.person = e.person) not in ('principal', 'compliance') then
        return 'not_a_principal';
    end if;
    if d.status <> 'ASKED' then
        return 'request_decided';
    end if;
    update gatehouse.delegation set status = 'NAMED', confirmed_by = e.person, last_seq = e.seq
        where delegation = d.delegation;
    return null;
end $$;

-- It only takes away: either of the two, operations, or anybody who supervises.
create function gatehouse.law_delegate_ended(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    d gatehouse.delegation;
begin
    select * into d from gatehouse.delegation where delegation = e.payload->>'delegation';
    if d.delegation is null or e.stream <> 'delegation/' || d.delegation then
        return 'no_such_delegation';
    end if;
    if e.person not in (d.advisor, d.delegate)
       and (select p.role from gatehouse.person p where p.person = e.person)
           not in ('operations', 'principal', 'compliance') then
        return 'not_the_advisor';
    end if;
    if d.status = 'ENDED' then
        return 'request_decided';
    end if;
    update gatehouse.delegation set status = 'ENDED', last_seq = e.seq where delegation = d.delegation;
    return null;
end $$;

update gatehouse.event_kind set version = 2 where event_type = 'RegistrationRecorded';
insert into gatehouse.event_kind (event_type, stream_prefix, law) values
    ('PayRecorded', 'person/', 'law_pay_recorded'),
    ('ReportingLineChanged', 'person/', 'law_reporting_line_changed'),
    ('RelationRecorded', 'person/', 'law_relation_recorded'),
    ('DelegateNamed', 'delegation/', 'law_delegate_named'),
    ('DelegateConfirmed', 'delegation/', 'law_delegate_confirmed'),
    ('DelegateEnded', 'delegation/', 'law_delegate_ended');
insert into gatehouse.event_right (event_type, role)
    select event_type, 'gh_approver' from unnest(array[
        'RegistrationRecorded', 'PayRecorded', 'ReportingLineChanged', 'RelationRecorded',
        'DelegateNamed', 'DelegateConfirmed', 'DelegateEnded']) as staff (event_type);

revoke all on all functions in schema gatehouse from public;
grant execute on function gatehouse.asker_books() to gh_agent, gh_intake, gh_approver, gh_gate, gh_witness;
