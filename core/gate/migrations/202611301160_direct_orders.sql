-- Direct orders: a machine's credential, whose book it drafts in, and what `front` may assess without the worker.

-- A machine that places orders by a key: a person to the record, with no password, no registration and no book of its
-- own. It drafts in one advisor's book and does nothing else: every other law asks for a role or a book that it has not.
create table gatehouse.machine (
    machine     text primary key references gatehouse.person,
    advisor     text not null references gatehouse.person,
    session     uuid not null references gatehouse.session,
    admitted_by text not null references gatehouse.person,
    admitted_at timestamptz not null,
    expires_at  timestamptz not null,
    dismissed_at timestamptz
);
alter table gatehouse.machine enable row level security;
create policy supervised on gatehouse.machine for select to gh_approver using ((select gatehouse.asker_sees_all()));
revoke all on gatehouse.machine from public;
grant select on gatehouse.machine to gh_approver;

-- Whose book this person drafts in: a machine's advisor's, anybody else's own.
create function gatehouse.book_of(of_person text) returns text
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select coalesce((select m.advisor from gatehouse.machine m where m.machine = of_person), of_person)
$$;

-- Binds a machine's key to this backend until the transaction ends: it reads its advisor's book, as an advisor does.
-- Null: no such key, or it has ended. `machine`: as whom it drafts.
create function gatehouse.present_machine(key text, out advisor text, out machine text)
    language plpgsql security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    found_session gatehouse.session := gatehouse.live_session(key);
begin
    delete from gatehouse.asker where pid = pg_backend_pid();
    select m.advisor, m.machine into present_machine.advisor, present_machine.machine
        from gatehouse.machine m where m.session = found_session.session;
    if present_machine.machine is not null then
        insert into gatehouse.asker
            values (pg_backend_pid(), pg_current_xact_id(), present_machine.advisor, 'advisor', found_session.session);
    end if;
end $$;

-- Operations admits a machine: its key is 32 random bytes that only the machine holds; here is its hash.
create function gatehouse.law_machine_admitted(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    named text := e.payload->>'machine';
    opened uuid := gen_random_uuid();
    until timestamptz := e.recorded_at + make_interval(days => (e.payload->>'days')::int);
begin
    if e.stream <> 'machine/' || named or e.stream_version <> 1 then
        return 'wrong_stream';
    end if;
    if (select role from gatehouse.person where person = e.person) is distinct from 'operations' then
        return 'not_operations';
    end if;
    if (select role from gatehouse.person where person = e.payload->>'advisor') is distinct from 'advisor' then
        return 'not_an_advisor';
    end if;
    if named !~ '^mch-[a-z0-9-]{1,40}$' or e.payload->>'key_hash' !~ '^[0-9a-f]{64}$'
       or (e.payload->>'days')::int not between 1 and 400
       or exists (select from gatehouse.person p where p.person = named or p.login = named) then
        return 'malformed_payload';
    end if;
    insert into gatehouse.person (person, login, role, engaged_seq) values (named, named, 'machine', e.seq);
    insert into gatehouse.session (session, ticket_hash, person, opened_at, expires_at)
        values (opened, decode(e.payload->>'key_hash', 'hex'), named, e.recorded_at, until);
    insert into gatehouse.machine values (named, e.payload->>'advisor', opened, e.person, e.recorded_at, until);
    return null;
end $$;

create function gatehouse.law_machine_dismissed(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    m gatehouse.machine;
begin
    select * into m from gatehouse.machine where machine = e.payload->>'machine';
    if m.machine is null or e.stream <> 'machine/' || m.machine then
        return 'wrong_stream';
    end if;
    if (select role from gatehouse.person where person = e.person) is distinct from 'operations' then
        return 'not_operations';
    end if;
    if m.dismissed_at is not null then
        return 'already_decided';
    end if;
    update gatehouse.machine set dismissed_at = e.recorded_at where machine = m.machine;
    update gatehouse.session set closed_at = e.recorded_at where session = m.session and closed_at is null;
    return null;
end $$;

-- Who may assess a draft, or deny it at draft: the worker any; `front` a direct order that this very person has just
-- drafted in her own session, and never an agent's. Its one leg is the order that was asked for, to the last field.
create function gatehouse.law_who_assesses(e gatehouse.incoming, p gatehouse.proposal, content jsonb) returns text
    language plpgsql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    leg jsonb := content->'legs'->0;
begin
    if e.role = 'gh_gate' then
        return null;
    end if;
    if e.role <> 'gh_intake' or p.agent is not null or p.drafted_by is distinct from e.person or p.kind <> 'order'
       or p.status <> 'DRAFTED' then
        return 'not_yours_to_assess';
    end if;
    if content is null then
        return null;
    end if;
    if jsonb_array_length(content->'legs') <> 1
       or (leg->>'account', leg->>'symbol', leg->>'side', leg->>'order_type', leg->>'time_in_force')
          is distinct from (p.request->'accounts'->>0, p.request->>'symbol', p.request->>'side',
                            coalesce(p.request->>'order_type', 'market'), 'day')
       or (leg->>'quantity')::numeric is distinct from (p.request->>'quantity')::numeric
       or (leg->>'limit_price')::numeric is distinct from (p.request->>'limit_price')::numeric
       or (leg->>'may_release_less')::boolean or leg->'funded_by' <> '[]' then
        return 'content_mismatch';
    end if;
    return null;
end $$;

-- As before, and asks who denies.
create or replace function gatehouse.law_proposal_denied(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    p gatehouse.proposal;
    fault text;
begin
    select * into p from gatehouse.proposal where proposal = e.payload->>'proposal';
    if p.proposal is null or e.stream <> 'proposal/' || p.proposal then
        return 'wrong_stream';
    end if;
    if p.status <> (case e.payload->>'at' when 'draft' then 'DRAFTED' else 'APPROVED' end) then
        return 'already_decided';
    end if;
    fault := gatehouse.law_who_assesses(e, p, null);  -- who may assess this draft may deny it, and nothing else
    if fault is not null then
        return fault;
    end if;
    perform gatehouse.end_proposal(p.proposal, 'DENIED', e);
    update gatehouse.proposal set denied_at = e.payload->>'at', differences = e.payload->'differences',
        findings = e.payload->'findings' where proposal = p.proposal;
    return null;
end $$;

-- What moved in a book since: `front` reads the households again that these are of.
create index proposal_moved on gatehouse.proposal (last_seq)
    where status not in ('DRAFTED', 'ASSESSED') and denied_at is distinct from 'draft';
create index reference_moved on gatehouse.reference (as_of_seq);
create index cash_moved on gatehouse.cash (as_of_seq);

-- Which households are those, by their pseudonyms and no more, and how far the worker has folded: one question for
-- all books of a process. What moved and is not folded yet is told again until it is.
create function gatehouse.moved_since(after bigint) returns table (advisor text, household text, as_of_seq bigint)
    language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
    with follower as (
        select coalesce((select f.as_of_seq from gatehouse.follower f where f.name = 'book'), 0) as seq)
    select m.advisor, m.household, follower.seq from follower left join (
        select p.advisor, p.household from gatehouse.proposal p
            where p.last_seq > moved_since.after
              and p.status not in ('DRAFTED', 'ASSESSED') and p.denied_at is distinct from 'draft'
        union select r.advisor, r.household from gatehouse.reference r
            where r.as_of_seq > moved_since.after and r.household is not null
        union select a.advisor, a.household from gatehouse.cash c join gatehouse.account a using (account)
            where c.as_of_seq > moved_since.after) as m on true
$$;

insert into gatehouse.event_kind (event_type, stream_prefix, law) values
    ('MachineAdmitted', 'machine/', 'law_machine_admitted'),
    ('MachineDismissed', 'machine/', 'law_machine_dismissed');

insert into gatehouse.event_right (event_type, role)
    select event_type, 'gh_approver' from unnest(array[
        'MachineAdmitted', 'MachineDismissed']) as operations (event_type)
    union all select event_type, 'gh_intake' from unnest(array[
        'ProposalAssessed', 'ProposalDenied']) as direct (event_type);

revoke all on all functions in schema gatehouse from public;
grant execute on function gatehouse.present_machine(text), gatehouse.moved_since(bigint) to gh_intake;
