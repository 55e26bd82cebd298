-- newest --
-- The checkpoint, and beside it what its tasks wrote: one answer to one question.
select c.checkpoint, c.body, coalesce(w.writes, '{}') as writes, coalesce(w.bodies, '{}') as bodies
from (select checkpoint, body from copilot.checkpoint
      where thread = %(thread)s and namespace = %(namespace)s
        and (%(checkpoint)s::text is null or checkpoint = %(checkpoint)s)
      order by checkpoint desc limit 1) c
left join lateral (
    select array_agg(w.task || ' ' || w.place order by w.task, w.place) as writes,
           array_agg(w.body order by w.task, w.place) as bodies
    from copilot.checkpoint_write w
    where w.thread = %(thread)s and w.namespace = %(namespace)s and w.checkpoint = c.checkpoint) w on true;

-- all_of_thread --
select namespace, checkpoint, body from copilot.checkpoint
where thread = %(thread)s and (%(namespace)s::text is null or namespace = %(namespace)s)
  and (%(before)s::text is null or checkpoint < %(before)s)
order by checkpoint desc limit %(limit)s;

-- put --
-- One row, and those before the last few go with it: one statement, one round trip. It waits for no disk: whatever
-- the copilot puts on record later is written after it, so a record never knows of a step that is lost here.
with lazily as (
    select set_config('synchronous_commit', 'off', true)
), old as (
    select checkpoint from copilot.checkpoint
    where thread = %(thread)s and namespace = %(namespace)s and checkpoint < %(checkpoint)s
    order by checkpoint desc offset %(before)s
), writes_gone as (
    delete from copilot.checkpoint_write w using old
    where w.thread = %(thread)s and w.namespace = %(namespace)s and w.checkpoint = old.checkpoint
), gone as (
    delete from copilot.checkpoint c using old
    where c.thread = %(thread)s and c.namespace = %(namespace)s and c.checkpoint = old.checkpoint
)
insert into copilot.checkpoint (thread, namespace, checkpoint, body)
select %(thread)s, %(namespace)s, %(checkpoint)s, %(body)b from lazily
on conflict (thread, namespace, checkpoint) do update set body = excluded.body;

-- put_writes --
-- An ordinary write of a task is kept as it first came; a special one (error, interrupt, resume) is replaced.
insert into copilot.checkpoint_write (thread, namespace, checkpoint, task, place, body)
select %(thread)s, %(namespace)s, %(checkpoint)s, %(task)s, w.place, w.body
from unnest(%(places)s::int[], %(bodies)b::bytea[]) as w (place, body)
on conflict (thread, namespace, checkpoint, task, place)
do update set body = excluded.body where checkpoint_write.place < 0;

-- forget_checkpoints --
delete from copilot.checkpoint where thread = %(thread)s;

-- forget_writes --
delete from copilot.checkpoint_write where thread = %(thread)s;
