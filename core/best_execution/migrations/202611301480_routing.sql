-- How venues are chosen, as versions: weights, fee tables and who decides beside. Changed by one person, confirmed by
-- another. A payload's form has no field for what a venue pays for orders, and an unknown field is refused.

-- The version that holds on a business day is that of the latest day it is for; of one day's, the newest.
create table gatehouse.routing_version (
    version      int primary key,
    digest       text not null,
    seq          bigint not null,  -- of its confirmation
    effective_on date not null,
    routing      jsonb not null,
    reasons      jsonb not null,
    proposed_by  text references gatehouse.person,
    confirmed_by text references gatehouse.person,
    confirmed_at timestamptz,
    check (version = 0 or proposed_by is not null and confirmed_by is not null and proposed_by <> confirmed_by)
);

-- Version 0 is what the product brings: `core.best_execution.versions.BUILT_IN`, held equal by a test.
insert into gatehouse.routing_version (version, digest, seq, effective_on, routing, reasons) values (
    0, '3adbe0cf62448164c799f0c7ebb9fc7ea64381eb189aa89b50ae41fe68a673d8', 0, '0001-01-01',
    '{"beside": [], "fees": [], "trade_away": [], "weights": {"failure_bps": "20", "half_life_hours": 120,
    "latency_bps": "2", "load_bps": "0.5", "most_of_size": 40, "score_fees": 25, "score_fill_quality": 20,
    "score_latency": 10, "score_load": 5, "score_spread": 25, "score_success": 15, "trust_after": 20,
    "unfilled_bps": "10"}}', '[]');

-- At most one waits for its confirmation; meanwhile it decides beside the one in force.
create table gatehouse.routing_proposal (
    one          boolean primary key default true check (one),
    digest       text not null,
    effective_on date not null,
    routing      jsonb not null,
    reasons      jsonb not null,
    proposed_by  text not null references gatehouse.person,
    proposed_at  timestamptz not null,
    seq          bigint not null
);

alter table gatehouse.routing_version enable row level security;
alter table gatehouse.routing_proposal enable row level security;
-- How the firm chooses venues is its own: whoever works here may read it; a copilot has no need to.
create policy everybody on gatehouse.routing_version for select to gh_intake, gh_approver, gh_gate using (true);
create policy everybody on gatehouse.routing_proposal for select to gh_intake, gh_approver, gh_gate using (true);

create function gatehouse.routing_in_force() returns gatehouse.routing_version
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select v from gatehouse.routing_version v
    where v.effective_on <= coalesce((select m.session from gatehouse.market_day m), '0001-01-01')
    order by v.effective_on desc, v.version desc limit 1
$$;

create function gatehouse.may_set_routing(of_person text) returns boolean
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select exists (select from gatehouse.person p
                   where p.person = of_person and p.role in ('principal', 'compliance'))
$$;

-- Whether a set can decide anything: each venue once in each table, and not every part of the score worth nothing.
create function gatehouse.routing_well_formed(asked jsonb) returns boolean
    language sql immutable set search_path = pg_catalog, pg_temp as $$
    select (select count(*) = count(distinct f->>'venue') from jsonb_array_elements(asked->'fees') f)
       and (select count(*) = count(distinct (t->>'custodian', t->>'venue'))
            from jsonb_array_elements(asked->'trade_away') t)
       and (select count(*) = count(distinct b) from jsonb_array_elements_text(asked->'beside') b)
       and (select coalesce(sum(w.value::numeric), 0) > 0 from jsonb_each_text(asked->'weights') w
            where w.key like 'score\_%')
$$;

-- Whether each weight that differs from the set in force has a written reason of whoever proposes it, and no reason is
-- of a weight that stays.
create function gatehouse.routing_reasons_complete(asked jsonb, reasons jsonb, of_person text) returns boolean
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    with held as (select (gatehouse.routing_in_force()).routing->'weights' as weights),
    moved as (select w.key from held, jsonb_each(asked->'weights') w where w.value is distinct from held.weights->w.key)
    select (select coalesce(array_agg(m.key order by m.key), '{}') from moved m)
         = (select coalesce(array_agg(r->>'weight' order by r->>'weight'), '{}') from jsonb_array_elements(reasons) r)
       and (select coalesce(bool_and(gatehouse.sealed_well_formed(r->'text', of_person)), true)
            from jsonb_array_elements(reasons) r)
$$;

create function gatehouse.law_routing_proposed(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    day text := e.payload->>'effective_on';
    asked jsonb := e.payload->'routing';
    reasons jsonb := e.payload->'reasons';
begin
    if e.stream <> 'routing' then
        return 'wrong_stream';
    end if;
    if not gatehouse.may_set_routing(e.person) then
        return 'may_not_set_routing';
    end if;
    if day !~ '^\d{4}-\d\d-\d\d$' or not pg_input_is_valid(day, 'date') then
        return 'malformed_payload';
    end if;
    if e.payload->>'digest' is distinct from encode(sha256(convert_to(gatehouse.canonical(
            jsonb_build_object('effective_on', day, 'reasons', reasons, 'routing', asked)), 'UTF8')), 'hex') then
        return 'digest_mismatch';
    end if;
    if not gatehouse.routing_well_formed(asked) then
        return 'routing_malformed';
    end if;
    if not gatehouse.routing_reasons_complete(asked, reasons, e.person) then
        return 'routing_reason_missing';
    end if;
    if day::date < (select m.session from gatehouse.market_day m) then
        return 'routing_in_past';
    end if;
    if exists (select from gatehouse.routing_proposal) then
        return 'routing_open';
    end if;
    insert into gatehouse.routing_proposal (digest, effective_on, routing, reasons, proposed_by, proposed_at, seq)
        values (e.payload->>'digest', day::date, asked, reasons, e.person, e.recorded_at, e.seq);
    return null;
end $$;

create function gatehouse.law_routing_decided(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    open gatehouse.routing_proposal;
begin
    if e.stream <> 'routing' then
        return 'wrong_stream';
    end if;
    if not gatehouse.may_set_routing(e.person) then
        return 'may_not_set_routing';
    end if;
    select * into open from gatehouse.routing_proposal;
    if open.digest is null then
        return 'routing_not_open';
    end if;
    if open.digest is distinct from e.payload->>'digest' then
        return 'digest_mismatch';
    end if;
    if e.event_type = 'RoutingConfirmed' then
        if open.proposed_by = e.person then
            return 'same_person';
        end if;
        if open.effective_on < (select m.session from gatehouse.market_day m) then
            return 'routing_in_past';
        end if;
        insert into gatehouse.routing_version
            select 1 + max(v.version), open.digest, e.seq, open.effective_on, open.routing, open.reasons,
                   open.proposed_by, e.person, e.recorded_at from gatehouse.routing_version v;
    end if;
    delete from gatehouse.routing_proposal;
    return null;
end $$;

-- Where each order goes, by its newest routing. `recorded_seq` is the entry of all that the choice rested on; none where
-- an order goes where the one stands whose place it takes: there is nothing to choose.
create table gatehouse.route (
    order_id     text primary key references gatehouse.leg (order_id),
    venue        text not null,
    choices      int not null,
    recorded_seq bigint
);
alter table gatehouse.route enable row level security;
create policy worker on gatehouse.route for select to gh_gate using (true);

-- Why an order may not be routed, or sent, there now: null, or the code. A routing comes right behind the record of what
-- it rests on, of that order, venue and choice; a send goes where the newest routing says.
create function gatehouse.route_fault(l gatehouse.leg, e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    asked text := e.payload->>'venue';
begin
    if exists (select from gatehouse.route r where r.order_id = l.order_id and r.venue = asked
               and (e.event_type = 'OrderSent' or r.recorded_seq = e.seq - 1)) then
        return null;
    end if;
    if e.event_type = 'OrderSent' then
        return 'not_routed';
    end if;
    insert into gatehouse.route as r (order_id, venue, choices)
        select l.order_id, asked, 1 from gatehouse.leg old join gatehouse.route there on there.order_id = old.order_id
        where old.order_id = (gatehouse.released_in_place_of(l)).replaces and old.replaced_by = l.order_id
          and not old.ended and there.venue = asked
        on conflict (order_id) do update set venue = excluded.venue, choices = r.choices + 1, recorded_seq = null;
    return case when not found then 'route_unproven' end;
end $$;

-- What a choice rested on is a version that two people made, or the product's own; never one that still waits or is for
-- a later day; and no venue that only decides beside was chosen. A version that was followed a moment ago is let
-- through: the worker read it just before. It says this of an order that it has, once for each choice.
create function gatehouse.law_routing_recorded(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    v gatehouse.routing_version;
    l gatehouse.leg;
    said json;
    fault text;
begin
    select * into l from gatehouse.leg where order_id = e.payload->>'order';
    if l.order_id is null or e.stream <> 'order/' || l.order_id then
        return 'wrong_stream';
    end if;
    if l.released_seq is null then
        return 'not_released';
    end if;
    fault := gatehouse.lease_fault(l.order_id);
    if fault is not null then
        return fault;
    end if;
    if not pg_input_is_valid(e.payload->>'evidence', 'json') then
        return 'malformed_payload';
    end if;
    said := (e.payload->>'evidence')::json;
    if (said->>'venue', said->>'rules', (said->>'version')::int, said->'asked'->>'order')
       is distinct from (e.payload->>'venue', e.payload->>'routing', (e.payload->>'version')::int, e.payload->>'order') then
        return 'content_mismatch';
    end if;
    select * into v from gatehouse.routing_version where version = (e.payload->>'version')::int;
    if v.digest is distinct from e.payload->>'routing'
       or v.effective_on > coalesce((select m.session from gatehouse.market_day m), '0001-01-01') then
        return 'routing_not_in_force';
    end if;
    if v.routing->'beside' ? (e.payload->>'venue') then
        return 'venue_beside';
    end if;
    if (e.payload->>'choice')::int is distinct from 1 + coalesce(
            (select r.choices from gatehouse.route r where r.order_id = l.order_id), 0) then
        return 'content_mismatch';
    end if;
    insert into gatehouse.route as r (order_id, venue, choices, recorded_seq)
        values (l.order_id, e.payload->>'venue', 1, e.seq)
        on conflict (order_id) do update set
            venue = excluded.venue, choices = r.choices + 1, recorded_seq = excluded.recorded_seq;
    return null;
end $$;

insert into gatehouse.event_kind (event_type, stream_prefix, law) values
    ('RoutingProposed', 'routing', 'law_routing_proposed'),
    ('RoutingConfirmed', 'routing', 'law_routing_decided'),
    ('RoutingWithdrawn', 'routing', 'law_routing_decided'),
    ('RouteRecorded', 'order/', 'law_routing_recorded');

insert into gatehouse.event_right (event_type, role)
    select event_type, 'gh_approver' from unnest(array[
        'RoutingProposed', 'RoutingConfirmed', 'RoutingWithdrawn']) as approver (event_type)
    union all select event_type, 'gh_gate' from unnest(array[
        'RouteRecorded']) as gate (event_type);

update gatehouse.event_kind set followed_by = 'OrderRouted' where event_type = 'RouteRecorded';

-- What an existing record says of all this.
insert into gatehouse.route (order_id, venue, choices)
    select j.text::jsonb->'payload'->>'order', (array_agg(j.text::jsonb->'payload'->>'venue' order by j.seq desc))[1], count(*)
    from gatehouse.journal j where j.event_type = 'OrderRouted' group by 1;

revoke all on all tables in schema gatehouse from public;
revoke all on all functions in schema gatehouse from public;
grant select on gatehouse.routing_version to gh_intake, gh_approver, gh_gate;
grant select on gatehouse.routing_proposal to gh_intake, gh_approver, gh_gate;
grant select on gatehouse.route to gh_gate;
grant execute on function gatehouse.routing_in_force() to gh_intake, gh_approver, gh_gate;
