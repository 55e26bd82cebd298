-- The watch list: compliance alone knows that something is on it. Nothing that decides anything reads these rows.

create table gatehouse.watch (
    watch       text primary key,
    entry       jsonb not null,  -- sealed under `firm-compliance`: the symbol and the cause
    listed_by   text not null references gatehouse.person,
    listed_at   timestamptz not null,
    unlisted_by text references gatehouse.person,
    unlisted_at timestamptz
);
alter table gatehouse.watch enable row level security;

create function gatehouse.asker_is_compliance() returns boolean
    language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
    select coalesce((select role = 'compliance' from gatehouse.asker
                     where pid = pg_backend_pid() and xid = pg_current_xact_id_if_assigned()), false)
$$;
create policy compliance on gatehouse.watch for select to gh_approver
    using ((select gatehouse.asker_is_compliance()));

create function gatehouse.law_watch_listed(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
    if e.payload->>'watch' !~ '^wch-[0-9a-f]{32}$' or e.stream <> 'watch/' || (e.payload->>'watch') then
        return 'wrong_stream';
    end if;
    if (select p.role from gatehouse.person p where p.person = e.person) is distinct from 'compliance' then
        return 'compliance_missing';
    end if;
    if e.event_type = 'WatchListed' then
        if not gatehouse.sealed_well_formed(e.payload->'entry', 'firm-compliance') then
            return 'malformed_payload';
        end if;
        insert into gatehouse.watch (watch, entry, listed_by, listed_at)
            values (e.payload->>'watch', e.payload->'entry', e.person, e.recorded_at);
        return null;
    end if;
    update gatehouse.watch w set unlisted_by = e.person, unlisted_at = e.recorded_at
        where w.watch = e.payload->>'watch' and w.unlisted_at is null;
    return case when not found then 'not_watched' end;
end $$;

-- As before, and without what concerns the watch list, but for compliance: neither its entries nor tries at them.
create or replace view gatehouse.journal_line with (security_barrier) as
    select j.seq, j.recorded_at, j.role, j.actor, j.event_type, j.stream, j.trace_id, j.text
    from gatehouse.journal j
    where ((select gatehouse.asker_sees_all())
           or j.actor = (select gatehouse.asker_person())
           or j.stream in (select 'proposal/' || p.proposal from gatehouse.proposal p
                           where p.advisor = any ((select gatehouse.asker_books())::text[]))
           or (j.stream like 'order/%' or j.stream like 'trade/%')
              and split_part(j.stream, '/', 2) in (select l.order_id from gatehouse.leg l
                                                   where l.advisor = any ((select gatehouse.asker_books())::text[])))
      and (j.event_type not in ('WatchListed', 'WatchUnlisted', 'AttemptRefused')
           or (select gatehouse.asker_is_compliance())
           or j.event_type = 'AttemptRefused' and j.text not like '%"attempted":"Watch%');

insert into gatehouse.event_kind (event_type, stream_prefix, law) values
    ('WatchListed', 'watch/', 'law_watch_listed'),
    ('WatchUnlisted', 'watch/', 'law_watch_listed');

insert into gatehouse.event_right (event_type, role)
    select event_type, 'gh_approver' from unnest(array[
        'WatchListed', 'WatchUnlisted']) as approver (event_type);

revoke all on all tables in schema gatehouse from public;
revoke all on all functions in schema gatehouse from public;
grant select on gatehouse.watch to gh_approver;
grant execute on function gatehouse.asker_is_compliance() to gh_intake, gh_approver;
