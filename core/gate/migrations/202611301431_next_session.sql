-- What is asked for the next session: it survives one close where its advisor has submitted it, and lapses at the next.
-- The day stands in the text that people decide on. Consent is good for its business day alone.

alter table gatehouse.proposal add column for_session date;  -- null: for the day on which it was drafted

-- People decide on it today, whichever session it is for.
create function gatehouse.decided_today() returns trigger language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
    new.session := (select m.session from gatehouse.market_day m);
    return new;
end $$;
create trigger decided_today before update of status on gatehouse.proposal for each row
    when (new.for_session is not null and new.status = 'ASSESSED') execute function gatehouse.decided_today();

-- Whether its time is over: its day has ended, and it was not submitted for a later one.
create function gatehouse.lapses(p gatehouse.proposal, day gatehouse.market_day) returns boolean
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select p.status in ('DRAFTED', 'ASSESSED', 'SUBMITTED', 'APPROVED')
       and case when p.session > day.session then day.state = 'closed'  -- drafted for later, and nobody has seen it yet
                when p.session < day.session then true
                else day.state = 'closed'
                     and not (p.for_session > day.session and p.status in ('SUBMITTED', 'APPROVED')) end
$$;

create or replace function gatehouse.law_proposal_lapsed(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    p gatehouse.proposal;
    day gatehouse.market_day;
begin
    select * into p from gatehouse.proposal where proposal = e.payload->>'proposal';
    select * into day from gatehouse.market_day;
    if p.proposal is null or e.stream <> 'proposal/' || p.proposal then
        return 'wrong_stream';
    end if;
    if p.status not in ('DRAFTED', 'ASSESSED', 'SUBMITTED', 'APPROVED') then
        return 'already_decided';
    end if;
    if not gatehouse.lapses(p, day) then
        return 'not_yet';
    end if;
    perform gatehouse.end_proposal(p.proposal, 'LAPSED', e);
    return null;
end $$;

-- The session that it was submitted for has begun: it counts in that day's sums, and a client's consent to it was good
-- for the day before.
create function gatehouse.carry_over(to_session date) returns void language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    p gatehouse.proposal;
begin
    for p in
        select q.* from gatehouse.proposal q
        where q.for_session = to_session and q.session < to_session and q.status in ('SUBMITTED', 'APPROVED')
    loop
        delete from gatehouse.decision d where d.proposal = p.proposal and d.kind = 'consent';
        update gatehouse.proposal set session = to_session where proposal = p.proposal;
        p.session := to_session;
        insert into gatehouse.day_use as u (scope, named, session, dollars)
            select s.scope, s.named, p.session, s.dollars from gatehouse.day_scopes(p) as s
            on conflict (scope, named) do update set session = excluded.session,
                dollars = excluded.dollars + case when u.session = excluded.session then u.dollars else 0 end;
    end loop;
end $$;

create function gatehouse.law_day_opened_anew(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    fault text := gatehouse.law_limits_day_opened(e);
begin
    if fault is null then
        perform gatehouse.carry_over((e.payload->>'session')::date);
    end if;
    return fault;
end $$;
update gatehouse.event_kind set law = 'law_day_opened_anew' where event_type = 'BusinessDayOpened';

revoke all on all functions in schema gatehouse from public;
grant execute on function gatehouse.lapses(gatehouse.proposal, gatehouse.market_day) to gh_gate;
