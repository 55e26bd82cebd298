-- A claim looks at no more than it takes. Before, it asked of every released order whether it may go before it took the
-- first few, and looked each time through every order that any earlier worker ever had.

-- When nothing was left of an ended lease: what that worker had is not looked through again.
alter table gatehouse.worker_lease add column emptied_at timestamptz;

create or replace function gatehouse.lease_claim(most int) returns setof text
    language plpgsql security definer set search_path = pg_catalog, gatehouse, pg_temp
    set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
    mine gatehouse.worker_lease := gatehouse.lease_of_asker();
    taken int := 0;
    more int;
begin
    -- Held while this goes on: whoever ends this lease meanwhile waits, and then finds what was claimed here.
    perform from gatehouse.worker_lease w where w.lease = mine.lease and w.ended_at is null for share;
    if not found or exists (
            select from gatehouse.worker_lease w where w.ended_at is null and w.version > mine.version) then
        return;
    end if;
    if exists (select from gatehouse.worker_lease w where w.ended_at is not null and (w.emptied_at >= w.ended_at) is not true) then
        return query
            with left_over as (
                select c.order_id from gatehouse.worker_lease w join gatehouse.claim c using (lease)
                    left join gatehouse.leg l using (order_id) left join gatehouse.block b using (order_id)
                where w.ended_at is not null and (w.emptied_at >= w.ended_at) is not true
                  and not coalesce(l.ended, b.ended, true) and c.version <= mine.version
                  and (b.order_id is not null or gatehouse.lease_fits(l, mine.lease))
                order by coalesce(l.released_seq, b.formed_seq) limit most for update of c skip locked)
            update gatehouse.claim c set lease = mine.lease, version = mine.version, claimed_at = clock_timestamp()
                from left_over o where c.order_id = o.order_id returning c.order_id;
        get diagnostics taken = row_count;
        if taken = 0 and most > 0 then
            update gatehouse.worker_lease w set emptied_at = clock_timestamp()
                where w.ended_at is not null and (w.emptied_at >= w.ended_at) is not true and not exists (
                    select from gatehouse.claim c
                        left join gatehouse.leg l using (order_id) left join gatehouse.block b using (order_id)
                    where c.lease = w.lease and not coalesce(l.ended, b.ended, true));
        end if;
    end if;
    return query
        with fresh as (
            select l.order_id from gatehouse.leg l
            where l.released_seq is not null and not l.ended
              and not exists (select from gatehouse.claim c where c.order_id = l.order_id)
              and not exists (select from gatehouse.block_part b where b.order_id = l.order_id and b.parted_seq is null)
              and (not exists (select from gatehouse.replacing r where r.proposal = l.proposal)
                   or gatehouse.lease_fits(l, mine.lease))
              and (not exists (select from gatehouse.batch_row w where w.proposal = l.proposal)
                   or not gatehouse.awaits_block(l))
            order by l.released_seq limit most - taken for no key update of l skip locked)
        insert into gatehouse.claim (order_id, lease, version)
            select f.order_id, mine.lease, mine.version from fresh f
            on conflict do nothing returning claim.order_id;
    get diagnostics more = row_count;
    return query
        with fresh as (
            select b.order_id from gatehouse.block b
            where not b.ended and not exists (select from gatehouse.claim c where c.order_id = b.order_id)
              and not exists (select from gatehouse.block_part p where p.block_order = b.order_id and p.joined_seq is null)
            order by b.formed_seq limit most - taken - more for no key update of b skip locked)
        insert into gatehouse.claim (order_id, lease, version)
            select f.order_id, mine.lease, mine.version from fresh f
            on conflict do nothing returning claim.order_id;
end $$;

revoke all on all functions in schema gatehouse from public;
