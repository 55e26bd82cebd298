-- begin --
select gatehouse.lease_begin(%(version)s) as lease;

-- beat --
select gatehouse.lease_beat() as alive;

-- end --
select gatehouse.lease_end();

-- others --
-- Every other lease that lasts. `gone`: the connection that holds its lock is no more.
select w.lease, w.version, w.beat,
       not exists (select from pg_locks k join pg_database d on d.oid = k.database
                   where k.locktype = 'advisory' and k.classid = 1786642436 and k.objid = w.lease::oid and k.granted
                     and d.datname = current_database()) as gone
from gatehouse.worker_lease w
where w.ended_at is null and w.worker <> current_setting('gatehouse.worker');

-- bury --
select gatehouse.lease_bury(%(lease)s, %(beat)s) as buried;

-- claim --
select order_id from gatehouse.lease_claim(%(most)s) as order_id;

-- claim_late --
select gatehouse.lease_claim_late(%(order)s) as mine;

-- holds --
select gatehouse.lease_holds(%(order)s) as mine;

-- lives --
-- The entries of these orders' streams, each in its order.
select stream, seq, recorded_at, role, actor, text from gatehouse.journal
where stream = any (%(streams)s::text[]) order by stream, seq;

-- ended --
select order_id, ended from gatehouse.leg where order_id = any (%(orders)s::text[]) and released_seq is not null
union all select order_id, ended from gatehouse.block where order_id = any (%(orders)s::text[]);

-- custodians --
select state from gatehouse.reference where kind = 'custodian';

-- put_waits --
-- Since when is told of the first of the same reason.
insert into gatehouse.order_wait (order_id, lease, why, says)
    select t.order_id, w.lease, t.why, t.says
    from gatehouse.worker_lease w, unnest(%(orders)s::text[], %(whys)s::text[], %(says)s::text[]) as t (order_id, why, says)
    where w.worker = current_setting('gatehouse.worker')
on conflict (order_id) do update set lease = excluded.lease, why = excluded.why, says = excluded.says,
    since = case when order_wait.why = excluded.why then order_wait.since else excluded.since end;

-- drop_waits --
delete from gatehouse.order_wait where order_id = any (%(orders)s::text[]);

-- redriven --
-- Orders that operations wants tried again, and that have not ended.
select s.order_id, s.redriven_seq from gatehouse.set_aside s
left join gatehouse.leg l using (order_id) left join gatehouse.block b using (order_id)
where s.redriven_seq is not null and not coalesce(l.ended, b.ended, true);
