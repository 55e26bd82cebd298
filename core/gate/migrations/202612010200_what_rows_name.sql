-- That a proposal, its legs and what it was asked again name only what is there was asked once a row and once a name, each
-- time with a lock on the row that is named, which is written as well. It is asked once a statement now, of all its rows:
-- a third of what many direct orders take at once went into it. What is named is never taken away nor renamed by any
-- login; that stands here as well now, for whoever owns the tables, so nobody needs to hold it meanwhile.
alter table gatehouse.proposal
    drop constraint proposal_household_fkey, drop constraint proposal_advisor_fkey,
    drop constraint proposal_drafted_by_fkey;
alter table gatehouse.leg drop constraint leg_proposal_fkey, drop constraint leg_account_fkey;
alter table gatehouse.reassessment drop constraint reassessment_proposal_fkey;

-- The lookups are by the indexes, also where a table was small when the plan was made.
create function gatehouse.proposals_name_what_is_there() returns trigger language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp set plan_cache_mode = force_generic_plan
    set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
begin
    if exists (select from (select distinct n.household from new_rows n) as n
               where not exists (select from gatehouse.household h where h.household = n.household))
       or exists (select from (select n.advisor as person from new_rows n union select n.drafted_by from new_rows n) as n
                  where not exists (select from gatehouse.person p where p.person = n.person)) then
        raise exception 'a proposal names a household or a person who is not there'
            using errcode = 'foreign_key_violation';
    end if;
    return null;
end $$;
create trigger names_what_is_there after insert on gatehouse.proposal referencing new table as new_rows
    for each statement execute function gatehouse.proposals_name_what_is_there();

create function gatehouse.legs_name_what_is_there() returns trigger language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp set plan_cache_mode = force_generic_plan
    set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
begin
    if exists (select from new_rows n where not exists (select from gatehouse.proposal p where p.proposal = n.proposal)
                                         or not exists (select from gatehouse.account a where a.account = n.account)) then
        raise exception 'a leg names a proposal or an account that is not there' using errcode = 'foreign_key_violation';
    end if;
    return null;
end $$;
create trigger names_what_is_there after insert on gatehouse.leg referencing new table as new_rows
    for each statement execute function gatehouse.legs_name_what_is_there();

create function gatehouse.reassessments_name_what_is_there() returns trigger language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp set plan_cache_mode = force_generic_plan
    set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
begin
    if exists (select from new_rows n where not exists (select from gatehouse.proposal p where p.proposal = n.proposal)) then
        raise exception 'what was asked again names a proposal that is not there' using errcode = 'foreign_key_violation';
    end if;
    return null;
end $$;
create trigger names_what_is_there after insert on gatehouse.reassessment referencing new table as new_rows
    for each statement execute function gatehouse.reassessments_name_what_is_there();

create function gatehouse.refuse_another_name() returns trigger language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
    raise exception 'what % names, and is named by, stays: % is refused', tg_table_name, tg_op
        using errcode = 'foreign_key_violation';
end $$;
create function gatehouse.another_name_is_there() returns trigger language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    there boolean;
begin
    if tg_table_name = 'proposal' then
        there := exists (select from gatehouse.household h where h.household = new.household)
            and exists (select from gatehouse.person p where p.person = new.advisor)
            and exists (select from gatehouse.person p where p.person = new.drafted_by);
    elsif tg_table_name = 'leg' then
        there := exists (select from gatehouse.proposal p where p.proposal = new.proposal)
            and exists (select from gatehouse.account a where a.account = new.account);
    else
        there := exists (select from gatehouse.proposal p where p.proposal = new.proposal);
    end if;
    if there then
        return new;
    end if;
    raise exception 'a % would name what is not there', tg_table_name using errcode = 'foreign_key_violation';
end $$;
create trigger another_name before update of household, advisor, drafted_by on gatehouse.proposal
    for each row execute function gatehouse.another_name_is_there();
create trigger another_name before update of proposal, account on gatehouse.leg
    for each row execute function gatehouse.another_name_is_there();
create trigger another_name before update of proposal on gatehouse.reassessment
    for each row execute function gatehouse.another_name_is_there();
create trigger names_stay before update of proposal on gatehouse.proposal
    for each row when (old.proposal is distinct from new.proposal) execute function gatehouse.refuse_another_name();
create trigger names_stay before update of household on gatehouse.household
    for each row when (old.household is distinct from new.household) execute function gatehouse.refuse_another_name();
create trigger names_stay before update of account on gatehouse.account
    for each row when (old.account is distinct from new.account) execute function gatehouse.refuse_another_name();
create trigger names_stay before update of person on gatehouse.person
    for each row when (old.person is distinct from new.person) execute function gatehouse.refuse_another_name();
create trigger row_stays before delete on gatehouse.proposal for each row execute function gatehouse.refuse_another_name();
create trigger row_stays before delete on gatehouse.household for each row execute function gatehouse.refuse_another_name();
create trigger row_stays before delete on gatehouse.account for each row execute function gatehouse.refuse_another_name();
create trigger row_stays before delete on gatehouse.person for each row execute function gatehouse.refuse_another_name();
create trigger rows_stay before truncate on gatehouse.proposal
    for each statement execute function gatehouse.refuse_another_name();
create trigger rows_stay before truncate on gatehouse.household
    for each statement execute function gatehouse.refuse_another_name();
create trigger rows_stay before truncate on gatehouse.account
    for each statement execute function gatehouse.refuse_another_name();
create trigger rows_stay before truncate on gatehouse.person
    for each statement execute function gatehouse.refuse_another_name();

revoke all on all functions in schema gatehouse from public;
