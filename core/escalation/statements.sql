-- waiting --
select proposal, trace, digest, since, climbed, addressed, people, opened_at, opened_on_the_wall
from gatehouse.escalation_waiting();

-- deputies --
select principal, deputy, valid_from, valid_until from gatehouse.deputy order by principal;
