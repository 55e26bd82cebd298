-- prepare_append --
-- One statement, autocommit: every caller of this batch is acknowledged after its commit. What was answered alike comes
-- in one row, so mostly there is one. A number of `entries`, which begin at 1, and `before` make the sequence.
prepare gatehouse_append (text) as
select answer, at_seq - n as before, code, array_agg(n) as entries from gatehouse.append($1::jsonb) group by 1, 2, 3;

-- prepare_append_one --
-- The same of a single entry, which has nothing to be put together with.
prepare gatehouse_append_one (text) as
select answer, at_seq - n as before, code, array[n] as entries from gatehouse.append($1::jsonb);

-- prepare_stream_versions --
prepare gatehouse_stream_versions (text) as
select stream, version from gatehouse.stream_versions(array(select jsonb_array_elements_text($1::jsonb)));

-- entries_after --
-- The next page for a follower, in sequence. Empty means that it has caught up.
select seq, recorded_at, role, actor, event_type, text from gatehouse.journal
where seq > %(after)s order by seq limit %(page)s;

-- chained_after --
-- As entries_after, with everything that `verify` compares. What is short comes as varchar: the reader takes a
-- text as bytes.
select seq, recorded_at, role::varchar, actor::varchar, text, event_id::varchar, event_type::varchar, event_version,
       stream::varchar, stream_version, trace_id::varchar, occurred_at, digest
from gatehouse.journal where seq > %(after)s order by seq limit %(page)s;

-- first --
select min(seq) as seq from gatehouse.journal;

-- head --
select seq, digest, recorded_at from gatehouse.head;

-- entry --
select seq, recorded_at, role, actor, text, event_id from gatehouse.journal
where seq = %(seq)s::bigint or event_id = %(event_id)s::uuid;

-- stream_heads_after --
select stream, version from gatehouse.stream_head where stream > %(after)s order by stream limit %(page)s;

-- newest_of_stream --
select coalesce(max(seq), 0) as seq from gatehouse.journal where stream = %(stream)s;

-- stream_entries --
select seq, recorded_at, role, actor, text from gatehouse.journal where stream = %(stream)s order by seq;

-- head_holder --
-- The transaction that holds the head's row now, or null.
select gatehouse.head_holder() as holder;

-- end_head_holder --
select gatehouse.end_head_holder(%(holder)s) as pid;
