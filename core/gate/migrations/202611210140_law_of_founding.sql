-- The law of founding: what the owner's login alone may say of people, clients, accounts and holdings.
--
-- How every law_* function works: the append calls it with one entry; it answers null, or the code of the
-- refusal, and checks everything before it changes anything. `core/ledger/refusals.py` says the codes in words.

create function gatehouse.law_person_engaged(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
    insert into gatehouse.person values (
        e.payload->>'person', e.payload->>'login', e.payload->>'role', e.payload->>'reports_to',
        array(select jsonb_array_elements_text(e.payload->'related_households')), e.seq);
    update gatehouse.household h set related = true where e.payload->'related_households' ? h.household;
    return null;
end $$;

create function gatehouse.law_registration_recorded(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
    insert into gatehouse.registration values (
        e.payload->>'person', e.payload->>'registration',
        (e.payload->>'valid_from')::date, (e.payload->>'valid_until')::date);
    return null;
end $$;

create function gatehouse.law_household_opened(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
    insert into gatehouse.household values (e.payload->>'household', e.payload->>'advisor', exists (
        select from gatehouse.person p where e.payload->>'household' = any (p.related_households)));
    return null;
end $$;

create function gatehouse.law_account_opened(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
    insert into gatehouse.account values (
        e.payload->>'account', e.payload->>'household', e.payload->>'advisor',
        array(select jsonb_array_elements_text(e.payload->'owners')),
        e.payload->>'kind', e.payload->>'capacity', (e.payload->>'discretionary')::boolean,
        e.payload->>'custodian', e.payload->>'status');
    return null;
end $$;

create function gatehouse.hold(of_account text, of_symbol text, change numeric) returns void language sql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
    insert into gatehouse.holding (account, symbol, held) values (of_account, of_symbol, change)
    on conflict (account, symbol) do update set held = holding.held + excluded.held
$$;

create function gatehouse.law_lot_received(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
    perform gatehouse.hold(e.payload->>'account', e.payload->>'symbol', (e.payload->>'quantity')::numeric);
    return null;
end $$;

create function gatehouse.law_cash_deposited(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
    -- Money that is not good yet is nobody's to spend: it is not held here until a later fact says so.
    if e.payload->>'held_until' is null then
        perform gatehouse.hold(e.payload->>'account', 'cash', (e.payload->>'amount')::numeric);
    end if;
    return null;
end $$;

revoke all on all functions in schema gatehouse from public;
