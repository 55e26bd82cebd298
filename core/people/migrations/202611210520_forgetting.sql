-- The law of people's data: forgetting by two people, legal holds, retention, rotation of keys.

-- How long each class of record is kept. `core.forgetting.retention` is its twin and names the rules.
create table gatehouse.retention_class (
    kind      text primary key,
    years     int  not null check (years between 1 and 100),
    runs_from text not null check (runs_from in ('entry', 'closing', 'fiscal_year_end'))
);
insert into gatehouse.retention_class values
    ('order_ticket', 3, 'entry'),
    ('ledger', 6, 'entry'),
    ('consent', 5, 'fiscal_year_end'),
    ('approval', 6, 'entry'),
    ('account_record', 6, 'closing');

create table gatehouse.account_closing (
    account   text primary key references gatehouse.account,
    closed_on date not null
);

create table gatehouse.forgetting (
    request      text primary key,
    subject      text not null,
    reason       text not null,
    asked_by     text not null references gatehouse.person,
    decided_by   text references gatehouse.person,
    status       text not null check (status in
                     ('ASKED', 'CONFIRMED', 'DECLINED', 'WITHDRAWN', 'BEGUN', 'FORGOTTEN')),
    trace        text not null,
    stores       jsonb not null default '{}',  -- what was deleted from each, in all tries together
    last_seq     bigint not null
);
-- One at a time, and once for ever.
create unique index forgetting_subject on gatehouse.forgetting (subject)
    where status not in ('DECLINED', 'WITHDRAWN');

create table gatehouse.legal_hold (
    hold          text primary key,
    subject       text not null,
    matter        text not null,
    placed_by     text not null references gatehouse.person,
    placed_on     date not null,
    lift_asked_by text references gatehouse.person,
    lifted_by     text references gatehouse.person,
    status        text not null check (status in ('HELD', 'LIFT_ASKED', 'LIFTED')),
    last_seq      bigint not null
);
create index legal_hold_subject on gatehouse.legal_hold (subject) where status <> 'LIFTED';

-- `subject` null: every subject of the key store.
create table gatehouse.key_rotation (
    request  text primary key,
    subject  text,
    asked_by text not null references gatehouse.person,
    trace    text not null,
    finished boolean not null default false
);
create table gatehouse.subject_key (subject text primary key, version int not null, request text not null);

-- A document that is about somebody goes with that subject; null: the firm's own.
alter table gatehouse.document add column subject text;
create function gatehouse.in_book(of_subject text) returns boolean
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select gatehouse.asker_sees_all() or of_subject = gatehouse.asker_person()
        or exists (select from gatehouse.household h
                   where h.household = of_subject and h.advisor = gatehouse.asker_person())
        or exists (select from gatehouse.account a
                   where of_subject = any (a.owners) and a.advisor = gatehouse.asker_person())
$$;
create policy of_somebody on gatehouse.document as restrictive to gh_agent, gh_intake
    using (subject is null or gatehouse.in_book(subject)) with check (subject is null or gatehouse.in_book(subject));
create policy of_somebody on gatehouse.passage as restrictive for select to gh_agent, gh_intake
    using (exists (select from gatehouse.document d where d.document = passage.document));

alter table gatehouse.forgetting enable row level security;
alter table gatehouse.legal_hold enable row level security;
alter table gatehouse.key_rotation enable row level security;
alter table gatehouse.subject_key enable row level security;
-- Who is to be forgotten or is held is for those who supervise, not for the client's advisor.
create policy supervise on gatehouse.forgetting for select to gh_approver
    using ((select gatehouse.asker_sees_all()));
create policy supervise on gatehouse.legal_hold for select to gh_approver
    using ((select gatehouse.asker_sees_all()));
create policy supervise on gatehouse.key_rotation for select to gh_approver
    using ((select gatehouse.asker_sees_all()));
create policy supervise on gatehouse.subject_key for select to gh_approver
    using ((select gatehouse.asker_sees_all()));
create policy everything on gatehouse.forgetting for select to gh_gate using (true);
create policy everything on gatehouse.legal_hold for select to gh_gate using (true);
create policy everything on gatehouse.key_rotation for select to gh_gate using (true);
create policy everything on gatehouse.subject_key for select to gh_gate using (true);

create function gatehouse.sealed_well_formed(sealed jsonb, of_subject text) returns boolean
    language sql immutable set search_path = pg_catalog, pg_temp as $$
    select jsonb_typeof(sealed) = 'object' and sealed - '{subject,key,sealed}'::text[] = '{}'
       and sealed->>'subject' = of_subject and jsonb_typeof(sealed->'key') = 'number'
       and sealed->>'key' ~ '^[1-9][0-9]{0,5}$' and jsonb_typeof(sealed->'sealed') = 'string'
$$;

-- What must be kept of that subject, by class: the last day of it, or null while the period has not begun to run.
-- A subject is a household, an owner of accounts, or somebody who works here. Days are those of the firm's sessions.
create function gatehouse.kept(of_subject text) returns table (kind text, until date)
    language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
    with mine as (
        select a.account, c.closed_on
        from gatehouse.account a left join gatehouse.account_closing c on c.account = a.account
        where of_subject in (a.household, a.advisor) or of_subject = any (a.owners)
    ), decided as (
        select p.proposal, p.session
        from gatehouse.proposal p
        where p.submitted_by is not null
          and (of_subject in (p.household, p.advisor, p.drafted_by)
               or exists (select from gatehouse.leg l join mine m on m.account = l.account
                          where l.proposal = p.proposal)
               or exists (select from gatehouse.decision d where d.proposal = p.proposal and d.person = of_subject))
    ), latest as (
        select 'order_ticket' as kind, max(d.session) as day from decided d
        union all
        select 'ledger', max(d.session) from decided d
            join gatehouse.leg l on l.proposal = d.proposal where l.filled > 0
        union all
        select 'consent', max(d.session) from decided d
            join gatehouse.decision c on c.proposal = d.proposal where c.kind = 'consent'
        union all
        select 'approval', max(d.session) from decided d
            join gatehouse.decision a on a.proposal = d.proposal where a.kind in ('submission', 'approval')
        union all
        select 'account_record', case when bool_or(m.closed_on is null) then date 'infinity' else max(m.closed_on) end
            from mine m having count(*) > 0
    )
    select l.kind, case
            when l.day = 'infinity' then null
            when c.runs_from = 'fiscal_year_end'
                then make_date(extract(year from l.day)::int + c.years, 12, 31)
            else (l.day + make_interval(years => c.years))::date end
    from latest l join gatehouse.retention_class c on c.kind = l.kind where l.day is not null
$$;

-- The holds that bar a subject: its own, those of its household, and those of the owners of its accounts.
create function gatehouse.holds_on(of_subject text) returns setof gatehouse.legal_hold
    language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
    select h.* from gatehouse.legal_hold h
    where h.status <> 'LIFTED' and (h.subject = of_subject or exists (
        select from gatehouse.account a
        where of_subject = any (a.owners) and (h.subject = a.household or h.subject = any (a.owners))
           or a.household = of_subject and h.subject = any (a.owners)))
$$;

-- Why that subject cannot be forgotten now, for those who supervise: the hold's matter or the class, and the last
-- day of its period. Null: it has no end yet.
create function gatehouse.forgetting_bars(of_subject text) returns table (code text, kind text, until date)
    language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
    select b.code, b.kind, b.until from (
        select 'legal_hold' as code, h.matter as kind, null::date as until from gatehouse.holds_on(of_subject) h
        union all
        select 'retention_runs', k.kind, k.until from gatehouse.kept(of_subject) k
        where k.until is null or k.until >= (select d.session from gatehouse.market_day d)) as b
    where gatehouse.asker_sees_all() order by b.code, b.until desc nulls first, b.kind
$$;

create function gatehouse.law_of_bars(of_subject text) returns text language plpgsql
    stable set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
    if exists (select from gatehouse.holds_on(of_subject)) then
        return 'legal_hold';
    end if;
    -- Without a business day nothing has ended.
    if exists (select from gatehouse.kept(of_subject) k
               where k.until is null
                  or k.until >= coalesce((select d.session from gatehouse.market_day d), '-infinity')) then
        return 'retention_runs';
    end if;
    return null;
end $$;

-- Who keeps the firm's records: compliance and operations, and nobody about herself or her family.
create function gatehouse.law_of_record_keepers(of_person text, of_subject text) returns text language plpgsql
    stable set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    who gatehouse.person;
begin
    select * into who from gatehouse.person where person = of_person;
    if who.role not in ('compliance', 'operations') then
        return 'not_a_record_keeper';
    end if;
    if of_subject = of_person or of_subject = any (who.related_households)
       or exists (select from gatehouse.account a
                  where of_subject = any (a.owners) and a.household = any (who.related_households)) then
        return 'own_data';
    end if;
    return null;
end $$;

create function gatehouse.law_forget_requested(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    fault text;
    about text := e.payload->>'subject';
    known text;
begin
    if e.stream <> 'subject/' || about then
        return 'wrong_stream';
    end if;
    if e.payload - '{request,subject,reason,note}'::text[] <> '{}'
       or coalesce(e.payload->>'request', '') !~ '^fgt-[0-9a-f]{32}$'
       or about !~ '^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,79}$'
       or coalesce(e.payload->>'reason', '') not in (
            'asked_by_the_person', 'prospect_left', 'employee_left', 'recorded_by_mistake', 'period_ended')
       or coalesce(jsonb_typeof(e.payload->'note'), 'null') <> 'null'
          and gatehouse.sealed_well_formed(e.payload->'note', e.person) is not true then
        return 'malformed_payload';
    end if;
    fault := gatehouse.law_of_record_keepers(e.person, about);
    if fault is not null then
        return fault;
    end if;
    select f.status into known from gatehouse.forgetting f
        where f.subject = about and f.status not in ('DECLINED', 'WITHDRAWN');
    if known = 'FORGOTTEN' then
        return 'forgotten_before';
    end if;
    if known is not null then
        return 'forgetting_asked';
    end if;
    fault := gatehouse.law_of_bars(about);
    if fault is not null then
        return fault;
    end if;
    insert into gatehouse.forgetting (request, subject, reason, asked_by, status, trace, last_seq)
        values (e.payload->>'request', about, e.payload->>'reason', e.person, 'ASKED', e.trace_id, e.seq);
    return null;
end $$;

-- Confirmed by somebody else, one of the two from compliance; declined by somebody else; withdrawn by the asker.
create function gatehouse.law_forgetting_decided(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    f gatehouse.forgetting;
    fault text;
begin
    select * into f from gatehouse.forgetting where request = e.payload->>'request';
    if f.request is null or e.payload - '{request,subject}'::text[] <> '{}'
       or f.subject is distinct from e.payload->>'subject' or e.stream <> 'subject/' || f.subject then
        return 'no_such_request';
    end if;
    fault := gatehouse.law_of_record_keepers(e.person, f.subject);
    if fault is not null then
        return fault;
    end if;
    if (e.event_type = 'ForgettingWithdrawn') <> (e.person = f.asked_by) then
        return 'same_person';
    end if;
    if f.status <> 'ASKED' and (f.status <> 'CONFIRMED' or e.event_type = 'ForgetConfirmed') then
        return 'request_decided';
    end if;
    if e.event_type = 'ForgetConfirmed' then
        if not exists (select from gatehouse.person p
                       where p.person in (f.asked_by, e.person) and p.role = 'compliance') then
            return 'compliance_missing';
        end if;
        fault := gatehouse.law_of_bars(f.subject);
        if fault is not null then
            return fault;
        end if;
    end if;
    update gatehouse.forgetting set decided_by = e.person, last_seq = e.seq, status = case e.event_type
            when 'ForgetConfirmed' then 'CONFIRMED' when 'ForgettingDeclined' then 'DECLINED' else 'WITHDRAWN' end
        where request = f.request;
    return null;
end $$;

-- From here on it cannot be stopped: what is barred now is not begun, and no hold comes after.
create function gatehouse.law_forgetting_begun(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    f gatehouse.forgetting;
    fault text;
begin
    select * into f from gatehouse.forgetting where request = e.payload->>'request';
    if f.request is null or e.stream <> 'subject/' || f.subject then
        return 'no_such_request';
    end if;
    if f.status <> 'CONFIRMED' then
        return 'not_confirmed';
    end if;
    fault := gatehouse.law_of_bars(f.subject);
    if fault is not null then
        return fault;
    end if;
    update gatehouse.forgetting set status = 'BEGUN', last_seq = e.seq where request = f.request;
    return null;
end $$;

create function gatehouse.law_subject_forgotten(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    f gatehouse.forgetting;
begin
    select * into f from gatehouse.forgetting where request = e.payload->>'request';
    if f.request is null or e.stream <> 'subject/' || f.subject then
        return 'no_such_request';
    end if;
    if f.status <> 'BEGUN' then
        return 'not_confirmed';
    end if;
    if exists (select from gatehouse.stores_of(f.subject) s where s.rows > 0) then
        return 'not_all_reached';
    end if;
    update gatehouse.forgetting set status = 'FORGOTTEN', last_seq = e.seq where request = f.request;
    return null;
end $$;

-- Placing one protects: one person of compliance does.
create function gatehouse.law_hold_placed(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    about text := e.payload->>'subject';
    known text;
begin
    if e.stream <> 'subject/' || about then
        return 'wrong_stream';
    end if;
    if e.payload - '{hold,subject,matter,note}'::text[] <> '{}'
       or coalesce(e.payload->>'hold', '') !~ '^hld-[0-9a-f]{32}$'
       or about !~ '^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,79}$'
       or coalesce(e.payload->>'matter', '') not in ('litigation', 'regulator', 'complaint', 'internal_review')
       or coalesce(jsonb_typeof(e.payload->'note'), 'null') <> 'null'
          and gatehouse.sealed_well_formed(e.payload->'note', e.person) is not true then
        return 'malformed_payload';
    end if;
    if (select role from gatehouse.person where person = e.person) <> 'compliance' then
        return 'compliance_missing';
    end if;
    select f.status into known from gatehouse.forgetting f
        where f.subject = about and f.status in ('BEGUN', 'FORGOTTEN');
    if known is not null then
        return 'forgotten_before';
    end if;
    insert into gatehouse.legal_hold (hold, subject, matter, placed_by, placed_on, status, last_seq)
        values (e.payload->>'hold', about, e.payload->>'matter', e.person,
                (select session from gatehouse.market_day), 'HELD', e.seq);
    return null;
end $$;

-- Lifting takes a protection away: two people, compliance or principals, one of them from compliance. Operations,
-- who may ask to forget, has no part in it.
create function gatehouse.law_hold_lifting(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    h gatehouse.legal_hold;
    who gatehouse.person;
begin
    select * into h from gatehouse.legal_hold where hold = e.payload->>'hold';
    if h.hold is null or e.payload - '{hold,subject}'::text[] <> '{}'
       or h.subject is distinct from e.payload->>'subject' or e.stream <> 'subject/' || h.subject then
        return 'no_such_hold';
    end if;
    select * into who from gatehouse.person where person = e.person;
    if who.role not in ('compliance', 'principal') then
        return 'not_a_record_keeper';
    end if;
    if h.subject = e.person or h.subject = any (who.related_households)
       or exists (select from gatehouse.account a
                  where h.subject = any (a.owners) and a.household = any (who.related_households)) then
        return 'own_data';
    end if;
    if h.status <> (case e.event_type when 'LegalHoldLiftRequested' then 'HELD' else 'LIFT_ASKED' end) then
        return 'request_decided';
    end if;
    if e.event_type = 'LegalHoldLifted' then
        if h.lift_asked_by = e.person then
            return 'same_person';
        end if;
        if not exists (select from gatehouse.person p
                       where p.person in (h.lift_asked_by, e.person) and p.role = 'compliance') then
            return 'compliance_missing';
        end if;
    end if;
    update gatehouse.legal_hold set last_seq = e.seq,
        status = case e.event_type when 'LegalHoldLiftRequested' then 'LIFT_ASKED'
                                   when 'LegalHoldLifted' then 'LIFTED' else 'HELD' end,
        lift_asked_by = case e.event_type when 'LegalHoldLiftRequested' then e.person
                                          when 'LegalHoldLifted' then lift_asked_by end,
        lifted_by = case e.event_type when 'LegalHoldLifted' then e.person end
        where hold = h.hold;
    return null;
end $$;

-- The firm may keep a class longer than the rule asks, never shorter.
create function gatehouse.law_retention_lengthened(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    known gatehouse.retention_class;
begin
    select * into known from gatehouse.retention_class where kind = e.payload->>'kind';
    if known.kind is null or e.payload - '{kind,years}'::text[] <> '{}'
       or jsonb_typeof(e.payload->'years') <> 'number' or coalesce(e.payload->>'years', '') !~ '^[1-9][0-9]?$' then
        return 'malformed_payload';
    end if;
    if (select role from gatehouse.person where person = e.person) <> 'compliance' then
        return 'compliance_missing';
    end if;
    if (e.payload->>'years')::int <= known.years then
        return 'not_longer';
    end if;
    update gatehouse.retention_class set years = (e.payload->>'years')::int where kind = known.kind;
    return null;
end $$;

-- Operations closes an account that holds nothing and waits for nothing; its records' periods run from that day.
create function gatehouse.law_account_closed(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    a gatehouse.account;
    day gatehouse.market_day;
begin
    select * into a from gatehouse.account where account = e.payload->>'account';
    select * into day from gatehouse.market_day;
    if a.account is null or e.stream <> 'account/' || a.account then
        return 'wrong_stream';
    end if;
    if (select role from gatehouse.person where person = e.person) <> 'operations' then
        return 'not_operations';
    end if;
    if e.payload - '{account,closed_on}'::text[] <> '{}' or e.payload->>'closed_on' <> day.session::text then
        return 'wrong_session';
    end if;
    if a.status = 'closed'
       or exists (select from gatehouse.holding h where h.account = a.account and (h.held <> 0 or h.reserved <> 0))
       or exists (select from gatehouse.leg l join gatehouse.proposal p on p.proposal = l.proposal
                  where l.account = a.account and not l.ended
                    and p.status in ('ASSESSED', 'SUBMITTED', 'APPROVED', 'RELEASED')) then
        return 'account_not_empty';
    end if;
    insert into gatehouse.account_closing values (a.account, day.session);
    update gatehouse.account set status = 'closed' where account = a.account;
    return null;
end $$;

create function gatehouse.law_rotation_requested(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
    if (select role from gatehouse.person where person = e.person) not in ('compliance', 'operations') then
        return 'not_a_record_keeper';
    end if;
    if e.payload - '{request,subject}'::text[] <> '{}' or coalesce(e.payload->>'request', '') !~ '^rot-[0-9a-f]{32}$'
       or coalesce(e.payload->>'subject', 'a') !~ '^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,79}$' then
        return 'malformed_payload';
    end if;
    if exists (select from gatehouse.forgetting f
               where f.subject = e.payload->>'subject' and f.status in ('BEGUN', 'FORGOTTEN')) then
        return 'forgotten_before';
    end if;
    insert into gatehouse.key_rotation (request, subject, asked_by, trace)
        values (e.payload->>'request', e.payload->>'subject', e.person, e.trace_id);
    return null;
end $$;

create function gatehouse.law_key_rotated(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    asked gatehouse.key_rotation;
begin
    select * into asked from gatehouse.key_rotation where request = e.payload->>'request' and not finished;
    if asked.request is null then
        return 'no_such_request';
    end if;
    if e.event_type = 'KeyRotationFinished' then
        update gatehouse.key_rotation set finished = true where request = asked.request;
        return null;
    end if;
    if e.stream <> 'subject/' || (e.payload->>'subject')
       or coalesce(asked.subject, e.payload->>'subject') <> e.payload->>'subject' then
        return 'wrong_stream';
    end if;
    if (e.payload->>'version')::int <= coalesce((select k.version from gatehouse.subject_key k
                                                 where k.subject = e.payload->>'subject'), 1) then
        return 'not_longer';
    end if;
    insert into gatehouse.subject_key values (e.payload->>'subject', (e.payload->>'version')::int, asked.request)
        on conflict (subject) do update set version = excluded.version, request = excluded.request;
    return null;
end $$;

-- The threads whose words are that subject's: those of a household, and somebody's own where none is pinned.
create function gatehouse.threads_of(of_subject text) returns text[]
    language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
    select coalesce(array_agg(t.thread), '{}') from gatehouse.thread t
    where t.household = of_subject or t.household is null and t.person = of_subject
$$;

-- What this database holds of that subject in clear, derived, or sealed with another's key: rows by store.
create function gatehouse.stores_of(of_subject text) returns table (store text, rows bigint)
    language plpgsql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    threads text[] := gatehouse.threads_of(of_subject);
begin
    return query
        select 'checkpoint', count(*) from copilot.checkpoint c where c.thread = any (threads)
        union all select 'checkpoint_write', count(*) from copilot.checkpoint_write w where w.thread = any (threads)
        union all select 'embedding', count(*) from copilot.embedding v
            join gatehouse.passage p on p.id = v.passage
            join gatehouse.document d on d.document = p.document where d.subject = of_subject
        union all select 'passage', count(*) from gatehouse.passage p
            join gatehouse.document d on d.document = p.document where d.subject = of_subject
        union all select 'document', count(*) from gatehouse.document d where d.subject = of_subject;
    if to_regclass('gatehouse.body') is not null then
        return query execute 'select ''body'', count(*) from gatehouse.body b where b.subject = $1' using of_subject;
    end if;
end $$;

-- Deletes them for a forgetting that has begun, and answers how many rows went from each store in all tries.
create function gatehouse.forget_stores(of_request text) returns table (store text, rows bigint)
    language plpgsql security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    f gatehouse.forgetting;
    threads text[];
    gone jsonb;
begin
    select * into f from gatehouse.forgetting g where g.request = of_request and g.status = 'BEGUN' for update;
    if f.request is null then
        return;
    end if;
    threads := gatehouse.threads_of(f.subject);
    select jsonb_object_agg(s.store, s.rows + coalesce((f.stores->>s.store)::bigint, 0)) into gone
        from gatehouse.stores_of(f.subject) s;
    -- The copilot may not go on with a conversation whose words are gone.
    update gatehouse.session set closed_at = clock_timestamp() where thread = any (threads) and closed_at is null;
    delete from copilot.checkpoint_write w where w.thread = any (threads);
    delete from copilot.checkpoint c where c.thread = any (threads);
    delete from copilot.embedding v using gatehouse.passage p, gatehouse.document d
        where p.id = v.passage and d.document = p.document and d.subject = f.subject;
    delete from gatehouse.passage p using gatehouse.document d
        where d.document = p.document and d.subject = f.subject;
    delete from gatehouse.document d where d.subject = f.subject;
    if to_regclass('gatehouse.body') is not null then
        execute 'delete from gatehouse.body b where b.subject = $1' using f.subject;
    end if;
    update gatehouse.forgetting g set stores = gone where g.request = of_request;
    return query select s.key, s.value::bigint from jsonb_each_text(gone) as s;
end $$;

-- As before; and what somebody typed for a login is kept as a digest: it may be a name, or a password.
create or replace function gatehouse.open_session(login text, proof bytea, session uuid, ticket_hash bytea,
                                                  out person text, out expires_at timestamptz, out refused text)
    language plpgsql security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    moment timestamptz := clock_timestamp();
    typed text := encode(sha256(convert_to(open_session.login, 'UTF8')), 'hex');
    known gatehouse.credential;
begin
    delete from gatehouse.failed_sign_in f where f.at < moment - interval '15 minutes';
    if (select count(*) from gatehouse.failed_sign_in f where f.login = typed) >= 10 then
        refused := 'too_many';
        return;
    end if;
    select * into known from gatehouse.credential c where c.login = open_session.login;
    if known.login is null or sha256(proof) <> known.verifier then
        insert into gatehouse.failed_sign_in values (typed, moment);
        refused := 'wrong';
        return;
    end if;
    person := known.person;
    expires_at := moment + interval '12 hours';
    insert into gatehouse.session (session, ticket_hash, person, opened_at, expires_at)
        values (open_session.session, open_session.ticket_hash, known.person, moment, open_session.expires_at);
end $$;

-- What the worker may begin, or has begun and not ended.
create function gatehouse.forgettings_due() returns table (request text, subject text, status text, trace text)
    language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
    select f.request, f.subject, f.status, f.trace from gatehouse.forgetting f
    where f.status = 'BEGUN' or f.status = 'CONFIRMED' and gatehouse.law_of_bars(f.subject) is null
    order by f.last_seq
$$;

insert into gatehouse.event_kind (event_type, stream_prefix, law) values
    ('ForgetRequested', 'subject/', 'law_forget_requested'),
    ('ForgetConfirmed', 'subject/', 'law_forgetting_decided'),
    ('ForgettingDeclined', 'subject/', 'law_forgetting_decided'),
    ('ForgettingWithdrawn', 'subject/', 'law_forgetting_decided'),
    ('ForgettingBegun', 'subject/', 'law_forgetting_begun'),
    ('SubjectForgotten', 'subject/', 'law_subject_forgotten'),
    ('LegalHoldPlaced', 'subject/', 'law_hold_placed'),
    ('LegalHoldLiftRequested', 'subject/', 'law_hold_lifting'),
    ('LegalHoldLifted', 'subject/', 'law_hold_lifting'),
    ('LegalHoldKept', 'subject/', 'law_hold_lifting'),
    ('RetentionLengthened', 'retention', 'law_retention_lengthened'),
    ('AccountClosed', 'account/', 'law_account_closed'),
    ('KeyRotationRequested', 'keys', 'law_rotation_requested'),
    ('SubjectKeyRotated', 'subject/', 'law_key_rotated'),
    ('KeyRotationFinished', 'keys', 'law_key_rotated');

insert into gatehouse.event_right (event_type, role)
    select event_type, 'gh_approver' from unnest(array[
        'ForgetRequested', 'ForgetConfirmed', 'ForgettingDeclined', 'ForgettingWithdrawn', 'LegalHoldPlaced',
        'LegalHoldLiftRequested', 'LegalHoldLifted', 'LegalHoldKept', 'RetentionLengthened', 'AccountClosed',
        'KeyRotationRequested']) as approver (event_type)
    union all select event_type, 'gh_gate' from unnest(array[
        'ForgettingBegun', 'SubjectForgotten', 'SubjectKeyRotated', 'KeyRotationFinished']) as gate (event_type);

revoke all on all tables in schema gatehouse from public;
revoke all on all functions in schema gatehouse from public;
grant select on gatehouse.forgetting, gatehouse.legal_hold, gatehouse.key_rotation, gatehouse.subject_key,
    gatehouse.retention_class to gh_approver, gh_gate;
grant execute on function gatehouse.in_book(text) to gh_agent, gh_intake;
grant execute on function gatehouse.forgetting_bars(text) to gh_approver;
grant execute on function gatehouse.forgettings_due(), gatehouse.forget_stores(text) to gh_gate;
