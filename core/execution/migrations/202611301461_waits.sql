-- Why a released order waits, kept by the worker that has it, for whoever may see the order. No fact: it is gone when
-- the order goes on.

create table gatehouse.order_wait (
    order_id text primary key,
    lease    int not null references gatehouse.worker_lease,
    why      text not null,
    says     text not null,
    since    timestamptz not null default clock_timestamp()
);
alter table gatehouse.order_wait enable row level security;
create policy worker on gatehouse.order_wait to gh_gate using (true) with check (true);
create policy book on gatehouse.order_wait for select to gh_intake
    using (exists (select from gatehouse.leg l where l.order_id = order_wait.order_id));
create policy book on gatehouse.claim for select to gh_intake
    using (exists (select from gatehouse.leg l where l.order_id = claim.order_id));
create policy everybody on gatehouse.worker_lease for select to gh_intake using (true);
revoke all on gatehouse.order_wait from public;
grant select, insert, update, delete on gatehouse.order_wait to gh_gate;
grant select on gatehouse.order_wait, gatehouse.claim, gatehouse.worker_lease to gh_intake;

-- Why that order waits, as its worker says, or that no worker has it; no row where it does not wait.
create function gatehouse.waiting_of(asked text) returns table (why text, says text, since timestamptz)
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select coalesce(w.why, 'no_worker'), coalesce(w.says, 'no worker has it at the moment'),
           case when k.lease is not null then w.since
                else coalesce((select g.ended_at from gatehouse.worker_lease g where g.lease = c.lease),
                              (select j.recorded_at from gatehouse.journal_line j where j.seq = l.released_seq)) end
    from gatehouse.leg l
    left join gatehouse.claim c on c.order_id = l.order_id
    left join gatehouse.worker_lease k on k.lease = c.lease and k.ended_at is null
    left join gatehouse.order_wait w on w.order_id = l.order_id and w.lease = k.lease
    where l.order_id = asked and l.released_seq is not null and not l.ended
      and (k.lease is null or w.order_id is not null)
$$;

revoke all on all functions in schema gatehouse from public;
grant execute on function gatehouse.waiting_of(text) to gh_intake;
