-- append --
-- One statement, autocommit: every caller of this batch is acknowledged after its commit.
select n, answer, at_seq, code from gatehouse.append(%(entries)s::jsonb) order by n;

-- stream_versions --
select stream, version from gatehouse.stream_versions(%(streams)s::text[]);

-- entries_after --
-- The next page for a follower, in sequence. Empty means that it has caught up.
select seq, recorded_at, role, actor, event_type, text from gatehouse.journal
where seq > %(after)s order by seq limit %(page)s;

-- chained_after --
-- As entries_after, with everything that `verify` compares. A time outside the years 1 to 9999 is null: nothing
-- that the append wrote, and nothing that a client could read.
select seq, case when recorded_at between '0001-01-02' and '9999-12-30' then recorded_at end as recorded_at,
       role, actor, text, event_id, event_type, event_version, stream, stream_version,
       trace_id, case when occurred_at between '0001-01-02' and '9999-12-30' then occurred_at end as occurred_at, digest
from gatehouse.journal where seq > %(after)s order by seq limit %(page)s;

-- first --
select min(seq) as seq from gatehouse.journal;

-- head --
select seq, digest, recorded_at from gatehouse.head;

-- stream_entries --
select seq, recorded_at, role, actor, text from gatehouse.journal where stream = %(stream)s order by seq;

-- head_holder --
-- The transaction that holds the head's row now, or null.
select gatehouse.head_holder() as holder;

-- end_head_holder --
select gatehouse.end_head_holder(%(holder)s) as pid;
