-- The firm's limits as versions: changed by one person, confirmed by another, and read by the append itself.

-- The version that holds on a business day is that of the latest day it is for; of one day's, the newest.
create table gatehouse.limit_version (
    version      int primary key,
    digest       text not null,
    seq          bigint not null,  -- of its confirmation
    effective_on date not null,
    limits       jsonb not null,
    proposed_by  text references gatehouse.person,
    confirmed_by text references gatehouse.person,
    confirmed_at timestamptz,
    check (version = 0 or proposed_by is not null and confirmed_by is not null and proposed_by <> confirmed_by)
);

-- Version 0 is what the product brings: `core.risk.limits.DEFAULT_LIMITS`, held equal by a test.
insert into gatehouse.limit_version (version, digest, seq, effective_on, limits) values (
    0, '72d4be4bb1168d89292bab199486724d2eef1d626c01dcd2f44a767f84899577', 0, '0001-01-01',
    '{"account_day_value": "5000000", "advisor_day_value": "50000000", "agent_day_value": "50000000",
    "day_loss": "250000", "duplicate_window_seconds": 60, "firm_day_value": "250000000",
    "household_day_value": "10000000", "household_issuer_weight": "0.30", "max_issuer_weight": "0.25",
    "max_sector_weight": "0.50", "order_count": 500, "order_minimum": "1", "order_quantity": "100000",
    "order_value": "500000", "order_volume": "0.05", "order_window_seconds": 300, "outflow_horizon_days": 30,
    "position_size": "2500000", "price_band": "0.02", "principal_dollars": "1000000", "principal_fraction":
    "0.50", "profile_months": 36, "routine_dollars": "250000", "routine_fraction": "0.25", "trading_cost":
    "0.05", "turnover": "4", "volatility_band": "4"}');

-- At most one waits for its confirmation.
create table gatehouse.limit_proposal (
    one          boolean primary key default true check (one),
    digest       text not null,
    effective_on date not null,
    limits       jsonb not null,
    proposed_by  text not null references gatehouse.person,
    proposed_at  timestamptz not null,
    seq          bigint not null
);

-- What each proposal was computed at, and the newest entry that says that every policy was asked again since.
create table gatehouse.reassessment (
    proposal    text primary key references gatehouse.proposal,
    computed_at bigint not null,
    seq         bigint not null,
    version     int
);

alter table gatehouse.limit_version enable row level security;
alter table gatehouse.limit_proposal enable row level security;
alter table gatehouse.reassessment enable row level security;
-- Limits are the firm's own: whoever works here may read them. Which proposal was asked again is the worker's.
create policy everybody on gatehouse.limit_version for select to gh_agent, gh_intake, gh_approver, gh_gate using (true);
create policy everybody on gatehouse.limit_proposal for select to gh_intake, gh_approver using (true);
create policy everything on gatehouse.reassessment for select to gh_gate using (true);

create function gatehouse.limits_in_force() returns gatehouse.limit_version
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select v from gatehouse.limit_version v
    where v.effective_on <= coalesce((select m.session from gatehouse.market_day m), '0001-01-01')
    order by v.effective_on desc, v.version desc limit 1
$$;

create function gatehouse.may_set_limits(of_person text) returns boolean
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select exists (select from gatehouse.person p
                   where p.person = of_person and p.role in ('principal', 'compliance'))
$$;

create function gatehouse.law_limits_proposed(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    day text := e.payload->>'effective_on';
    asked jsonb := e.payload->'limits';
begin
    if e.stream <> 'limits' then
        return 'wrong_stream';
    end if;
    if not gatehouse.may_set_limits(e.person) then
        return 'may_not_set_limits';
    end if;
    if day !~ '^\d{4}-\d\d-\d\d$' or not pg_input_is_valid(day, 'date') then
        return 'malformed_payload';
    end if;
    if e.payload->>'digest' is distinct from encode(sha256(convert_to(gatehouse.canonical(
            jsonb_build_object('effective_on', day, 'limits', asked)), 'UTF8')), 'hex') then
        return 'digest_mismatch';
    end if;
    if (asked->>'routine_dollars')::numeric > (asked->>'principal_dollars')::numeric
       or (asked->>'routine_fraction')::numeric > (asked->>'principal_fraction')::numeric then
        return 'limits_malformed';
    end if;
    if day::date < (select m.session from gatehouse.market_day m) then
        return 'limits_in_past';
    end if;
    if exists (select from gatehouse.limit_proposal) then
        return 'limits_open';
    end if;
    insert into gatehouse.limit_proposal (digest, effective_on, limits, proposed_by, proposed_at, seq)
        values (e.payload->>'digest', day::date, asked, e.person, e.recorded_at, e.seq);
    return null;
end $$;

create function gatehouse.law_limits_decided(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    open gatehouse.limit_proposal;
begin
    if e.stream <> 'limits' then
        return 'wrong_stream';
    end if;
    if not gatehouse.may_set_limits(e.person) then
        return 'may_not_set_limits';
    end if;
    select * into open from gatehouse.limit_proposal;
    if open.digest is null then
        return 'limits_not_open';
    end if;
    if open.digest is distinct from e.payload->>'digest' then
        return 'digest_mismatch';
    end if;
    if e.event_type = 'LimitsConfirmed' then
        if open.proposed_by = e.person then
            return 'same_person';
        end if;
        if open.effective_on < (select m.session from gatehouse.market_day m) then
            return 'limits_in_past';
        end if;
        insert into gatehouse.limit_version
            select 1 + max(v.version), open.digest, e.seq, open.effective_on, open.limits, open.proposed_by,
                   e.person, e.recorded_at from gatehouse.limit_version v;
    end if;
    delete from gatehouse.limit_proposal;
    return null;
end $$;

-- The least tier that these dollars may have, by the version in force.
create function gatehouse.least_tier(of_household text, dollars numeric, asks_consent boolean) returns int
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select case when h.related or dollars > (v.limits->>'principal_dollars')::numeric then 3
                when dollars > (v.limits->>'routine_dollars')::numeric or asks_consent then 2 else 1 end
    from gatehouse.household h, gatehouse.limits_in_force() v where h.household = of_household
$$;

-- Whether limits came into force that this proposal was not asked under: null, or the code. A worker that read the
-- older version before the newer one was confirmed meets it here: its release is not taken.
create function gatehouse.limits_fault(of_proposal text) returns text language plpgsql
    stable set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    v gatehouse.limit_version := gatehouse.limits_in_force();
    known gatehouse.reassessment;
    p gatehouse.proposal;
    dollars numeric;
begin
    if v.seq = 0 then
        return null;
    end if;
    select * into known from gatehouse.reassessment where proposal = of_proposal;
    if v.seq <= coalesce(known.computed_at, 0) then
        return null;
    end if;
    if v.seq > coalesce(known.seq, 0) then
        return 'limits_changed';
    end if;
    select * into p from gatehouse.proposal where proposal = of_proposal;
    select sum(l.quantity * l.reference_price) into dollars from gatehouse.leg l where l.proposal = of_proposal;
    return case when p.tier < gatehouse.least_tier(p.household, dollars, p.needs_consent) then 'tier_too_low' end;
end $$;

create function gatehouse.law_limits_reassessed(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    p gatehouse.proposal;
    v gatehouse.limit_version := gatehouse.limits_in_force();
begin
    select * into p from gatehouse.proposal where proposal = e.payload->>'proposal';
    if p.proposal is null or e.stream <> 'proposal/' || p.proposal then
        return 'wrong_stream';
    end if;
    if p.status not in ('APPROVED', 'RELEASED') then
        return 'not_approved';
    end if;
    if e.payload->>'digest' is distinct from p.digest then
        return 'digest_mismatch';
    end if;
    if e.payload->>'limits' is distinct from v.digest then
        return 'limits_changed';
    end if;
    insert into gatehouse.reassessment values (p.proposal, 0, e.seq, v.version)
        on conflict (proposal) do update set seq = excluded.seq, version = excluded.version;
    update gatehouse.proposal set last_seq = e.seq where proposal = p.proposal;
    return null;
end $$;

-- Whether each sell of a content names lots that make up its shares, and no buy names any.
create function gatehouse.lots_well_formed(legs jsonb) returns boolean
    language sql immutable set search_path = pg_catalog, pg_temp as $$
    select coalesce(bool_and(case l.leg->>'side'
        when 'buy' then coalesce(l.leg->'lots', '[]') = '[]'
        else (select coalesce(sum(c.quantity), 0) = (l.leg->>'quantity')::numeric and bool_and(c.quantity > 0 and c.lot is not null)
              from jsonb_to_recordset(l.leg->'lots') as c (lot text, quantity numeric)) end), false)
    from jsonb_array_elements(legs) as l (leg)
$$;

-- The worker's figures. The legs that the release check later compares are read from the digested text itself.
create or replace function gatehouse.law_proposal_assessed(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    p gatehouse.proposal;
    content jsonb;
    fault text;
    total numeric;
    asks_consent boolean;
begin
    select * into p from gatehouse.proposal where proposal = e.payload->>'proposal';
    if p.proposal is null or e.stream <> 'proposal/' || p.proposal then
        return 'wrong_stream';
    end if;
    if p.status <> 'DRAFTED' then
        return 'already_assessed';
    end if;
    if encode(sha256(convert_to(e.payload->>'content', 'UTF8')), 'hex') is distinct from e.payload->>'digest' then
        return 'digest_mismatch';
    end if;
    content := (e.payload->>'content')::jsonb;
    if p.kind in ('error_correction', 'allocation_exception') and content->>'kind' <> p.kind then
        return 'content_mismatch';  -- what it is stands in what people decide on
    end if;
    if (content->>'proposal', content->>'household', content->>'advisor', (content->>'valid_for')::date)
       is distinct from (p.proposal, p.household, p.advisor, p.session)
       or coalesce(jsonb_array_length(content->'legs'), 0) = 0
       or exists (select from jsonb_array_elements(content->'legs') as l (leg)
                  where (select a.household from gatehouse.account a where a.account = l.leg->>'account')
                        is distinct from p.household) then
        return 'content_mismatch';
    end if;
    fault := gatehouse.law_who_assesses(e, p, content);  -- and whether a direct order is the one that was asked for
    if fault is not null then
        return fault;
    end if;
    if not gatehouse.lots_well_formed(content->'legs') then
        return 'lots_mismatch';
    end if;
    -- Each account by its key: joined, the planner expects a hundred of them and reads every account of the firm.
    select sum((l.leg->>'quantity')::numeric * (l.leg->>'reference_price')::numeric),
           bool_or((select not a.discretionary from gatehouse.account a where a.account = l.leg->>'account'))
        into total, asks_consent
        from jsonb_array_elements(content->'legs') as l (leg);
    if (e.payload->>'needs_consent')::boolean is distinct from asks_consent
       or (content->>'needs_consent')::boolean is distinct from asks_consent
       or content->>'tier' is distinct from e.payload->>'tier'
       or coalesce((e.payload->>'tier')::int, 0) < gatehouse.least_tier(p.household, total, asks_consent)
       or e.payload->>'tier' <> '3' and (p.kind in ('error_correction', 'allocation_exception') or exists (
            select from jsonb_array_elements(content->'legs') as l (leg)
            join gatehouse.stream_head h on h.stream = 'restricted/' || (l.leg->>'symbol'))) then
        return 'tier_too_low';
    end if;
    insert into gatehouse.leg (proposal, leg, order_id, advisor, account, symbol, side, quantity, order_type,
                               limit_price, time_in_force, lots, reference_price, band_low, band_high,
                               funded_by, may_release_less)
        select p.proposal, (l.leg->>'leg')::int, l.leg->>'order', p.advisor, l.leg->>'account', l.leg->>'symbol',
               l.leg->>'side', (l.leg->>'quantity')::numeric, l.leg->>'order_type',
               (l.leg->>'limit_price')::numeric, l.leg->>'time_in_force', l.leg->'lots',
               (l.leg->>'reference_price')::numeric, (l.leg->>'band_low')::numeric, (l.leg->>'band_high')::numeric,
               array(select jsonb_array_elements_text(l.leg->'funded_by')::int),
               (l.leg->>'may_release_less')::boolean
        from jsonb_array_elements(content->'legs') as l (leg);
    insert into gatehouse.reassessment values (
        p.proposal, least(coalesce((content->>'portfolio_seq')::bigint, 0), e.seq), 0, null);
    update gatehouse.proposal set status = 'ASSESSED', digest = e.payload->>'digest', content = e.payload->>'content',
        preview = e.payload->>'preview', findings = e.payload->'findings', tier = (e.payload->>'tier')::int,
        needs_consent = asks_consent, last_seq = e.seq
        where proposal = p.proposal;
    return null;
end $$;

-- A release is taken under the limits that are in force at that very moment.
create function gatehouse.law_limits_at_release(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
    return coalesce(gatehouse.limits_fault(e.payload->>'proposal'), gatehouse.law_order_released(e));
end $$;
update gatehouse.event_kind set law = 'law_limits_at_release' where event_type = 'OrderReleased';

insert into gatehouse.event_kind (event_type, stream_prefix, law) values
    ('LimitsProposed', 'limits', 'law_limits_proposed'),
    ('LimitsConfirmed', 'limits', 'law_limits_decided'),
    ('LimitsWithdrawn', 'limits', 'law_limits_decided'),
    ('ProposalReassessed', 'proposal/', 'law_limits_reassessed');

insert into gatehouse.event_right (event_type, role)
    select event_type, 'gh_approver' from unnest(array[
        'LimitsProposed', 'LimitsConfirmed', 'LimitsWithdrawn']) as approver (event_type)
    union all select event_type, 'gh_gate' from unnest(array[
        'ProposalReassessed']) as gate (event_type);

revoke all on all tables in schema gatehouse from public;
revoke all on all functions in schema gatehouse from public;
grant select on gatehouse.limit_version to gh_agent, gh_intake, gh_approver, gh_gate;
grant select on gatehouse.limit_proposal to gh_intake, gh_approver;
grant select on gatehouse.reassessment to gh_gate;
grant execute on function gatehouse.limits_in_force() to gh_agent, gh_intake, gh_approver, gh_gate;
