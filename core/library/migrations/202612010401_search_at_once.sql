-- A search is one statement: it says who asks, and is answered. What the asker may read is found in one look at the
-- documents; only those that replace another are looked at twice. Measured in docs/decisions/0105.

-- Each document, and whether the asker may read it for itself, whatever there is in newer versions. A conversation about
-- one household reads what is about that household, and nothing about another of the same book.
create function gatehouse.library_judged()
    returns table (document text, series text, version int, passages int, known date, readable boolean)
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    with who as (
        select a.person, a.role, a.role in ('principal', 'compliance', 'operations', 'auditor') as supervises,
               t.household as pinned
        from gatehouse.asker a
        left join gatehouse.session s on s.session = a.session
        left join gatehouse.thread t on t.thread = s.thread
        where a.pid = pg_backend_pid() and a.xid = pg_current_xact_id_if_assigned()
          and not exists (select from gatehouse.machine m where m.session = a.session)
    )
    select d.document, d.series, d.version, d.passages, coalesce(d.known_on, d.dated),
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
                       where d.subject = any (a.owners) and a.household = who.pinned)))
    from who cross join gatehouse.document d
$$;

-- The documents that the asker may read, in any version. A version is closed to whoever may not read a newer one:
-- what was classed higher is not read in what it was before.
create or replace function gatehouse.library_open() returns setof text
    language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
    with judged as materialized (select * from gatehouse.library_judged())
    select j.document from judged j
    where j.readable and not exists (
        select from judged n where n.version > 1 and not n.readable and n.series = j.series and n.version > j.version)
$$;

-- What a question finds: what the asker may read, of the newest version that was known on that day, and how many
-- passages that is. Without a day, everything that is stored.
create function gatehouse.library_reach(as_of date, out within text[], out reach bigint)
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    with judged as materialized (select * from gatehouse.library_judged())
    select coalesce(array_agg(j.document), '{}'), coalesce(sum(j.passages), 0)::bigint from judged j
    where j.readable and (as_of is null or j.known <= as_of)
      and not exists (select from judged n where n.version > 1 and n.series = j.series and n.version > j.version
                      and (not n.readable or as_of is null or n.known <= as_of))
$$;

-- The passages nearest to a vector, by cosine distance. Few: each is compared. More: their signs are, and the best of
-- them whole. Many: candidates come from the index, which goes on until enough of them may be read
-- (`hnsw.iterative_scan`), and are compared whole.
create or replace function gatehouse.library_nearest(vector text, most int, as_of date)
    returns table (id bigint, document text, ordinal int, text text, title text, source text, dated date,
                   issuer text, later boolean, superseded boolean, distance double precision)
    language plpgsql security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
#variable_conflict use_column
declare
    compared_up_to constant bigint := 2000;  -- below it each is compared, which is exact
    signs_up_to constant bigint := 20000;
    by_signs constant int := 300;  -- among which 99 of 100 of the nearest ten are
    within text[];
    reach bigint;
    found bigint[];
    distances double precision[];
    filter text := 'and (e.document in (select unnest($2))) is true';  -- hashed once, and leaves the index its order
    nearest text := 'select c.passage, c.vector operator(public.<=>) $1 as distance from (
            select e.passage, e.vector from copilot.embedding e where true %s
            order by (e.vector::public.halfvec(384)) operator(public.<=>) $1::public.halfvec(384) limit $4) c
        order by 2, 1 limit $3';
begin
    select r.within, r.reach into within, reach from gatehouse.library_reach(as_of) r;
    if reach <= compared_up_to then
        nearest := 'select e.passage, e.vector operator(public.<=>) $1 as distance from copilot.embedding e
            where e.document = any ($2) order by 2, 1 limit $3';
    elsif reach <= signs_up_to then
        nearest := format('select c.passage, e.vector operator(public.<=>) $1 as distance from (
                select e.passage from copilot.embedding e where e.document = any ($2)
                order by e.signs operator(public.<~>) public.binary_quantize($1)::bit(384), e.passage limit $4 + %s) c
            join copilot.embedding e on e.passage = c.passage order by 2, 1 limit $3', by_signs);
    else
        perform set_config('hnsw.iterative_scan', 'relaxed_order', true), set_config('hnsw.ef_search', '200', true);
        if cardinality(within) = (select count(*) from gatehouse.document) then
            filter := '';
        end if;
        nearest := format(nearest, filter);
    end if;
    execute format('select array_agg(f.passage order by f.distance, f.passage),
                           array_agg(f.distance order by f.distance, f.passage) from (%s) f', nearest)
        into found, distances using vector::public.vector, within, least(most, 200), least(most, 200) + 40;
    -- Planned once a connection; what is above is planned for its question.
    return query
        select p.id, p.document, p.ordinal, p.text, d.title, d.source, d.dated, d.issuer,
               d.dated > (select m.session from gatehouse.market_day m),
               exists (select from gatehouse.document n where n.series = d.series and n.version > d.version), f.distance
        from unnest(found, distances) as f (passage, distance)
        join gatehouse.passage p on p.id = f.passage join gatehouse.document d on d.document = p.document
        where p.document = any (within) order by f.distance, p.id;
end $$;

-- The same, of whoever's ticket that is, in one statement. One row of nulls but `signed_in`: the session has ended.
create function gatehouse.library_search(ticket text, vector text, most int, as_of date)
    returns table (signed_in boolean, id bigint, document text, ordinal int, text text, title text, source text,
                   dated date, issuer text, later boolean, superseded boolean, distance double precision)
    language plpgsql security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
    if gatehouse.present(library_search.ticket) is null then
        return query select false, null::bigint, null, null::int, null, null, null, null::date, null,
                            null::boolean, null::boolean, null::double precision;
        return;
    end if;
    return query select true, f.*
        from gatehouse.library_nearest(library_search.vector, library_search.most, library_search.as_of) f;
end $$;

revoke all on all functions in schema gatehouse from public;
grant execute on function gatehouse.library_search(text, text, int, date) to gh_agent;
