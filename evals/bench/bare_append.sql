-- The append without a single check: it numbers, chains and inserts what it is given. What the real one takes
-- beyond this is the price of rights, forms, sessions, versions, keys and laws.
create or replace function bench.bare_append(entries jsonb) returns setof bigint
    language plpgsql set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    at_head gatehouse.head;
    item record;
    kept gatehouse.journal[] := '{}';
begin
    select * into at_head from bench.head for update;
    for item in
        select e.text, e.text::jsonb as said from jsonb_to_recordset(entries) as e (text text)
    loop
        at_head.seq := at_head.seq + 1;
        at_head.recorded_at := greatest(clock_timestamp(), at_head.recorded_at);
        at_head.digest := sha256(at_head.digest || gatehouse.leaf(
            at_head.seq, at_head.recorded_at, 'gh_agent', 'adv-1', item.text));
        kept := kept || row(
            at_head.seq, at_head.recorded_at, 'gh_agent', 'adv-1', item.text, item.said->>'event_id',
            item.said->>'event_type', item.said->>'event_version', item.said->>'stream',
            item.said->>'stream_version', item.said->>'trace_id', item.said->>'occurred_at',
            at_head.digest)::gatehouse.journal;
    end loop;
    insert into bench.journal select * from unnest(kept);
    update bench.head set seq = at_head.seq, digest = at_head.digest, recorded_at = at_head.recorded_at;
    return query select k.seq from unnest(kept) as k;
end $$;
