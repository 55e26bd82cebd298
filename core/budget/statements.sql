-- reserve --
-- A call out of three budgets, or which of them has ended.
select call, ended from gatehouse.reserve_thought(
    %(ticket)s, %(message)s, %(model)s, %(read)s::bigint, %(written)s::bigint, %(ms)s::bigint);

-- settle --
select gatehouse.settle_thought(%(ticket)s, %(call)s, %(read)s::bigint, %(written)s::bigint) as settled;

-- today --
select calls, tokens, ms, dollars, calls_cap, tokens_cap, seconds_cap, dollars_cap from gatehouse.model_use_today();
