-- mine --
-- The asker's own that hold.
select p.preference, p.household, p.thread, p.message, p.first, p.past, p.said, p.kept_at
from gatehouse.preference p where p.said is not null order by p.kept_seq;
