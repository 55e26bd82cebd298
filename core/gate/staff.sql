-- delegations --
select delegation, advisor, delegate, from_day, until_day, named_by, confirmed_by, status
from gatehouse.delegation order by last_seq desc limit 200;
