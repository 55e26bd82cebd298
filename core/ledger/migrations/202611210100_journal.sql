-- The journal: one append-only table, its head, and who may write what.
-- Nobody may insert, update, delete or truncate: entries come in by gatehouse.append, which is the owner's.

create table gatehouse.journal (
    seq            bigint      primary key,
    recorded_at    timestamptz not null,
    role           text        not null,
    actor          text        not null,
    text           text        not null,
    -- copies that the append takes from `text`; `audit verify` compares them
    event_id       uuid        not null unique,
    event_type     text        not null,
    event_version  int         not null,
    stream         text        not null,
    stream_version bigint      not null,
    trace_id       text        not null,
    occurred_at    timestamptz not null,
    digest         bytea       not null,
    unique (stream, stream_version)
);
create index journal_trace on gatehouse.journal (trace_id, seq);

-- The newest entry. Its lock is the one order in which everything happens.
create table gatehouse.head (
    one         boolean     primary key default true check (one),
    seq         bigint      not null,
    digest      bytea       not null,
    recorded_at timestamptz not null
);
insert into gatehouse.head (seq, digest, recorded_at) values (0, decode(repeat('00', 32), 'hex'), 'epoch');

create table gatehouse.stream_head (stream text primary key, version bigint not null);

-- For ever: the same key and body gets the first answer.
create table gatehouse.idempotency (
    role        text   not null,
    actor       text   not null,
    key         text   not null,
    body_digest bytea  not null,
    seq         bigint not null,
    primary key (role, actor, key)
);

-- What a kind of event is: the streams it lives in, the function of the law that admits it, if one does, and
-- the one version of it that is written now.
create table gatehouse.event_kind (
    event_type    text primary key,
    stream_prefix text not null,
    law           text,
    version       int  not null default 1
);
-- Who may write what is rows, added by the migration that brings the event.
create table gatehouse.event_right (
    event_type text not null references gatehouse.event_kind,
    role       text not null,
    primary key (event_type, role)
);

create function gatehouse.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'the journal is append-only: % of % is refused', tg_op, tg_table_name
        using errcode = 'insufficient_privilege';
end $$;
create trigger journal_rows_stay before update or delete on gatehouse.journal
    for each row execute function gatehouse.refuse_change();
create trigger journal_stays before truncate on gatehouse.journal
    for each statement execute function gatehouse.refuse_change();

revoke all on all tables in schema gatehouse from public;
revoke all on all functions in schema gatehouse from public;
grant usage on schema gatehouse to gh_agent, gh_intake, gh_approver, gh_gate, gh_witness;
grant select on gatehouse.journal, gatehouse.head, gatehouse.event_kind, gatehouse.event_right to gh_gate, gh_witness;
