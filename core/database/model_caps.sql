-- cap --
insert into gatehouse.model_budget values (%(scope)s, %(calls)s, %(tokens)s, %(seconds)s, %(dollars)s)
on conflict (scope) do update set calls = excluded.calls, tokens = excluded.tokens, seconds = excluded.seconds,
    dollars = excluded.dollars;

-- no_prices --
delete from gatehouse.model_price;

-- price --
insert into gatehouse.model_price values (%(model)s, %(read)s, %(written)s);
