-- record_of --
-- What the record itself says of one order and of its proposal, each entry with the digest before it.
select j.seq, j.recorded_at, j.role, j.actor, j.text, j.digest, b.digest as before
from gatehouse.journal j left join gatehouse.journal b on b.seq = j.seq - 1
where j.stream in ('order/' || %(order)s::text, 'proposal/' || %(proposal)s::text) order by j.seq;
