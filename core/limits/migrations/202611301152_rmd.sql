-- What must leave an IRA in a year: operations records it, and it counts toward the cash that stays in the account.

create function gatehouse.law_limits_rmd_determined(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    a gatehouse.account;
begin
    select * into a from gatehouse.account where account = e.payload->>'account';
    if a.account is null or e.stream <> 'account/' || a.account then
        return 'wrong_stream';
    end if;
    if (select p.role from gatehouse.person p where p.person = e.person) is distinct from 'operations' then
        return 'not_operations';
    end if;
    if a.kind <> 'ira' then
        return 'not_an_ira';
    end if;
    if not pg_input_is_valid(e.payload->>'due_on', 'date') then
        return 'malformed_payload';
    end if;
    return null;
end $$;

insert into gatehouse.event_kind (event_type, stream_prefix, law) values
    ('RmdDetermined', 'account/', 'law_limits_rmd_determined');

insert into gatehouse.event_right (event_type, role)
    select event_type, 'gh_approver' from unnest(array[
        'RmdDetermined']) as approver (event_type);

revoke all on all functions in schema gatehouse from public;
