-- People, what they may do, their sessions, and who is asking.

create table gatehouse.person (
    person             text   primary key,
    login              text   not null unique,
    role               text   not null,
    reports_to         text,
    related_households text[] not null default '{}',
    engaged_seq        bigint not null
);

create table gatehouse.registration (
    person       text not null references gatehouse.person,
    registration text not null,
    valid_from   date not null,
    valid_until  date,
    primary key (person, registration, valid_from)
);

-- The verifier is the sha256 of a proof that only the password yields (Argon2id, made in `front`):
-- who reads this table, or holds the login of `front`, cannot sign in with it.
create table gatehouse.credential (
    login      text        primary key,
    person     text        not null references gatehouse.person,
    salt       bytea       not null,
    verifier   bytea       not null,
    changed_at timestamptz not null
);
create table gatehouse.failed_sign_in (login text not null, at timestamptz not null);
create index failed_sign_in_login on gatehouse.failed_sign_in (login, at);

-- A ticket is 32 random bytes that only the person's browser and `front` hold; here is its hash.
-- `thread` set: a copilot's ticket, good for reading, drafting and recording, never for a decision.
create table gatehouse.session (
    session     uuid        primary key,
    ticket_hash bytea       not null unique,
    person      text        not null references gatehouse.person,
    parent      uuid        references gatehouse.session,
    thread      text,
    opened_at   timestamptz not null,
    expires_at  timestamptz not null,
    closed_at   timestamptz
);

create table gatehouse.thread (
    thread    text        primary key,
    person    text        not null references gatehouse.person,
    household text,
    trace     text        not null,
    opened_at timestamptz not null
);

-- Which session a backend reads for, in this transaction and in no other.
create unlogged table gatehouse.asker (
    pid     int  primary key,
    xid     xid8 not null,
    person  text not null,
    role    text not null,
    session uuid not null
);

create function gatehouse.live_session(ticket text) returns gatehouse.session
    language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
    select s.* from gatehouse.session s
    where s.ticket_hash = sha256(convert_to(ticket, 'UTF8'))
      and s.closed_at is null and s.expires_at > clock_timestamp()
      and not exists (select from gatehouse.session p
                      where p.session = s.parent and (p.closed_at is not null or p.expires_at <= clock_timestamp()))
$$;

-- Binds the session to this backend until the transaction ends. Null: no such session.
-- The copilot's login may present only a copilot's ticket, the others only a person's own.
create function gatehouse.present(ticket text) returns text
    language plpgsql security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    found_session gatehouse.session := gatehouse.live_session(ticket);
    found_role text;
begin
    delete from gatehouse.asker where pid = pg_backend_pid();
    if found_session.session is null or (found_session.thread is not null) <> (session_user = 'gh_agent') then
        return null;
    end if;
    select p.role into found_role from gatehouse.person p where p.person = found_session.person;
    insert into gatehouse.asker values
        (pg_backend_pid(), pg_current_xact_id(), found_session.person, found_role, found_session.session);
    return found_session.person;
end $$;

-- `front` opens words for the copilot by the copilot's own ticket: the one case where it may present that.
create function gatehouse.present_for_words(ticket text) returns text
    language plpgsql security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    found_session gatehouse.session := gatehouse.live_session(ticket);
begin
    delete from gatehouse.asker where pid = pg_backend_pid();
    if found_session.session is null then
        return null;
    end if;
    insert into gatehouse.asker
        select pg_backend_pid(), pg_current_xact_id(), p.person, p.role, found_session.session
        from gatehouse.person p where p.person = found_session.person;
    return found_session.person;
end $$;

create function gatehouse.asker_person() returns text
    language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
    select person from gatehouse.asker where pid = pg_backend_pid() and xid = pg_current_xact_id_if_assigned()
$$;

-- Principals, compliance, operations and auditors supervise: they see every book.
create function gatehouse.asker_sees_all() returns boolean
    language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
    select coalesce((select role in ('principal', 'compliance', 'operations', 'auditor') from gatehouse.asker
                     where pid = pg_backend_pid() and xid = pg_current_xact_id_if_assigned()), false)
$$;

create function gatehouse.sign_in_salt(login text) returns bytea
    language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
    -- An unknown login gets a salt too, always the same, so that the two cannot be told apart.
    select coalesce((select c.salt from gatehouse.credential c where c.login = sign_in_salt.login),
                    substring(sha256(convert_to('no such login: ' || sign_in_salt.login, 'UTF8')) for 16))
$$;

-- `proof` is Argon2id(password, salt). Answers the person, or a reason: 'wrong', 'too_many'.
create function gatehouse.open_session(login text, proof bytea, session uuid, ticket_hash bytea,
                                       out person text, out expires_at timestamptz, out refused text)
    language plpgsql security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    moment timestamptz := clock_timestamp();
    known gatehouse.credential;
begin
    delete from gatehouse.failed_sign_in f where f.at < moment - interval '15 minutes';
    if (select count(*) from gatehouse.failed_sign_in f where f.login = open_session.login) >= 10 then
        refused := 'too_many';
        return;
    end if;
    select * into known from gatehouse.credential c where c.login = open_session.login;
    if known.login is null or sha256(proof) <> known.verifier then
        insert into gatehouse.failed_sign_in values (open_session.login, moment);
        refused := 'wrong';
        return;
    end if;
    person := known.person;
    expires_at := moment + interval '12 hours';
    insert into gatehouse.session (session, ticket_hash, person, opened_at, expires_at)
        values (open_session.session, open_session.ticket_hash, known.person, moment, open_session.expires_at);
end $$;

-- A ticket for the copilot: the same person, one thread, half an hour, ended with its parent.
create function gatehouse.open_thread_session(ticket text, thread text, session uuid, ticket_hash bytea)
    returns timestamptz
    language plpgsql security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    parent gatehouse.session := gatehouse.live_session(ticket);
    until timestamptz;
begin
    if parent.session is null or parent.thread is not null
       or not exists (select from gatehouse.thread t
                      where t.thread = open_thread_session.thread and t.person = parent.person) then
        return null;
    end if;
    until := least(parent.expires_at, clock_timestamp() + interval '30 minutes');
    insert into gatehouse.session (session, ticket_hash, person, parent, thread, opened_at, expires_at)
        values (open_thread_session.session, open_thread_session.ticket_hash, parent.person, parent.session,
                open_thread_session.thread, clock_timestamp(), until);
    return until;
end $$;

create function gatehouse.close_session(ticket text) returns void
    language sql security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
    update gatehouse.session set closed_at = clock_timestamp()
    where ticket_hash = sha256(convert_to(ticket, 'UTF8')) and closed_at is null
$$;

revoke all on all tables in schema gatehouse from public;
revoke all on all functions in schema gatehouse from public;
grant select on gatehouse.person, gatehouse.registration to gh_intake, gh_approver, gh_gate;
grant execute on function gatehouse.present(text) to gh_agent, gh_intake, gh_approver;
grant execute on function gatehouse.present_for_words(text) to gh_intake;
grant execute on function gatehouse.asker_person(), gatehouse.asker_sees_all()
    to gh_agent, gh_intake, gh_approver, gh_gate, gh_witness;
grant execute on function gatehouse.sign_in_salt(text) to gh_intake;
grant execute on function gatehouse.open_session(text, bytea, uuid, bytea) to gh_intake;
grant execute on function gatehouse.open_thread_session(text, text, uuid, bytea) to gh_intake;
grant execute on function gatehouse.close_session(text) to gh_intake;
