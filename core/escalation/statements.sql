-- waiting --
-- `now` is the moment that an append would have: what the law counts by, whatever clock the worker has.
select w.proposal, w.trace, w.digest, w.since, w.climbed, w.addressed, w.people, w.opened_at, w.opened_on_the_wall,
       greatest(clock_timestamp(), h.recorded_at) as now
from gatehouse.escalation_waiting() w, gatehouse.head h;

-- deputies --
select principal, deputy, valid_from, valid_until from gatehouse.deputy order by principal;
