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

-- reassessed --
select version from gatehouse.reassessment where proposal = %(proposal)s;
