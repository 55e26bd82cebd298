-- Several workers share the work. Each has a lease for its life, each order at work a claim that one lease holds, and
-- the append asks for both: what a worker writes of an order that has passed on to another is refused, whatever its
-- clock says and however long it was stopped.

-- One row for each life of a worker. `beat` is a count, not a time: whoever has seen it stand still for long enough by a
-- clock of its own that only goes forward may end the lease. A wall clock that is set changes nothing here.
create table gatehouse.worker_lease (
    lease    int primary key generated always as identity,
    worker   text not null unique,
    version  int not null check (version > 0),
    begun_at timestamptz not null default clock_timestamp(),
    beat     bigint not null default 0,
    ended_at timestamptz,
    ended_by int references gatehouse.worker_lease
) with (fillfactor = 50);  -- its rows change in place
create index on gatehouse.worker_lease (lease) where ended_at is null;

-- Who has an order. `version` is the newest worker's that ever had it: an older one must not meet what only that knows.
create table gatehouse.claim (
    order_id   text primary key,
    lease      int not null references gatehouse.worker_lease,
    version    int not null,
    claimed_at timestamptz not null default clock_timestamp()
);
create index on gatehouse.claim (lease);
create index on gatehouse.leg (released_seq) where released_seq is not null and not ended;

alter table gatehouse.worker_lease enable row level security;
alter table gatehouse.claim enable row level security;
create policy gate_reads on gatehouse.worker_lease for select to gh_gate using (true);
create policy gate_reads on gatehouse.claim for select to gh_gate using (true);
revoke all on gatehouse.worker_lease, gatehouse.claim from public;
grant select on gatehouse.worker_lease, gatehouse.claim to gh_gate;

-- The lease of whoever asks, while it lasts. A process says its name on each of its connections.
create function gatehouse.lease_of_asker() returns gatehouse.worker_lease
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select w.* from gatehouse.worker_lease w
    where w.worker = nullif(current_setting('gatehouse.worker', true), '') and w.ended_at is null
$$;

-- Begin one, on the connection that is to live as long as the worker: its lock says that the connection lives.
create function gatehouse.lease_begin(version int) returns int
    language plpgsql security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    mine int;
begin
    insert into gatehouse.worker_lease (worker, version)
        values (nullif(current_setting('gatehouse.worker', true), ''), lease_begin.version) returning lease into mine;
    perform pg_advisory_lock(1786642436, mine);
    return mine;
end $$;

-- Still here. False: the lease has ended, and nothing may be done under it any more.
create function gatehouse.lease_beat() returns boolean
    language plpgsql security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    mine gatehouse.worker_lease := gatehouse.lease_of_asker();
begin
    update gatehouse.worker_lease w set beat = w.beat + 1 where w.lease = mine.lease and w.ended_at is null;
    return found;
end $$;

-- The worker goes, and leaves what it had to the others.
create function gatehouse.lease_end() returns boolean
    language plpgsql security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    mine gatehouse.worker_lease := gatehouse.lease_of_asker();
begin
    update gatehouse.worker_lease w set ended_at = clock_timestamp(), ended_by = mine.lease
        where w.lease = mine.lease and w.ended_at is null;
    return found;
end $$;

-- End another's lease: its connection is gone, or its beat is still the one that the asker has seen for too long. Its
-- connection is ended then: what else it holds it holds no more, and it hears of it when it goes on.
create function gatehouse.lease_bury(other int, seen_beat bigint) returns boolean
    language plpgsql security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    mine gatehouse.worker_lease := gatehouse.lease_of_asker();
    gone boolean;
begin
    if mine.lease is null or mine.lease = other then
        return false;
    end if;
    gone := pg_try_advisory_xact_lock(1786642436, other);
    update gatehouse.worker_lease w set ended_at = clock_timestamp(), ended_by = mine.lease
        where w.lease = other and w.ended_at is null and (gone or w.beat = seen_beat);
    if not found then
        return false;
    end if;
    if not gone then
        perform pg_terminate_backend(k.pid) from pg_locks k join pg_database d on d.oid = k.database
            where k.locktype = 'advisory' and k.classid = 1786642436 and k.objid = other::oid and k.granted
              and d.datname = current_database();
    end if;
    return true;
end $$;

-- Whether that lease may have that order: one that takes a live order's place goes with it, for the two are one talk with
-- one venue.
create function gatehouse.lease_fits(l gatehouse.leg, mine int) returns boolean
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select not exists (
        select from gatehouse.replacing r join gatehouse.leg old on old.order_id = r.order_id
            left join gatehouse.claim c on c.order_id = old.order_id
        where r.proposal = l.proposal and not old.ended and c.lease is distinct from mine)
$$;

-- Take up to `most` orders that are out, have not ended, and are nobody's: those whose worker has gone, then new ones.
-- What another takes at this moment, or writes of, is left alone: nobody waits. A worker takes nothing more once a
-- newer version is at work.
create function gatehouse.lease_claim(most int) returns setof text
    language plpgsql security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    mine gatehouse.worker_lease := gatehouse.lease_of_asker();
    taken int;
begin
    if mine.lease is null or exists (
            select from gatehouse.worker_lease w where w.ended_at is null and w.version > mine.version) then
        return;
    end if;
    return query
        with left_over as (
            select c.order_id from gatehouse.worker_lease w join gatehouse.claim c using (lease)
                join gatehouse.leg l using (order_id)
            where w.ended_at is not null and not l.ended and c.version <= mine.version and gatehouse.lease_fits(l, mine.lease)
            order by l.released_seq limit most for update of c skip locked)
        update gatehouse.claim c set lease = mine.lease, version = mine.version, claimed_at = clock_timestamp()
            from left_over o where c.order_id = o.order_id returning c.order_id;
    get diagnostics taken = row_count;
    return query
        with fresh as (
            select l.order_id from gatehouse.leg l
            where l.released_seq is not null and not l.ended
              and not exists (select from gatehouse.claim c where c.order_id = l.order_id)
              and gatehouse.lease_fits(l, mine.lease)
            order by l.released_seq limit most - taken for no key update of l skip locked)
        insert into gatehouse.claim (order_id, lease, version)
            select f.order_id, mine.lease, mine.version from fresh f
            on conflict do nothing returning claim.order_id;
end $$;

-- Take an order that has ended, for a venue's late word on it: where nobody who lives has it. Whether it is the asker's now.
create function gatehouse.lease_claim_late(late text) returns boolean
    language plpgsql security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    mine gatehouse.worker_lease := gatehouse.lease_of_asker();
begin
    if mine.lease is null or not exists (
            select from gatehouse.leg l where l.order_id = late and l.released_seq is not null and l.ended) then
        return false;
    end if;
    insert into gatehouse.claim (order_id, lease, version) values (late, mine.lease, mine.version) on conflict do nothing;
    update gatehouse.claim c set lease = mine.lease, version = mine.version, claimed_at = clock_timestamp()
        where c.order_id = late and c.version <= mine.version
          and exists (select from gatehouse.worker_lease w where w.lease = c.lease and w.ended_at is not null);
    return exists (select from gatehouse.claim c where c.order_id = late and c.lease = mine.lease);
end $$;

-- Whether the asker still has that order: asked before the same bytes are sent again under an intent that stands.
create function gatehouse.lease_holds(asked text) returns boolean
    language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
    select exists (select from gatehouse.claim c
                   where c.order_id = asked and c.lease = (gatehouse.lease_of_asker()).lease)
$$;

-- Why whoever writes may not write of that order now, or null. The claim stays as it is until the append commits: whoever
-- takes it over waits for that, and then reads what was written.
create function gatehouse.lease_fault(asked text) returns text
    language plpgsql set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    holder int;
    mine gatehouse.worker_lease;
begin
    select c.lease into holder from gatehouse.claim c where c.order_id = asked for key share;
    select w.* into mine from gatehouse.worker_lease w
        where w.worker = nullif(current_setting('gatehouse.worker', true), '');
    if mine.lease is null or holder is null then
        return 'lease_missing';
    end if;
    if holder <> mine.lease or mine.ended_at is not null then
        return 'lease_passed';
    end if;
    return null;
end $$;

-- Nothing is routed, sent or answered that was not released, nor by a worker that has not got it.
create or replace function gatehouse.law_after_release(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    l gatehouse.leg;
    fault text;
begin
    select * into l from gatehouse.leg where order_id = e.payload->>'order';
    if l.order_id is null or e.stream <> 'order/' || l.order_id then
        return 'wrong_stream';
    end if;
    if l.released_seq is null then
        return 'not_released';
    end if;
    fault := gatehouse.lease_fault(l.order_id);
    if fault is not null then
        return fault;
    end if;
    if e.event_type in ('OrderRouted', 'OrderSent') then
        fault := gatehouse.route_fault(l, e);
    end if;
    if e.event_type = 'OrderSent' then
        fault := coalesce(fault, gatehouse.replacement_fault(l));
    end if;
    if fault is not null then
        return fault;
    end if;
    if e.event_type in ('OrderRejected', 'OrderCancelled', 'OrderExpired') then
        perform gatehouse.give_back(l.proposal, l.leg);
        update gatehouse.leg set ended = true where order_id = l.order_id;
    end if;
    update gatehouse.proposal set last_seq = e.seq where proposal = l.proposal;
    return null;
end $$;

revoke all on all functions in schema gatehouse from public;
grant execute on function gatehouse.lease_begin(int), gatehouse.lease_beat(), gatehouse.lease_end(),
    gatehouse.lease_bury(int, bigint), gatehouse.lease_claim(int), gatehouse.lease_claim_late(text),
    gatehouse.lease_holds(text) to gh_gate;
