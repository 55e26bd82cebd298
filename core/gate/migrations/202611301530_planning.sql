-- Requests that are planned: cash, harvests, leaving a position, places; and what an advisor may say of taxes and lots.

update gatehouse.event_kind set version = 2 where event_type = 'ProposalDrafted';

-- `core.orders.planning.Planning` is its twin: to the last field, so that whoever reads it later can read it.
create function gatehouse.planning_well_formed(planning jsonb) returns boolean
    language sql immutable set search_path = pg_catalog, pg_temp as $$
    select jsonb_typeof(planning) = 'object'
       and planning - '{weigh_tax,gains_budget,dollars,lot_method,lots,replacement}'::text[] = '{}'
       and coalesce(jsonb_typeof(planning->'weigh_tax'), 'boolean') = 'boolean'
       and coalesce(jsonb_typeof(planning->'lots'), 'array') = 'array'
       and not jsonb_path_exists(planning, '$.lots[*] ? (@.type() != "string")')
       and coalesce(jsonb_array_length(planning->'lots'), 0) <= 100
       and coalesce(planning->>'gains_budget', '0') ~ '^[0-9]{1,12}(\.[0-9]{1,6})?$'
       and coalesce(planning->>'dollars', '1') ~ '^[0-9]{1,12}(\.[0-9]{1,6})?$'
       and coalesce(planning->>'dollars', '1')::numeric > 0
       and coalesce(planning->>'lot_method', 'first_in') in ('highest_cost', 'first_in', 'least_tax')
       and coalesce(planning->>'replacement', 'A') ~ '^[A-Z0-9.]{1,24}$'
       and bool_and(coalesce(jsonb_typeof(planning->name), 'null') in ('string', 'null'))
    from unnest('{gains_budget,dollars,lot_method,replacement}'::text[]) as texts (name)
$$;

-- `core.orders.request.Request` is its twin. As before, and knows the requests that are planned, those that take a live
-- order's place, and those for the next session.
create or replace function gatehouse.request_well_formed(request jsonb) returns boolean
    language sql immutable set search_path = pg_catalog, pg_temp as $$
    select request - ('{kind,household,accounts,symbol,side,quantity,order_type,limit_price,replaces,for_session,planning}'
                      ::text[]) = '{}'
       and request->>'kind' in ('rebalance', 'order', 'raise_cash', 'invest_cash', 'harvest', 'exit', 'locate')
       and (coalesce(jsonb_typeof(request->'planning'), 'null') = 'null'
            or gatehouse.planning_well_formed(request->'planning') is true)
       and (request->>'kind' in ('rebalance', 'order')
            or coalesce(request->>'side', request->>'quantity', request->>'order_type', request->>'limit_price') is null)
       and coalesce(jsonb_typeof(request->'household'), '') = 'string'
       and coalesce(jsonb_typeof(request->'accounts'), 'array') = 'array'
       and not jsonb_path_exists(request, '$.accounts[*] ? (@.type() != "string")')
       and coalesce(request->>'symbol', 'A') ~ '^[A-Z0-9.]{1,24}$'
       and coalesce(request->>'side', 'buy') in ('buy', 'sell')
       and coalesce(request->>'order_type', 'market') in ('market', 'limit')
       and coalesce(request->>'quantity', '0') ~ '^[0-9]{1,12}(\.[0-9]{1,6})?$'
       and coalesce(request->>'limit_price', '0') ~ '^[0-9]{1,12}(\.[0-9]{1,6})?$'
       and (request->>'replaces' is null or request->>'kind' = 'order' and request->>'replaces' ~ '^gh-[0-9a-f]{24}$'
            and coalesce(jsonb_array_length(request->'accounts'), 0) = 1)
       and (request->>'for_session' is null or request->>'for_session' ~ '^\d{4}-\d\d-\d\d$'
            and pg_input_is_valid(request->>'for_session', 'date') and request->>'replaces' is null)
       and bool_and(coalesce(jsonb_typeof(request->name), 'null') in ('string', 'null'))
    from unnest('{symbol,side,quantity,order_type,limit_price,replaces,for_session}'::text[]) as texts (name)
$$;

revoke all on all functions in schema gatehouse from public;
