-- The law of reconciliation: what a comparison found, whose work it is, and when both sides were equal again.

create table gatehouse.difference (
    difference  text primary key,
    party       text not null,
    kind        text not null,
    key         text not null,
    account     text,
    order_id    text,
    ours        text not null,
    theirs      text not null,
    owner       text not null,  -- a role, until a person takes it
    taken_by    text references gatehouse.person,
    found_at    timestamptz not null,
    found_seq   bigint not null,
    cleared_at  timestamptz,
    cleared_seq bigint
);
create index difference_open on gatehouse.difference (found_seq) where cleared_seq is null;

create table gatehouse.reconciliation (
    run         text primary key,
    why         text not null,
    session     date,
    compared    jsonb,
    unread      jsonb,
    differences int,
    requested_by  text references gatehouse.person,
    requested_seq bigint,
    finished_at timestamptz,
    seq         bigint
);
create index reconciliation_asked on gatehouse.reconciliation (requested_seq) where seq is null;
create index reconciliation_done on gatehouse.reconciliation (seq);

alter table gatehouse.difference enable row level security;
alter table gatehouse.reconciliation enable row level security;
create policy supervise on gatehouse.difference for select to gh_intake, gh_approver
    using ((select gatehouse.asker_sees_all()) or account in (select a.account from gatehouse.account a));
create policy supervise on gatehouse.reconciliation for select to gh_intake, gh_approver using (true);
create policy everything on gatehouse.difference for select to gh_gate using (true);
create policy everything on gatehouse.reconciliation for select to gh_gate using (true);
create policy everything on gatehouse.execution for select to gh_gate using (true);

create function gatehouse.may_reconcile(of_person text) returns boolean
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select exists (select from gatehouse.person p
                   where p.person = of_person and p.role in ('operations', 'principal', 'compliance'))
$$;

create function gatehouse.law_reconciliation_requested(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
    if not gatehouse.may_reconcile(e.person) then
        return 'not_operations';
    end if;
    if e.stream <> 'reconciliation/' || (e.payload->>'run')
       or exists (select from gatehouse.reconciliation r where r.run = e.payload->>'run') then
        return 'wrong_stream';
    end if;
    insert into gatehouse.reconciliation (run, why, requested_by, requested_seq) values (e.payload->>'run', 'asked', e.person, e.seq);
    return null;
end $$;

-- A run cannot say fewer differences than stand open.
create function gatehouse.law_reconciliation_finished(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
    if e.stream <> 'reconciliation/' || (e.payload->>'run')
       or exists (select from gatehouse.reconciliation r where r.run = e.payload->>'run' and r.seq is not null) then
        return 'wrong_stream';
    end if;
    if (e.payload->>'differences')::int <> (select count(*) from gatehouse.difference d where d.cleared_seq is null)
       or e.payload->>'session' is distinct from (select m.session::text from gatehouse.market_day m) then
        return 'reconciliation_misstated';
    end if;
    insert into gatehouse.reconciliation as r (run, why, session, compared, unread, differences, finished_at, seq)
        values (e.payload->>'run', e.payload->>'why', (e.payload->>'session')::date, e.payload->'compared', e.payload->'unread',
                (e.payload->>'differences')::int, clock_timestamp(), e.seq)
        on conflict (run) do update set session = excluded.session, compared = excluded.compared, unread = excluded.unread,
            differences = excluded.differences, finished_at = excluded.finished_at, seq = excluded.seq;
    return null;
end $$;

create function gatehouse.law_difference(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    d gatehouse.difference;
begin
    if e.stream <> 'difference/' || (e.payload->>'difference') then
        return 'wrong_stream';
    end if;
    select * into d from gatehouse.difference k where k.difference = e.payload->>'difference';
    if e.event_type = 'DifferenceFound' then
        if d.difference is not null and d.cleared_seq is null then
            return 'difference_open';
        end if;
        insert into gatehouse.difference (difference, party, kind, key, account, order_id, ours, theirs, owner, found_at, found_seq)
            values (e.payload->>'difference', e.payload->>'party', e.payload->>'kind', e.payload->>'key', e.payload->>'account',
                    e.payload->>'order', e.payload->>'ours', e.payload->>'theirs', e.payload->>'owner', clock_timestamp(), e.seq)
            on conflict (difference) do update set owner = excluded.owner, found_at = excluded.found_at,
                found_seq = excluded.found_seq, cleared_at = null, cleared_seq = null, taken_by = null;
        return null;
    end if;
    if d.difference is null or d.cleared_seq is not null then
        return 'no_such_difference';
    end if;
    if e.event_type = 'DifferenceTaken' then
        if not gatehouse.may_reconcile(e.person) or e.payload->>'person' is distinct from e.person then
            return 'not_operations';
        end if;
        update gatehouse.difference k set taken_by = e.person where k.difference = d.difference;
        return null;
    end if;
    update gatehouse.difference k set cleared_at = clock_timestamp(), cleared_seq = e.seq where k.difference = d.difference;
    return null;
end $$;

insert into gatehouse.event_kind (event_type, stream_prefix, law) values
    ('ReconciliationRequested', 'reconciliation/', 'law_reconciliation_requested'),
    ('ReconciliationFinished', 'reconciliation/', 'law_reconciliation_finished'),
    ('DifferenceFound', 'difference/', 'law_difference'),
    ('DifferenceTaken', 'difference/', 'law_difference'),
    ('DifferenceCleared', 'difference/', 'law_difference');

insert into gatehouse.event_right (event_type, role)
    select event_type, 'gh_approver' from unnest(array[
        'ReconciliationRequested', 'DifferenceTaken']) as approver (event_type)
    union all select event_type, 'gh_gate' from unnest(array[
        'ReconciliationFinished', 'DifferenceFound', 'DifferenceCleared']) as gate (event_type);

revoke all on gatehouse.difference, gatehouse.reconciliation from public;
revoke all on all functions in schema gatehouse from public;
grant select on gatehouse.difference, gatehouse.reconciliation to gh_intake, gh_approver, gh_gate;
grant select on gatehouse.execution to gh_gate;
