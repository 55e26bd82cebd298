-- records_of --
-- What the record itself says of these orders and of the proposal of each, each entry with the digest before it.
select k.n, j.seq, j.recorded_at, j.role, j.actor, j.text, j.digest, b.digest as before
from unnest(%(orders)s::text[], %(proposals)s::text[]) with ordinality as k (order_id, proposal, n)
cross join lateral (
    select j.* from gatehouse.journal j
    where j.stream = any (array['order/' || k.order_id, 'proposal/' || k.proposal]) offset 0) as j
left join gatehouse.journal b on b.seq = j.seq - 1
order by k.n, j.seq;
