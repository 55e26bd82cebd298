-- The firm's library: documents and their passages. `front` stores them; nobody changes them.
-- Vectors are the copilot's own index in its schema and can be rebuilt from here.

create table gatehouse.document (
    document    text primary key,
    title       text not null,
    source      text not null,
    dated       date not null,
    ingested_by text not null references gatehouse.person,
    stored_at   timestamptz not null
);

create table gatehouse.passage (
    id       bigint generated always as identity primary key,
    document text not null references gatehouse.document,
    ordinal  int not null,
    text     text not null,
    unique (document, ordinal)
);

alter table gatehouse.document enable row level security;
alter table gatehouse.passage enable row level security;
-- Everybody who is signed in reads the firm's notes; only who ingests may add, and only as herself.
create policy signed_in on gatehouse.document for select to gh_agent, gh_intake
    using ((select gatehouse.asker_person()) is not null);
create policy signed_in on gatehouse.passage for select to gh_agent, gh_intake
    using ((select gatehouse.asker_person()) is not null);
create policy ingest on gatehouse.document for insert to gh_intake
    with check (ingested_by = (select gatehouse.asker_person()));
create policy ingest on gatehouse.passage for insert to gh_intake
    with check (exists (select from gatehouse.document d where d.document = passage.document
                        and d.ingested_by = (select gatehouse.asker_person())));

revoke all on all tables in schema gatehouse from public;
grant select on gatehouse.document, gatehouse.passage to gh_agent, gh_intake;
grant insert on gatehouse.document, gatehouse.passage to gh_intake;
