-- What is left of a plan whose sales brought too little goes back to the advisor as a draft: the worker asks for the same
-- once more, of that account alone. It moves nothing, reserves nothing, and she submits or withdraws it like any other.

create table gatehouse.remainder (
    proposal text not null references gatehouse.proposal,  -- that was let out
    account  text not null references gatehouse.account,
    draft    text not null unique,  -- drafted next. No reference: what fails at the commit would fail for its neighbours
    primary key (proposal, account)
);
alter table gatehouse.remainder enable row level security;
create policy book on gatehouse.remainder for select to gh_agent, gh_intake, gh_approver
    using (exists (select from gatehouse.proposal p where p.proposal = remainder.proposal));
create policy everything on gatehouse.remainder for select to gh_gate using (true);
revoke all on gatehouse.remainder from public;
grant select on gatehouse.remainder to gh_agent, gh_intake, gh_approver, gh_gate;

create index leg_short on gatehouse.leg (proposal, account)
    where side = 'buy' and may_release_less and ended and (released_seq is null or released_quantity < quantity);

-- Whether that account of that proposal has something left: every order of it is over, and a buy carried less than people
-- decided on, or nothing, because a sale that funds it was executed in part or not at all.
create function gatehouse.has_remainder(of_proposal text, of_account text) returns boolean
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select exists (
        select from gatehouse.leg b join gatehouse.leg s on s.proposal = b.proposal and s.leg = any (b.funded_by)
        where b.proposal = of_proposal and b.account = of_account and b.side = 'buy' and b.may_release_less and b.ended
          and (b.released_seq is null or b.released_quantity < b.quantity) and s.filled < s.quantity)
       and not exists (
        select from gatehouse.leg l where l.proposal = of_proposal and l.account = of_account and not l.ended)
       and (select p.status from gatehouse.proposal p where p.proposal = of_proposal) = 'RELEASED'
$$;

-- On the day of the plan, once for each account, and exactly what was asked before: the worker chooses nothing. It is as
-- much her own, or her copilot's, as the plan that it is left of.
create function gatehouse.law_remainder_drafted(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    asked jsonb := e.payload->'request';
    of_account text := asked->'accounts'->>0;
    p gatehouse.proposal;
    day gatehouse.market_day;
begin
    if e.stream <> 'proposal/' || (e.payload->>'proposal') or e.stream_version <> 1 then
        return 'wrong_stream';
    end if;
    if gatehouse.draft_well_formed(e.payload) is not true or jsonb_array_length(asked->'accounts') <> 1
       or e.payload->'provenance' <> '[]' then
        return 'malformed_payload';
    end if;
    select * into p from gatehouse.proposal where proposal = e.payload->>'supersedes';
    if p.proposal is null or gatehouse.has_remainder(p.proposal, of_account) is not true
       or exists (select from gatehouse.remainder r where r.proposal = p.proposal and r.account = of_account) then
        return 'nothing_left';
    end if;
    if jsonb_strip_nulls(asked) is distinct from jsonb_strip_nulls(
            p.request || jsonb_build_object('accounts', jsonb_build_array(of_account), 'for_session', null))
       or (e.payload->>'agent', e.payload->>'thread') is distinct from (p.agent, p.thread) then
        return 'content_mismatch';
    end if;
    select * into day from gatehouse.market_day;
    if day.state is distinct from 'open' or day.session <> p.session then
        return 'day_closed';
    end if;
    insert into gatehouse.proposal (proposal, household, advisor, kind, request, thread, trace, drafted_by, agent,
                                    drafted_at, drafted_seq, status, session, last_seq)
        values (e.payload->>'proposal', p.household, p.advisor, p.kind, asked, p.thread, e.trace_id, p.drafted_by, p.agent,
                e.recorded_at, e.seq, 'DRAFTED', day.session, e.seq);
    insert into gatehouse.remainder values (p.proposal, of_account, e.payload->>'proposal');
    return null;
end $$;

insert into gatehouse.event_kind (event_type, stream_prefix, law) values
    ('RemainderDrafted', 'proposal/', 'law_remainder_drafted');

insert into gatehouse.event_right (event_type, role)
    select event_type, 'gh_gate' from unnest(array[
        'RemainderDrafted']) as gate (event_type);

revoke all on all functions in schema gatehouse from public;
grant execute on function gatehouse.has_remainder(text, text) to gh_gate;
