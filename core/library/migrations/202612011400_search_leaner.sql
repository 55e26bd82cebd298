-- A search looks at half as many candidates of a better graph, and does not plan its last statement anew for what the
-- asker may read. Measured in docs/decisions/0107.

-- Each passage's neighbours are chosen from twice as many, so that 100 candidates hold what 200 held.
drop index copilot.embedding_near;
create index embedding_near on copilot.embedding
    using hnsw ((vector::public.halfvec(384)) public.halfvec_cosine_ops) with (ef_construction = 200);

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
        perform set_config('hnsw.iterative_scan', 'relaxed_order', true), set_config('hnsw.ef_search', '100', true);
        if cardinality(within) = (select count(*) from gatehouse.document) then
            filter := '';
        end if;
        nearest := format(nearest, filter);
    end if;
    execute format('select array_agg(f.passage order by f.distance, f.passage),
                           array_agg(f.distance order by f.distance, f.passage) from (%s) f', nearest)
        into found, distances using vector::public.vector, within, least(most, 200), least(most, 200) + 40;
    -- Planned once a connection; what is above is planned for its question. As a constant of its plan the documents
    -- would be weighed one by one each time: so they are a set that is looked into.
    return query
        select p.id, p.document, p.ordinal, p.text, d.title, d.source, d.dated, d.issuer,
               d.dated > (select m.session from gatehouse.market_day m),
               exists (select from gatehouse.document n where n.series = d.series and n.version > d.version), f.distance
        from unnest(found, distances) as f (passage, distance)
        join gatehouse.passage p on p.id = f.passage join gatehouse.document d on d.document = p.document
        where (p.document in (select unnest(within))) is true order by f.distance, p.id;
end $$;

revoke all on all functions in schema gatehouse from public;
