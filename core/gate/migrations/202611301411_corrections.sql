-- The law of corrections: operations drafts them about an order that was let out; they are of tier 3, which
-- `law_proposal_assessed` holds.

-- Which order it puts right or moves, and why, in the words of operations.
alter table gatehouse.proposal add column corrects text, add column cause jsonb;

create function gatehouse.law_correction_drafted(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    asked jsonb := e.payload->'request';
    home gatehouse.household;
    wrong gatehouse.leg;
    day gatehouse.market_day;
begin
    if e.stream <> 'proposal/' || (e.payload->>'proposal') or e.stream_version <> 1 then
        return 'wrong_stream';
    end if;
    if gatehouse.draft_well_formed(e.payload - '{exception,corrects,cause}'::text[]) is not true
       or gatehouse.request_well_formed(asked) is not true
       or asked->>'kind' <> 'order' or jsonb_array_length(asked->'accounts') <> 1
       or coalesce(e.payload->>'agent', e.payload->>'thread', e.payload->>'supersedes') is not null
       or e.payload->'cause'->>'subject' is distinct from asked->>'household' then
        return 'malformed_payload';
    end if;
    if (select w.role from gatehouse.person w where w.person = e.person) is distinct from 'operations' then
        return 'not_operations';
    end if;
    select * into home from gatehouse.household where household = asked->>'household';
    if home.household is null
       or (select a.household from gatehouse.account a where a.account = asked->'accounts'->>0)
          is distinct from home.household then
        return 'outside_book';
    end if;
    -- An error is put right where it was made; an allocation may be moved to another account.
    select * into wrong from gatehouse.leg where order_id = e.payload->>'corrects';
    if wrong.released_seq is null or wrong.symbol is distinct from asked->>'symbol'
       or e.payload->>'exception' = 'error_correction' and wrong.account <> asked->'accounts'->>0 then
        return 'nothing_to_correct';
    end if;
    select * into day from gatehouse.market_day;
    if day.state is distinct from 'open' then
        return 'day_closed';
    end if;
    insert into gatehouse.proposal (proposal, household, advisor, kind, request, trace, drafted_by, drafted_at,
                                    drafted_seq, status, session, corrects, cause, last_seq)
        values (e.payload->>'proposal', home.household, home.advisor, e.payload->>'exception', asked, e.trace_id,
                e.person, e.recorded_at, e.seq, 'DRAFTED', day.session, wrong.order_id, e.payload->'cause', e.seq);
    return null;
end $$;

insert into gatehouse.event_kind (event_type, stream_prefix, law) values
    ('CorrectionDrafted', 'proposal/', 'law_correction_drafted');

insert into gatehouse.event_right (event_type, role)
    select event_type, 'gh_intake' from unnest(array[
        'CorrectionDrafted']) as corrections (event_type);

revoke all on all functions in schema gatehouse from public;
