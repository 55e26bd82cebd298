-- The law of an order over time (TWAP): its parts are legs, decided on together; each leaves at its time and no sooner,
-- none after the last minute, and no more of them in the time of one than people decided on.

-- One for each proposal whose content has a schedule. `began_at` is when its first part left, by the journal's own clock,
-- which never runs backwards; `slot` the number of the part's time in which the newest one left, and `in_slot` how many
-- left in it. `stopped_seq`: a person asked to cancel a part of it, and so the rest.
create table gatehouse.schedule (
    proposal    text primary key references gatehouse.proposal,
    quantity    numeric not null check (quantity > 0),
    minutes     int not null check (minutes between 1 and 390),
    parts       int not null check (parts between 2 and 60),
    lot         numeric not null check (lot > 0),
    catch_up    int not null check (catch_up between 1 and 60),
    began_at    timestamptz,
    slot        int not null default 0,
    in_slot     int not null default 0,
    stopped_seq bigint
);
create index schedule_began on gatehouse.schedule (began_at);
alter table gatehouse.schedule enable row level security;
create policy book on gatehouse.schedule for select to gh_agent, gh_intake, gh_approver
    using (exists (select from gatehouse.proposal p where p.proposal = schedule.proposal));
create policy everything on gatehouse.schedule for select to gh_gate using (true);
revoke all on gatehouse.schedule from public;
grant select on gatehouse.schedule to gh_agent, gh_intake, gh_approver, gh_gate;

-- `core.orders.schedule.Schedule.due_by` is its twin: shares of the first so many parts.
create function gatehouse.schedule_due(quantity numeric, parts int, lot numeric, part int) returns numeric
    language sql immutable set search_path = pg_catalog, pg_temp as $$
    select case when part >= parts then quantity else div(quantity * part, parts * lot) * lot end
$$;

-- Whether the legs of a content are the parts of its schedule and nothing else, and it is the one that was asked for.
create function gatehouse.schedule_well_formed(content jsonb, request jsonb) returns boolean
    language sql immutable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select s - '{quantity,minutes,parts,lot,catch_up}'::text[] = '{}' and request->>'kind' = 'order'
       and s->'minutes' = request->'planning'->'minutes' and s->'parts' = request->'planning'->'parts'
       and (s->>'quantity')::numeric = (request->>'quantity')::numeric
       and (select count(*) = (s->>'parts')::int and min((l->>'leg')::int) = 0 and max((l->>'leg')::int) = count(*) - 1
                   and count(distinct (l->>'leg')::int) = count(*)
                   and count(distinct (l->>'account', l->>'symbol', l->>'side', l->>'order_type', l->>'time_in_force',
                             l->>'limit_price', l->>'reference_price', l->>'band_low', l->>'band_high')) = 1
                   and bool_and(l->'funded_by' = '[]' and l->'may_release_less' = 'false' and not l ? 'replaces'
                       and (l->>'account', l->>'symbol', l->>'side')
                           = (request->'accounts'->>0, request->>'symbol', request->>'side')
                       and (l->>'quantity')::numeric
                           = gatehouse.schedule_due((s->>'quantity')::numeric, (s->>'parts')::int, (s->>'lot')::numeric,
                                                    (l->>'leg')::int + 1)
                           - gatehouse.schedule_due((s->>'quantity')::numeric, (s->>'parts')::int, (s->>'lot')::numeric,
                                                    (l->>'leg')::int))
            from jsonb_array_elements(content->'legs') as legs (l))
    from (select content->'schedule' as s) as one
$$;

-- With the assessment, in the same step: a content whose schedule is not that of its legs is no content.
create function gatehouse.note_schedule() returns trigger language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    content jsonb := new.content::jsonb;
    s jsonb := content->'schedule';
begin
    if s is null then
        return null;  -- the word stands elsewhere in it
    end if;
    if gatehouse.schedule_well_formed(content, new.request) is not true then
        raise exception 'the legs are not the parts of the schedule' using errcode = 'check_violation';
    end if;
    insert into gatehouse.schedule (proposal, quantity, minutes, parts, lot, catch_up) values (
        new.proposal, (s->>'quantity')::numeric, (s->>'minutes')::int, (s->>'parts')::int, (s->>'lot')::numeric,
        (s->>'catch_up')::int);
    return null;
end $$;
create trigger note_schedule after update of content on gatehouse.proposal for each row
    when (old.content is null and strpos(new.content, '"schedule"') > 0) execute function gatehouse.note_schedule();

-- The number of the part whose time runs, from 1; null before the first has left, and more than there are once the time
-- is over.
create function gatehouse.schedule_slot(s gatehouse.schedule, at timestamptz) returns int
    language sql immutable set search_path = pg_catalog, pg_temp as $$
    select 1 + least(s.parts, floor(extract(epoch from greatest(at - s.began_at, '0')) * s.parts / (s.minutes * 60)))::int
$$;

-- Why a part may not leave at that moment: null, or the code.
create function gatehouse.schedule_fault(l gatehouse.leg, at timestamptz) returns text language plpgsql
    stable set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    s gatehouse.schedule;
    slot int;
begin
    select * into s from gatehouse.schedule where proposal = l.proposal;
    if s.proposal is null then
        return null;
    end if;
    if s.stopped_seq is not null then
        return 'schedule_over';
    end if;
    slot := coalesce(gatehouse.schedule_slot(s, at), 1);
    if slot > s.parts then
        return 'schedule_over';
    end if;
    if l.leg >= slot or slot <= s.slot and s.in_slot >= s.catch_up then
        return 'part_not_due';
    end if;
    return null;
end $$;

-- Parts do not make a large order small: the whole is held by what one order may be.
create function gatehouse.schedule_too_large(l gatehouse.leg) returns text
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select 'order_limit_reached' from gatehouse.schedule s, gatehouse.limits_in_force() v
    where s.proposal = l.proposal
      and (s.quantity > (v.limits->>'order_quantity')::numeric
           or gatehouse.open_dollars(l) * s.quantity / l.quantity > (v.limits->>'order_value')::numeric)
$$;

-- Whether nothing more of it may leave and what is out is to come back: its time is over, a person stopped it, or its
-- business day has ended. By the journal's own clock. Null: it has no schedule.
create function gatehouse.schedule_over(of_proposal text) returns boolean
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select s.stopped_seq is not null
        or coalesce(gatehouse.schedule_slot(s, greatest(clock_timestamp(), h.recorded_at)) > s.parts, false)
        or p.status = 'RELEASED' and (d.state <> 'open' or d.session <> p.session)
    from gatehouse.schedule s join gatehouse.proposal p using (proposal), gatehouse.head h, gatehouse.market_day d
    where s.proposal = of_proposal
$$;

-- The most shares that a leg may carry now: null while its time or its funding is open, none where its time is over.
create function gatehouse.releasable_now(l gatehouse.leg) returns numeric language plpgsql
    stable set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    over boolean := gatehouse.schedule_over(l.proposal);
begin
    if over then
        return 0;
    end if;
    if over is not null and gatehouse.schedule_fault(
            l, (select greatest(clock_timestamp(), h.recorded_at) from gatehouse.head h)) is not null then
        return null;
    end if;
    return gatehouse.releasable(l);
end $$;

create or replace function gatehouse.law_order_released(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    refusal text := gatehouse.release_refusal(e);
    shares numeric := (e.payload->>'quantity')::numeric;
    mine gatehouse.leg;
begin
    if refusal is not null then
        return refusal;
    end if;
    select * into mine from gatehouse.leg where order_id = e.payload->>'order';
    refusal := coalesce(gatehouse.schedule_fault(mine, e.recorded_at), gatehouse.schedule_too_large(mine));
    if refusal is not null then
        return refusal;
    end if;
    update gatehouse.schedule s set began_at = coalesce(s.began_at, e.recorded_at),
            slot = now_in.slot, in_slot = case when now_in.slot <= s.slot then s.in_slot + 1 else 1 end
        from (select x.proposal, greatest(x.slot, coalesce(gatehouse.schedule_slot(x, e.recorded_at), 1)) as slot
              from gatehouse.schedule x where x.proposal = mine.proposal) as now_in
        where s.proposal = now_in.proposal;
    update gatehouse.leg set released_seq = e.seq, released_quantity = shares where order_id = e.payload->>'order';
    if e.payload->>'replaces' is not null then
        update gatehouse.replacing r set executed = (e.payload->>'executed_before')::numeric
            where r.proposal = e.payload->>'proposal';
        update gatehouse.leg l set quantity = shares, lots = gatehouse.first_shares(l.lots, shares)
            where l.order_id = e.payload->>'order' and l.quantity <> shares;
    end if;
    update gatehouse.proposal set status = 'RELEASED', last_seq = e.seq where proposal = e.payload->>'proposal';
    return null;
end $$;

-- As before; and whoever cancels one part stops the rest of the schedule. The worker asks as well, for what is out of a
-- schedule that is over, and for nothing else.
create or replace function gatehouse.law_cancel_requested(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    l gatehouse.leg;
    p gatehouse.proposal;
begin
    select * into l from gatehouse.leg where order_id = e.payload->>'order';
    if l.order_id is null or e.stream <> 'order/' || l.order_id then
        return 'wrong_stream';
    end if;
    select * into p from gatehouse.proposal where proposal = l.proposal;
    if e.role = 'gh_gate' then
        if l.released_seq is null or gatehouse.schedule_over(l.proposal) is not true then
            return 'not_yours_to_cancel';
        end if;
    elsif gatehouse.may_submit(e.person, p) is not true and not exists (
        select from gatehouse.person w where w.person = e.person and w.role in ('principal', 'operations')) then
        return 'not_yours_to_cancel';
    end if;
    if l.ended then
        return 'order_ended';
    end if;
    if l.cancel_seq is not null then
        return 'cancel_asked';
    end if;
    if l.released_seq is null and p.status <> 'RELEASED' then
        return 'not_released';
    end if;
    if l.released_seq is null then
        perform gatehouse.give_back(l.proposal, l.leg);
    end if;
    update gatehouse.leg set cancel_seq = e.seq, ended = l.released_seq is null where order_id = l.order_id;
    if e.role <> 'gh_gate' then
        update gatehouse.schedule s set stopped_seq = e.seq where s.proposal = l.proposal and s.stopped_seq is null;
    end if;
    update gatehouse.proposal set last_seq = e.seq where proposal = l.proposal;
    return null;
end $$;

insert into gatehouse.event_right (event_type, role)
    select event_type, 'gh_gate' from unnest(array[
        'CancelRequested']) as gate (event_type);

-- `core.orders.planning.Planning` is its twin. As before, and knows over how long an order goes out and in how many parts.
update gatehouse.event_kind set version = 3 where event_type = 'ProposalDrafted';
update gatehouse.event_kind set version = 2 where event_type in ('CorrectionDrafted', 'RemainderDrafted');

create or replace function gatehouse.planning_well_formed(planning jsonb) returns boolean
    language sql immutable set search_path = pg_catalog, pg_temp as $$
    select jsonb_typeof(planning) = 'object'
       and planning - '{weigh_tax,gains_budget,dollars,lot_method,lots,replacement,minutes,parts}'::text[] = '{}'
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
       and coalesce(jsonb_typeof(planning->'minutes'), 'null') in ('number', 'null')
       and coalesce(jsonb_typeof(planning->'parts'), 'null') in ('number', 'null')
       and coalesce(planning->>'minutes', '1') ~ '^[0-9]{1,3}$' and coalesce(planning->>'parts', '2') ~ '^[0-9]{1,2}$'
    from unnest('{gains_budget,dollars,lot_method,replacement}'::text[]) as texts (name)
$$;

-- The business day before this one, of which something may still be left to draft.
alter table gatehouse.market_day add column previous date;
create function gatehouse.remember_the_day() returns trigger language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
    new.previous := old.session;
    return new;
end $$;
create trigger remember_the_day before update of session on gatehouse.market_day for each row
    when (new.session <> old.session) execute function gatehouse.remember_the_day();

-- Shares of a schedule that are left, once nothing of it is open; null of anything else. What a person stopped is hers.
create function gatehouse.schedule_left(of_proposal text) returns numeric
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select nullif(greatest(0, s.quantity - sum(l.filled)), 0)
    from gatehouse.schedule s join gatehouse.leg l using (proposal)
    where s.proposal = of_proposal and s.began_at is not null and s.stopped_seq is null
    group by s.proposal having bool_and(l.ended)
$$;

-- As before; and a schedule whose time was over before all of it was executed has something left.
create or replace function gatehouse.has_remainder(of_proposal text, of_account text) returns boolean
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select (exists (
        select from gatehouse.leg b join gatehouse.leg s on s.proposal = b.proposal and s.leg = any (b.funded_by)
        where b.proposal = of_proposal and b.account = of_account and b.side = 'buy' and b.may_release_less and b.ended
          and (b.released_seq is null or b.released_quantity < b.quantity) and s.filled < s.quantity)
        or gatehouse.schedule_left(of_proposal) is not null
           and exists (select from gatehouse.leg l where l.proposal = of_proposal and l.account = of_account))
       and not exists (
        select from gatehouse.leg l where l.proposal = of_proposal and l.account = of_account and not l.ended)
       and (select p.status from gatehouse.proposal p where p.proposal = of_proposal) = 'RELEASED'
$$;

-- Once for each account, on the day of the plan or on the next that is opened, and exactly what was asked before: the
-- worker chooses nothing. What is left of a schedule is asked for at once, and no more than is left. It is as much her
-- own, or her copilot's, as the plan that it is left of.
create or replace function gatehouse.law_remainder_drafted(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    asked jsonb := e.payload->'request';
    of_account text := asked->'accounts'->>0;
    p gatehouse.proposal;
    day gatehouse.market_day;
    shares_left numeric;
    expected jsonb;
begin
    if e.stream <> 'proposal/' || (e.payload->>'proposal') or e.stream_version <> 1 then
        return 'wrong_stream';
    end if;
    if gatehouse.draft_well_formed(e.payload) is not true or gatehouse.request_well_formed(asked) is not true
       or jsonb_array_length(asked->'accounts') <> 1 or e.payload->'provenance' <> '[]' then
        return 'malformed_payload';
    end if;
    select * into p from gatehouse.proposal where proposal = e.payload->>'supersedes';
    if p.proposal is null or gatehouse.has_remainder(p.proposal, of_account) is not true
       or exists (select from gatehouse.remainder r where r.proposal = p.proposal and r.account = of_account) then
        return 'nothing_left';
    end if;
    expected := p.request || jsonb_build_object('accounts', jsonb_build_array(of_account), 'for_session', null);
    shares_left := gatehouse.schedule_left(p.proposal);
    if shares_left is not null then
        if (asked->>'quantity')::numeric is distinct from shares_left then
            return 'content_mismatch';
        end if;
        expected := expected || jsonb_build_object(
            'quantity', asked->'quantity', 'planning', (p.request->'planning') - '{minutes,parts}'::text[]);
    end if;
    if jsonb_strip_nulls(asked) is distinct from jsonb_strip_nulls(expected)
       or (e.payload->>'agent', e.payload->>'thread') is distinct from (p.agent, p.thread) then
        return 'content_mismatch';
    end if;
    select * into day from gatehouse.market_day;
    if day.state is distinct from 'open' or (p.session in (day.session, day.previous)) is not true then
        return 'day_closed';
    end if;
    insert into gatehouse.proposal (proposal, household, advisor, kind, request, thread, trace, drafted_by, agent,
                                    drafted_at, drafted_seq, status, session, last_seq)
        values (e.payload->>'proposal', p.household, p.advisor, p.kind, asked, p.thread, e.trace_id, p.drafted_by, p.agent,
                e.recorded_at, e.seq, 'DRAFTED', day.session, e.seq);
    insert into gatehouse.remainder values (p.proposal, of_account, e.payload->>'proposal');
    return null;
end $$;

revoke all on all functions in schema gatehouse from public;
grant execute on function gatehouse.has_remainder(text, text), gatehouse.schedule_left(text),
    gatehouse.schedule_over(text), gatehouse.schedule_fault(gatehouse.leg, timestamptz),
    gatehouse.schedule_slot(gatehouse.schedule, timestamptz), gatehouse.releasable_now(gatehouse.leg) to gh_gate;
