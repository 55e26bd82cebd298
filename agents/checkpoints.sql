-- newest --
select checkpoint, body from copilot.checkpoint
where thread = %(thread)s and namespace = %(namespace)s
order by checkpoint desc limit 1;

-- exactly --
select checkpoint, body from copilot.checkpoint
where thread = %(thread)s and namespace = %(namespace)s and checkpoint = %(checkpoint)s;

-- all_of_thread --
select namespace, checkpoint, body from copilot.checkpoint
where thread = %(thread)s and (%(namespace)s::text is null or namespace = %(namespace)s)
  and (%(before)s::text is null or checkpoint < %(before)s)
order by checkpoint desc limit %(limit)s;

-- writes --
select task, place, body from copilot.checkpoint_write
where thread = %(thread)s and namespace = %(namespace)s and checkpoint = %(checkpoint)s
order by task, place;

-- put --
insert into copilot.checkpoint (thread, namespace, checkpoint, body)
values (%(thread)s, %(namespace)s, %(checkpoint)s, %(body)s)
on conflict (thread, namespace, checkpoint) do update set body = excluded.body;

-- put_write --
-- An ordinary write of a task is kept as it first came; a special one (error, interrupt, resume) is replaced.
insert into copilot.checkpoint_write (thread, namespace, checkpoint, task, place, body)
values (%(thread)s, %(namespace)s, %(checkpoint)s, %(task)s, %(place)s, %(body)s)
on conflict (thread, namespace, checkpoint, task, place)
do update set body = excluded.body where checkpoint_write.place < 0;

-- prune --
with old as (
    select checkpoint from copilot.checkpoint
    where thread = %(thread)s and namespace = %(namespace)s
    order by checkpoint desc offset %(keep)s
), gone as (
    delete from copilot.checkpoint_write w using old
    where w.thread = %(thread)s and w.namespace = %(namespace)s and w.checkpoint = old.checkpoint
)
delete from copilot.checkpoint c using old
where c.thread = %(thread)s and c.namespace = %(namespace)s and c.checkpoint = old.checkpoint;

-- forget_checkpoints --
delete from copilot.checkpoint where thread = %(thread)s;

-- forget_writes --
delete from copilot.checkpoint_write where thread = %(thread)s;
