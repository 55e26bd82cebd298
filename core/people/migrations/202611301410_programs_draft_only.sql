-- A program drafts in its advisor's book and does nothing else: it opens no session, no conversation and no document,
-- and reads by no door but the one that binds it to that book (`present_machine`). Its key is a session like a
-- person's; here is what every law that admits anybody with a session asks besides.

create function gatehouse.is_program(of_person text) returns boolean
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select exists (select from gatehouse.machine m where m.machine = of_person)
$$;

create function gatehouse.law_session_opened(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
    if e.stream <> 'person/' || e.person or e.payload->>'person' <> e.person then
        return 'wrong_stream';
    end if;
    return case when gatehouse.is_program(e.person) then 'program_drafts_only' end;
end $$;

create function gatehouse.law_thread_of_a_person(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
    return case when gatehouse.is_program(e.person) then 'program_drafts_only' else gatehouse.law_thread_opened(e) end;
end $$;

create function gatehouse.law_document_stored(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
    return case when gatehouse.is_program(e.person) then 'program_drafts_only' end;
end $$;

-- What a policy denied is told of whoever asked, by herself.
create function gatehouse.law_policy_denied(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
    return case when e.stream <> 'person/' || e.person or e.payload->>'person' <> e.person then 'wrong_stream' end;
end $$;

update gatehouse.event_kind set law = 'law_session_opened' where event_type = 'SessionOpened';
update gatehouse.event_kind set law = 'law_thread_of_a_person' where event_type = 'ThreadOpened';
update gatehouse.event_kind set law = 'law_document_stored' where event_type = 'DocumentStored';
update gatehouse.event_kind set law = 'law_policy_denied' where event_type = 'PolicyDenied';

-- As before, and no program stands at a person's door.
create or replace function gatehouse.present(ticket text) returns text
    language plpgsql security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    found_session gatehouse.session := gatehouse.live_session(ticket);
    found_role text;
begin
    delete from gatehouse.asker where pid = pg_backend_pid();
    if found_session.session is null or (found_session.thread is not null) <> (session_user = 'gh_agent')
       or gatehouse.is_program(found_session.person) then
        return null;
    end if;
    select p.role into found_role from gatehouse.person p where p.person = found_session.person;
    insert into gatehouse.asker values
        (pg_backend_pid(), pg_current_xact_id(), found_session.person, found_role, found_session.session);
    return found_session.person;
end $$;

-- Whether this transaction reads by a program's key. What it reads is its advisor's; what it may write is not.
create function gatehouse.asker_is_program() returns boolean
    language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
    select exists (select from gatehouse.asker a join gatehouse.machine m on m.session = a.session
                   where a.pid = pg_backend_pid() and a.xid = pg_current_xact_id_if_assigned())
$$;
drop policy ingest on gatehouse.document;
drop policy ingest on gatehouse.passage;
create policy ingest on gatehouse.document for insert to gh_intake
    with check (ingested_by = (select gatehouse.asker_person()) and not (select gatehouse.asker_is_program()));
create policy ingest on gatehouse.passage for insert to gh_intake
    with check (not (select gatehouse.asker_is_program())
                and exists (select from gatehouse.document d where d.document = passage.document
                            and d.ingested_by = (select gatehouse.asker_person())));

revoke all on all functions in schema gatehouse from public;
grant execute on function gatehouse.asker_is_program() to gh_intake;
