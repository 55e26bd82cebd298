-- keep --
-- Null, or the code of the refusal. It waits for no disk: the entry that names a body is written after it, and waits.
select set_config('synchronous_commit', 'off', true),
    gatehouse.keep_bodies(%(ticket)s, %(subject)s, %(keys)s::int[], %(bodies)b::bytea[]) as code;

-- body --
-- Under the asker's row policies.
select b.key, b.sealed from gatehouse.body b
where b.subject = %(subject)s and b.digest = decode(%(digest)s, 'hex');

-- bodies_after --
-- A page in order of the primary key.
select b.subject, b.digest, b.key, b.sealed from gatehouse.body b
where (b.subject, b.digest) > (%(subject)s, %(digest)s::bytea)
order by b.subject, b.digest limit %(page)s;

-- naming_after --
-- A page of the entries that may name a body.
select j.seq, j.text from gatehouse.journal j
where j.seq > %(after)s and j.event_type = any (%(kinds)s) order by j.seq limit %(page)s;

-- forgotten --
select distinct j.text::jsonb->'payload'->>'subject' as subject from gatehouse.journal j
where j.event_type in ('ForgettingBegun', 'SubjectForgotten');

-- found --
-- Which of these there are, with what an entry says of them.
select b.subject, encode(b.digest, 'hex') as digest, b.key, octet_length(b.sealed) as length
from unnest(%(subjects)s::text[], %(digests)s::text[]) as w (subject, digest)
join gatehouse.body b on b.subject = w.subject and b.digest = decode(w.digest, 'hex');
