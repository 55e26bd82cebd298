-- Agents' steps in full, and the large bodies that they name: each kept once for its subject, by its digest.

-- `digest` is of the sealed bytes (nonce and ciphertext): anybody can compare it, and when the subject's key is
-- gone it says nothing of the words. The same words for the same subject seal to the same bytes.
create table gatehouse.body (
    subject   text        not null,
    digest    bytea       not null check (octet_length(digest) = 32),
    key       int         not null check (key > 0),
    sealed    bytea       not null check (octet_length(sealed) between 28 and 1048576),
    stored_by text        not null references gatehouse.person,
    stored_at timestamptz not null,
    primary key (subject, digest)
);

-- How much each person's copilot has left here today: what a taken-over one may leave has an end.
create table gatehouse.body_use (
    person text   not null references gatehouse.person,
    day    date   not null,
    bodies int    not null,
    bytes  bigint not null,
    primary key (person, day)
);

alter table gatehouse.body enable row level security;
create policy book on gatehouse.body for select to gh_intake, gh_approver
    using ((select gatehouse.asker_sees_all()) or subject = (select gatehouse.asker_person())
           or exists (select from gatehouse.household h where h.household = body.subject));
create policy everything on gatehouse.body for select to gh_gate, gh_witness using (true);

create function gatehouse.bodies_stay() returns trigger
    language plpgsql security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
    if tg_op = 'DELETE' and exists (
        select from gatehouse.forgetting f where f.subject = old.subject and f.status = 'BEGUN') then
        return old;
    end if;
    raise exception 'bodies stay as they are: % is refused', tg_op using errcode = 'insufficient_privilege';
end $$;
create trigger body_rows_stay before update or delete on gatehouse.body
    for each row execute function gatehouse.bodies_stay();
create trigger bodies_stay before truncate on gatehouse.body
    for each statement execute function gatehouse.bodies_stay();

-- Keeps these bodies of one subject, each once. `code` is null, or why none was kept; the digests are worked out
-- here. Twenty thousand new bodies and 256 MiB a person and day are far beyond what an honest copilot leaves.
create function gatehouse.keep_bodies(ticket text, of_subject text, keys int[], bodies bytea[]) returns text
    language plpgsql security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    code text;
    session gatehouse.session := gatehouse.live_session(ticket);
    who gatehouse.person;
    used gatehouse.body_use;
    fresh record;
begin
    if session.session is null then
        code := 'session_ended';
    elsif (session.thread is not null) <> (session_user = 'gh_agent') then
        code := 'wrong_ticket';
    end if;
    if code is not null then
        return code;
    end if;
    select * into who from gatehouse.person p where p.person = session.person;
    if not (of_subject = who.person
            or exists (select from gatehouse.household h where h.household = of_subject and h.advisor = who.person)
            or who.role in ('principal', 'compliance', 'operations', 'auditor') and (
                exists (select from gatehouse.household h where h.household = of_subject)
                or exists (select from gatehouse.person p where p.person = of_subject))) then
        code := 'outside_book';
    elsif exists (select from gatehouse.forgetting f
                  where f.subject = of_subject and f.status in ('BEGUN', 'FORGOTTEN')) then
        code := 'forgotten_before';
    elsif cardinality(keys) <> cardinality(bodies) or cardinality(bodies) > 64 or array_ndims(bodies) > 1 then
        code := 'malformed_bodies';
    end if;
    if code is not null then
        return code;
    end if;
    -- One at a time for each person, so that the counts hold.
    insert into gatehouse.body_use as u values (who.person, (now() at time zone 'UTC')::date, 0, 0)
        on conflict (person, day) do update set bodies = u.bodies returning * into used;
    select count(*) as bodies, coalesce(sum(octet_length(b.sealed)), 0) as bytes into fresh
        from (select distinct unnest(bodies) as sealed) as b
        where not exists (select from gatehouse.body k
                          where k.subject = of_subject and k.digest = sha256(b.sealed));
    if used.bodies + fresh.bodies > 20000 or used.bytes + fresh.bytes > 268435456 then
        code := 'too_many_bodies';
        return code;
    end if;
    begin
        insert into gatehouse.body
            select of_subject, sha256(b.sealed), b.key, b.sealed, who.person, clock_timestamp()
            from unnest(keys, bodies) as b (key, sealed)
            on conflict (subject, digest) do nothing;
    exception when data_exception or integrity_constraint_violation then
        code := 'malformed_bodies';
        return code;
    end;
    update gatehouse.body_use u set bodies = u.bodies + fresh.bodies, bytes = u.bytes + fresh.bytes
        where u.person = used.person and u.day = used.day;
    return null;
end $$;

-- Whether a payload names a body that is not there, or more than a step can read. It looks wherever a name can
-- stand: under the key `kept`.
create function gatehouse.names_no_body(payload jsonb) returns boolean
    language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
    select count(*) > 64 or coalesce(bool_or(not exists (
        select from gatehouse.body b
        where b.subject = k.name->>'subject' and b.digest = decode(k.name->>'digest', 'hex')
          and b.key = (k.name->>'key')::int and octet_length(b.sealed) = (k.name->>'length')::int)), false)
    from jsonb_path_query(payload, 'strict $.**.kept ? (@ != null)') as k (name)
$$;

-- As before; and a step names only bodies that are kept. `holder` is whose the thread is. One expression without a
-- search path, so that it can be put in line: the append asks for the holder of each with its other questions.
create function gatehouse.no_of_thread(stream text, payload jsonb, thread text, person text, holder text) returns text
    language sql stable as $$
    select case
        when stream <> 'thread/' || (payload->>'thread') or thread is not null and thread <> payload->>'thread'
             or (holder = person) is not true then 'not_your_thread'
        when (jsonb_typeof(payload->'thought') = 'object' or payload ?| '{words,why}')
             and gatehouse.names_no_body(payload) then 'no_such_body'
    end
$$;
create or replace function gatehouse.law_in_thread(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
    return gatehouse.no_of_thread(e.stream, e.payload, e.thread, e.person, (
        select t.person from gatehouse.thread t where t.thread = e.payload->>'thread'));
end $$;

-- Steps and calls of version 2 are what is written from now on; version 1 stays readable.
update gatehouse.event_kind set version = 2 where event_type in ('StepTaken', 'ToolCalled');
insert into gatehouse.event_kind (event_type, stream_prefix, law) values
    ('ObservationMade', 'thread/', 'law_in_thread'),
    ('DecisionTaken', 'thread/', 'law_in_thread');
insert into gatehouse.event_right (event_type, role)
    select event_type, 'gh_agent' from unnest(array['ObservationMade', 'DecisionTaken']) as steps (event_type);

revoke all on gatehouse.body, gatehouse.body_use from public;
revoke all on all functions in schema gatehouse from public;
grant select on gatehouse.body to gh_intake, gh_approver, gh_gate, gh_witness;
grant execute on function gatehouse.keep_bodies(text, text, int[], bytea[]) to gh_agent;
