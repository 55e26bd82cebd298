-- The law of the business day: operations asks, the worker closes and opens.

create function gatehouse.law_day_requested(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    day gatehouse.market_day;
    asked text := case e.event_type when 'BusinessDayCloseRequested' then 'close' else 'open' end;
begin
    select * into day from gatehouse.market_day;
    if (select role from gatehouse.person where person = e.person) <> 'operations' then
        return 'not_operations';
    end if;
    if day.requested is not null then
        return 'already_requested';
    end if;
    if (asked = 'close') <> (day.state = 'open') then
        return 'wrong_state_of_day';
    end if;
    if asked = 'close' and (e.payload->>'session')::date <> day.session
       or asked = 'open' and (e.payload->>'session')::date <= day.session then
        return 'wrong_session';
    end if;
    update gatehouse.market_day set requested = asked, requested_session = (e.payload->>'session')::date;
    return null;
end $$;

create function gatehouse.law_day_closed(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    day gatehouse.market_day;
begin
    select * into day from gatehouse.market_day;
    if day.requested is distinct from 'close' or (e.payload->>'session')::date <> day.requested_session then
        return 'not_requested';
    end if;
    update gatehouse.market_day set state = 'closed', at = (e.payload->>'at')::timestamptz,
        requested = null, requested_session = null;
    return null;
end $$;

create function gatehouse.law_day_opened(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    day gatehouse.market_day;
begin
    select * into day from gatehouse.market_day;
    if day.session is null and e.role = 'gh_owner' then  -- the founding: the firm's first day
        insert into gatehouse.market_day (session, at, state)
            values ((e.payload->>'session')::date, (e.payload->>'at')::timestamptz, 'open');
        return null;
    end if;
    if day.requested is distinct from 'open' or (e.payload->>'session')::date <> day.requested_session then
        return 'not_requested';
    end if;
    update gatehouse.market_day set session = (e.payload->>'session')::date, state = 'open',
        at = (e.payload->>'at')::timestamptz, requested = null, requested_session = null;
    return null;
end $$;

revoke all on all functions in schema gatehouse from public;
