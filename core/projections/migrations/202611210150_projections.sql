-- What the worker folds from the journal for everybody to read: dropped and rebuilt at will, never evidence.
-- `as_of_seq` is the entry that a row was last changed by; `follower` says how far the worker has read.

create table gatehouse.follower (name text primary key, as_of_seq bigint not null);

-- The newest word on households, accounts, models, limits, instructions, schedules, instruments, custodians.
-- `advisor` null: the same for everybody.
create table gatehouse.reference (
    kind      text not null,
    id        text not null,
    advisor   text,
    household text,
    account   text,
    state     jsonb not null,
    as_of_seq bigint not null,
    primary key (kind, id)
);
create index reference_household on gatehouse.reference (household, kind);

create table gatehouse.lot (
    lot            text primary key,
    account        text not null,
    advisor        text not null,
    symbol         text not null,
    quantity       numeric not null,
    cost_per_share numeric not null,
    acquired_on    date not null,
    as_of_seq      bigint not null
);
create index lot_account on gatehouse.lot (account);

create table gatehouse.position (
    account   text not null,
    symbol    text not null,
    advisor   text not null,
    quantity  numeric not null,
    as_of_seq bigint not null,
    primary key (account, symbol)
);

create table gatehouse.cash (
    account   text primary key,
    advisor   text not null,
    settled   numeric not null,
    unsettled numeric not null,
    held      numeric not null,
    as_of_seq bigint not null
);

create table gatehouse.order_state (
    order_id  text primary key,
    proposal  text not null,
    leg       int not null,
    account   text not null,
    advisor   text not null,
    status    text not null,
    state     jsonb not null,
    as_of_seq bigint not null
);
create index order_state_proposal on gatehouse.order_state (proposal);
create index order_state_open on gatehouse.order_state (status)
    where status not in ('FILLED', 'CANCELLED', 'REJECTED', 'EXPIRED', 'DENIED', 'REPLACED');

-- The venues' newest quotes. Synthetic where a simulated venue gives them, and marked so.
create table gatehouse.quote (
    symbol    text not null,
    venue     text not null,
    bid       numeric not null,
    ask       numeric not null,
    session   date not null,
    taken_at  timestamptz not null,
    synthetic boolean not null,
    primary key (symbol, venue)
);

alter table gatehouse.reference enable row level security;
alter table gatehouse.lot enable row level security;
alter table gatehouse.position enable row level security;
alter table gatehouse.cash enable row level security;
alter table gatehouse.order_state enable row level security;
create policy book on gatehouse.reference for select to gh_agent, gh_intake, gh_approver
    using (advisor is null or (select gatehouse.asker_sees_all()) or advisor = (select gatehouse.asker_person()));
-- Who works here, under which login, and whose relative is a client, is nothing that a model needs.
create policy no_staff on gatehouse.reference as restrictive for select to gh_agent using (kind <> 'person');
create policy book on gatehouse.lot for select to gh_agent, gh_intake, gh_approver
    using ((select gatehouse.asker_sees_all()) or advisor = (select gatehouse.asker_person()));
create policy book on gatehouse.position for select to gh_agent, gh_intake, gh_approver
    using ((select gatehouse.asker_sees_all()) or advisor = (select gatehouse.asker_person()));
create policy book on gatehouse.cash for select to gh_agent, gh_intake, gh_approver
    using ((select gatehouse.asker_sees_all()) or advisor = (select gatehouse.asker_person()));
create policy book on gatehouse.order_state for select to gh_agent, gh_intake, gh_approver
    using ((select gatehouse.asker_sees_all()) or advisor = (select gatehouse.asker_person()));
create policy follower on gatehouse.reference to gh_gate using (true) with check (true);
create policy follower on gatehouse.lot to gh_gate using (true) with check (true);
create policy follower on gatehouse.position to gh_gate using (true) with check (true);
create policy follower on gatehouse.cash to gh_gate using (true) with check (true);
create policy follower on gatehouse.order_state to gh_gate using (true) with check (true);

-- What an asker may read of the journal: what she did, and the life of every proposal of her book. By the entry's
-- own stream, never by its trace: a draft's trace is chosen by whoever drafts it.
create view gatehouse.journal_line with (security_barrier) as
    select j.seq, j.recorded_at, j.role, j.actor, j.event_type, j.stream, j.trace_id, j.text
    from gatehouse.journal j
    where gatehouse.asker_sees_all()
       or j.actor = gatehouse.asker_person()
       or j.stream in (select 'proposal/' || p.proposal from gatehouse.proposal p
                       where p.advisor = gatehouse.asker_person())
       or (j.stream like 'order/%' or j.stream like 'trade/%')
          and split_part(j.stream, '/', 2) in (select l.order_id from gatehouse.leg l
                                               where l.advisor = gatehouse.asker_person());

revoke all on all tables in schema gatehouse from public;
grant select, insert, update, delete on gatehouse.follower, gatehouse.reference, gatehouse.lot, gatehouse.position,
    gatehouse.cash, gatehouse.order_state, gatehouse.quote to gh_gate;
grant select on gatehouse.follower, gatehouse.reference, gatehouse.lot, gatehouse.position, gatehouse.cash,
    gatehouse.order_state, gatehouse.quote to gh_agent, gh_intake, gh_approver;
grant select on gatehouse.journal_line to gh_intake, gh_approver;
