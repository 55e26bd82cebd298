-- The library of a firm: documents with versions, classes and dates, and who may store and read them.
-- Rows come in by one owner's function and are changed by none; the index beside them is read by functions too.

-- `series`: the document from one version to the next; `known_on`: since when the firm could know it, where that is
-- later than its date; `content`: a digest of its text and of everything said of it.
alter table gatehouse.document
    add column series      text,
    add column version     int  not null default 1 check (version > 0),
    add column issuer      text not null default '',
    add column sensitivity text not null default 'firm'
        check (sensitivity in ('public', 'firm', 'supervision', 'compliance', 'named')),
    add column readers     text[] not null default '{}',
    add column known_on    date check (known_on >= dated),
    add column content     text,
    add column passages    int  not null default 0;
update gatehouse.document d set series = 'document/' || d.document,
    passages = (select count(*) from gatehouse.passage p where p.document = d.document);
create unique index document_versions on gatehouse.document (series, version);

-- What the copilot has not looked at yet.
create table copilot.unindexed (passage bigint primary key references gatehouse.passage on delete cascade);
insert into copilot.unindexed
    select p.id from gatehouse.passage p where not exists (select from copilot.embedding e where e.passage = p.id);
create function gatehouse.passage_waits() returns trigger
    language plpgsql security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
    insert into copilot.unindexed select n.id from new_passages n;
    return null;
end $$;
create trigger waits after insert on gatehouse.passage referencing new table as new_passages
    for each statement execute function gatehouse.passage_waits();

-- Vectors say of which document they are, so that a search filters before it joins: as the passage has it, whoever
-- writes. Half as many bits to find candidates by; the order of an answer is by the whole vector.
alter table copilot.embedding add column document text;
update copilot.embedding e set document = p.document from gatehouse.passage p where p.id = e.passage;
create function gatehouse.vector_of_document() returns trigger
    language plpgsql security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
    new.document := (select p.document from gatehouse.passage p where p.id = new.passage);
    return new;
end $$;
create trigger of_document before insert or update on copilot.embedding
    for each row execute function gatehouse.vector_of_document();
drop index copilot.embedding_near;
create index embedding_near on copilot.embedding
    using hnsw ((vector::public.halfvec(384)) public.halfvec_cosine_ops) with (ef_construction = 96);
create index embedding_document on copilot.embedding (document);

-- The documents that the asker may read, in any version. A version is closed to whoever may not read a newer one:
-- what was classed higher is not read in what it was before. A conversation about one household reads what is about
-- that household, and nothing about another of the same book.
create function gatehouse.library_open() returns setof text
    language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
    with who as (
        select a.person, a.role, a.role in ('principal', 'compliance', 'operations', 'auditor') as supervises,
               t.household as pinned
        from gatehouse.asker a
        left join gatehouse.session s on s.session = a.session
        left join gatehouse.thread t on t.thread = s.thread
        where a.pid = pg_backend_pid() and a.xid = pg_current_xact_id_if_assigned()
          and not exists (select from gatehouse.machine m where m.session = a.session)
    ), judged as (
        select d.document, d.series, d.version,
            case d.sensitivity
                when 'public' then true
                when 'firm' then true
                when 'supervision' then who.supervises or d.ingested_by = who.person
                when 'compliance' then who.role = 'compliance' or d.ingested_by = who.person
                else who.person = any (d.readers) or who.role = 'compliance' or d.ingested_by = who.person
            end
            and (d.subject is null or d.subject = who.person or gatehouse.in_book(d.subject) and (
                who.pinned is null or d.subject = who.pinned
                or exists (select from gatehouse.account a
                           where d.subject = any (a.owners) and a.household = who.pinned))) as readable
        from who cross join gatehouse.document d
    )
    select j.document from judged j
    where j.readable and not exists (
        select from judged n where n.series = j.series and n.version > j.version and not n.readable)
$$;

drop policy signed_in on gatehouse.document;
drop policy of_somebody on gatehouse.document;
drop policy ingest on gatehouse.document;
drop policy signed_in on gatehouse.passage;
drop policy of_somebody on gatehouse.passage;
drop policy ingest on gatehouse.passage;
create policy open_to_asker on gatehouse.document for select to gh_agent, gh_intake
    using (document in (select gatehouse.library_open()));
create policy open_to_asker on gatehouse.passage for select to gh_agent, gh_intake
    using (document in (select gatehouse.library_open()));
revoke insert on gatehouse.document, gatehouse.passage from gh_intake;

-- Stores a document whole, or says that it is there. What everybody's copilot may quote comes from research, compliance
-- and operations; everybody else stores what is about somebody in her book, or what she alone reads.
-- `outcome`: 'stored', 'unchanged', 'wanted' (no passages came, and these would be stored), or why not.
-- `kept`: what the row says, whoever stored it first.
create function gatehouse.library_store(said jsonb, passages text[],
                                        out document text, out version int, out outcome text, out kept jsonb)
    language plpgsql security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
#variable_conflict use_column
declare
    who gatehouse.asker;
    keeps boolean;
    about text := said->>'subject';
    named text := coalesce(said->>'name', '');
    body text := said->>'body_digest';
    class text := coalesce(said->>'sensitivity', 'firm');
    may_read text[] := array(select jsonb_array_elements_text(coalesce(said->'readers', '[]')) order by 1);
    of_series text;
    digest text := encode(sha256(convert_to((said - 'subject' - 'name')::text, 'UTF8')), 'hex');
    newest gatehouse.document;
begin
    select * into who from gatehouse.asker a
        where a.pid = pg_backend_pid() and a.xid = pg_current_xact_id_if_assigned();
    if who.person is null or exists (select from gatehouse.machine m where m.session = who.session) then
        outcome := 'not_signed_in';
        return;
    end if;
    keeps := who.role in ('research', 'compliance', 'operations');
    if about is not null and not gatehouse.in_book(about) then
        outcome := 'not_in_book';
        return;
    elsif about is null and not keeps and (class <> 'named' or may_read <> array[who.person]) then
        outcome := 'not_a_librarian';
        return;
    elsif class = 'named' and (cardinality(may_read) = 0
            or exists (select unnest(may_read) except select p.person from gatehouse.person p)) then
        outcome := 'unknown_reader';
        return;
    elsif class <> 'named' and may_read <> '{}' or named = '' and class <> 'firm'
            or coalesce(body, '') !~ '^[0-9a-f]{64}$' then
        outcome := 'malformed';
        return;
    elsif cardinality(passages) = 0 or cardinality(passages) > 20000
            or exists (select from unnest(passages) as p (text) where length(p.text) > 20000) then
        outcome := 'too_large';
        return;
    end if;
    if named = '' then
        -- Of a text without a name there is one version: the same text again is the same document.
        of_series := 'body/' || coalesce(about, '') || '/' || body;
        document := 'doc-' || left(case when about is null then body
            else encode(sha256(convert_to(about || '/' || body, 'UTF8')), 'hex') end, 24);
        select * into newest from gatehouse.document d where d.document = library_store.document;
        digest := newest.content;
    else
        of_series := 'name/' || coalesce('subject/' || about, case when not keeps then 'person/' || who.person end, 'firm')
            || '/' || named;
        select * into newest from gatehouse.document d where d.series = of_series order by d.version desc limit 1;
    end if;
    if newest.document is not null and newest.content is not distinct from digest then
        document := newest.document;
        version := newest.version;
        outcome := 'unchanged';
        kept := jsonb_build_object('title', newest.title, 'source', newest.source, 'dated', newest.dated,
                                   'passages', newest.passages);
        return;
    end if;
    version := coalesce(newest.version, 0) + 1;
    if named <> '' then
        document := 'doc-' || left(encode(sha256(convert_to(of_series || '/' || version || '/' || digest, 'UTF8')), 'hex'), 24);
    end if;
    if passages is null then
        outcome := 'wanted';
        return;
    end if;
    insert into gatehouse.document (document, title, source, dated, subject, ingested_by, stored_at, series, version,
                                    issuer, sensitivity, readers, known_on, content, passages)
        values (document, said->>'title', said->>'source', (said->>'dated')::date, about, who.person, clock_timestamp(),
                of_series, version, coalesce(said->>'issuer', ''), class, may_read, (said->>'known_on')::date, digest,
                cardinality(passages))
        on conflict do nothing;
    if not found then
        outcome := 'again';  -- somebody stored a version of it in this moment
        return;
    end if;
    insert into gatehouse.passage (document, ordinal, text)
        select library_store.document, p.ordinal - 1, p.text
        from unnest(passages) with ordinality as p (text, ordinal);
    outcome := 'stored';
    kept := said || jsonb_build_object('passages', cardinality(passages));
end $$;

-- How far the copilot has looked at what the asker may read or has stored.
create function gatehouse.library_standing(out documents bigint, out passages bigint, out waiting bigint)
    language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
    with mine as (select d.document, d.passages from gatehouse.document d
                  where d.document in (select gatehouse.library_open()))
    select (select count(*) from mine), (select coalesce(sum(m.passages), 0)::bigint from mine m),
           (select count(*) from copilot.unindexed u join gatehouse.passage p on p.id = u.passage
            where p.document in (select m.document from mine m))
$$;

create function gatehouse.library_unindexed(most int)
    returns table (id bigint, document text, ordinal int, text text, title text, source text, dated date,
                   issuer text, later boolean, superseded boolean)
    language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
    select p.id, p.document, p.ordinal, p.text, d.title, d.source, d.dated, d.issuer, false, false
    from copilot.unindexed u join gatehouse.passage p on p.id = u.passage join gatehouse.document d using (document)
    where p.document in (select gatehouse.library_open()) order by p.id limit least(most, 1000)
$$;

-- Takes a vector for a passage that waits for one and that the asker may read. What has one keeps it: a copilot that
-- was taken over moves nothing for anybody else. To make the index anew, its owner has the passages wait again.
create function gatehouse.library_index(passage bigint, vector text, model text) returns boolean
    language plpgsql security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
#variable_conflict use_column
begin
    delete from copilot.unindexed u using gatehouse.passage p
        where u.passage = library_index.passage and p.id = u.passage and p.document in (select gatehouse.library_open());
    if not found then
        return false;
    end if;
    insert into copilot.embedding (passage, vector, model)
        values (library_index.passage, library_index.vector::public.vector, left(library_index.model, 200))
        on conflict (passage) do update set vector = excluded.vector, model = excluded.model;
    return true;
end $$;

-- What a question finds: what the asker may read, of the newest version that was known on that day. Without a day,
-- everything that is stored.
create function gatehouse.library_within(as_of date) returns setof gatehouse.document
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select d.* from gatehouse.document d
    where d.document in (select gatehouse.library_open())
      and (as_of is null or coalesce(d.known_on, d.dated) <= as_of)
      and not exists (select from gatehouse.document n where n.series = d.series and n.version > d.version
                      and (as_of is null or coalesce(n.known_on, n.dated) <= as_of))
$$;

-- The passages nearest to a vector, by cosine distance. Few: each is compared. Many: candidates come from the index,
-- which goes on until enough of them may be read (`hnsw.iterative_scan`), and are compared whole.
create function gatehouse.library_nearest(vector text, most int, as_of date)
    returns table (id bigint, document text, ordinal int, text text, title text, source text, dated date,
                   issuer text, later boolean, superseded boolean, distance double precision)
    language plpgsql security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
#variable_conflict use_column
declare
    compared_up_to constant bigint := 5000;  -- below it each is compared, which is exact
    within text[];
    reach bigint;
    filter text := 'and (e.document in (select unnest($2))) is true';  -- hashed once, and leaves the index its order
    nearest text := 'select c.passage, c.vector operator(public.<=>) $1 as distance from (
            select e.passage, e.vector from copilot.embedding e where true %s
            order by (e.vector::public.halfvec(384)) operator(public.<=>) $1::public.halfvec(384) limit $4) c
        order by 2, 1 limit $3';
begin
    select coalesce(array_agg(d.document), '{}'), coalesce(sum(d.passages), 0) into within, reach
        from gatehouse.library_within(as_of) d;
    if reach <= compared_up_to then
        nearest := 'select e.passage, e.vector operator(public.<=>) $1 as distance from copilot.embedding e
            where e.document = any ($2) order by 2, 1 limit $3';
    else
        perform set_config('hnsw.iterative_scan', 'relaxed_order', true), set_config('hnsw.ef_search', '120', true);
        if cardinality(within) = (select count(*) from gatehouse.document) then
            filter := '';
        end if;
        nearest := format(nearest, filter);
    end if;
    return query execute format(
        'select p.id, p.document, p.ordinal, p.text, d.title, d.source, d.dated, d.issuer,
                d.dated > (select m.session from gatehouse.market_day m),
                exists (select from gatehouse.document n where n.series = d.series and n.version > d.version), f.distance
         from (%s) f join gatehouse.passage p on p.id = f.passage join gatehouse.document d using (document)
         where p.document = any ($2) order by f.distance, p.id', nearest)
        using vector::public.vector, within, least(most, 200), least(most, 200) + 40;
end $$;

-- Passages that hold these very words, newest first.
create function gatehouse.library_quoting(words text, most int, as_of date)
    returns table (id bigint, document text, ordinal int, text text, title text, source text, dated date,
                   issuer text, later boolean, superseded boolean)
    language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
    select p.id, p.document, p.ordinal, p.text, d.title, d.source, d.dated, d.issuer,
           d.dated > (select m.session from gatehouse.market_day m),
           exists (select from gatehouse.document n where n.series = d.series and n.version > d.version)
    from gatehouse.library_within(as_of) d join gatehouse.passage p on p.document = d.document
    where position(lower(words) in lower(p.text)) > 0 order by d.dated desc, p.id limit least(most, 200)
$$;

alter table copilot.unindexed enable row level security;
revoke all on copilot.embedding, copilot.unindexed from gh_agent;
revoke all on all functions in schema gatehouse from public;
grant execute on function gatehouse.library_open() to gh_agent, gh_intake;
grant execute on function gatehouse.library_store(jsonb, text[]), gatehouse.library_standing() to gh_intake;
grant execute on function gatehouse.library_unindexed(int), gatehouse.library_index(bigint, text, text),
    gatehouse.library_nearest(text, int, date), gatehouse.library_quoting(text, int, date) to gh_agent;
