-- in_force --
select version, digest, seq, effective_on, limits::text as limits from gatehouse.limits_in_force();

-- versions --
-- Newest first. Version 0 is what the product brings.
select version, digest, seq, effective_on, limits::text as limits, proposed_by, confirmed_by, confirmed_at
from gatehouse.limit_version order by version desc;

-- proposed --
select digest, effective_on, limits::text as limits, proposed_by, proposed_at, seq from gatehouse.limit_proposal;

-- session --
select session from gatehouse.market_day;

-- supervises --
select gatehouse.asker_sees_all() as everything;

-- past --
-- The next page of what a dry run reads, in sequence.
select seq, recorded_at, role, actor, text from gatehouse.journal_line
where seq > %(after)s and event_type = any (%(kinds)s::text[]) order by seq limit %(page)s;

-- reassessed --
select version from gatehouse.reassessment where proposal = %(proposal)s;
