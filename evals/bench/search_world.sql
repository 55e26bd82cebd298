-- people --
insert into gatehouse.person (person, login, role, engaged_seq)
select a.person, a.person, 'advisor', 1 from unnest(%(people)s::text[]) as a (person) on conflict do nothing;

-- threads --
insert into gatehouse.thread (thread, person, household, trace, opened_at)
select 'thr-' || a.person, a.person, null, repeat('0', 32), clock_timestamp()
from unnest(%(people)s::text[]) as a (person);

-- session --
insert into gatehouse.session (session, ticket_hash, person, thread, opened_at, expires_at)
values (gen_random_uuid(), %(ticket_hash)s, %(person)s, 'thr-' || %(person)s, clock_timestamp(),
        clock_timestamp() + interval '1 day');

-- documents --
-- Document n may be read by whoever sees every `steps[i]`-th.
insert into gatehouse.document (document, title, source, dated, ingested_by, stored_at, series, version, sensitivity,
                                readers, passages)
select 'doc-' || lpad(n::text, 24, '0'), 'Document ' || n, 'drawn', date '2022-01-03' + (n %% 300), 'librarian',
       clock_timestamp(), 'name/firm/' || n, 1, 'named',
       array(select s.person from unnest(%(people)s::text[], %(steps)s::int[]) as s (person, step) where n %% s.step = 0),
       %(each)s
from generate_series(0, %(documents)s - 1) as n;

-- passages --
insert into gatehouse.passage (document, ordinal, text)
select 'doc-' || lpad(n::text, 24, '0'), o, 'Passage ' || o || ' of document ' || n || '. ' || repeat('Words of a filing. ', 30)
from generate_series(0, %(documents)s - 1) as n, generate_series(0, %(each)s - 1) as o order by n, o;

-- drop_index --
drop index copilot.embedding_near;

-- index_source --
select pg_get_indexdef('copilot.embedding_near'::regclass) as source;

-- first_passage --
select min(id) as id from gatehouse.passage;

-- exact_source --
select pg_get_functiondef('gatehouse.library_nearest(text, integer, date)'::regprocedure) as source;

-- search_source --
select pg_get_functiondef('gatehouse.library_search(text, text, integer, date)'::regprocedure) as source;

-- sequential --
-- The plainest exact scan there is: every vector read, and of the permission only the documents' names.
select e.passage as id from copilot.embedding e where (e.document in (select unnest(%(within)s::text[]))) is true
order by e.vector operator(public.<=>) %(vector)s::public.vector limit %(limit)s;

-- within --
select d.document from gatehouse.document d where %(person)s = any (d.readers);
