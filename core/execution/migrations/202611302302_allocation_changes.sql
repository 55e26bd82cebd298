-- How blocks are shared, and what is changed of it later: by two people, in writing. Who settles a trade.

create table gatehouse.allocation_rule (
    version      int primary key,
    method       text not null check (method in ('pro_rata', 'rotational')),
    reason       jsonb not null,
    proposed_by  text not null references gatehouse.person,
    proposed_seq bigint not null,
    confirmed_by text references gatehouse.person,
    confirmed_seq bigint,
    check (confirmed_by <> proposed_by)
);
alter table gatehouse.allocation_rule enable row level security;
create policy everybody on gatehouse.allocation_rule for select to gh_intake, gh_approver, gh_gate using (true);

-- One that waits for compliance; the newest of a block's day takes the place of the one before.
create table gatehouse.allocation_change (
    change      text primary key,
    block_order text not null references gatehouse.block,
    trade_date  text not null,
    revision    int not null,
    parts       jsonb not null,
    reason      jsonb not null,
    drafted_by  text not null references gatehouse.person,
    drafted_seq bigint not null,
    confirmed_by text references gatehouse.person,
    confirmed_seq bigint,
    check (confirmed_by <> drafted_by)
);
create index on gatehouse.allocation_change (block_order, trade_date);
alter table gatehouse.allocation_change enable row level security;
create policy book on gatehouse.allocation_change for select to gh_intake, gh_approver
    using (exists (select from gatehouse.block b where b.order_id = block_order));

alter table gatehouse.trade add column passed_to text;  -- the broker that settles it in our stead

create or replace function gatehouse.allocation_method() returns text
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select coalesce((select r.method from gatehouse.allocation_rule r where r.confirmed_seq is not null
                     order by r.version desc limit 1), 'pro_rata')
$$;

create function gatehouse.law_allocation_rule(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    newest gatehouse.allocation_rule;
begin
    if e.stream <> 'allocation' then
        return 'wrong_stream';
    end if;
    if not gatehouse.may_set_routing(e.person) then
        return 'may_not_set_routing';
    end if;
    select * into newest from gatehouse.allocation_rule r order by r.version desc limit 1;
    if e.event_type = 'AllocationRuleProposed' then
        if newest.version is not null and newest.confirmed_seq is null then
            return 'allocation_rule_open';
        end if;
        if (e.payload->>'version')::int <> coalesce(newest.version, 0) + 1
           or not gatehouse.sealed_well_formed(e.payload->'reason', e.person) then
            return 'malformed_payload';
        end if;
        insert into gatehouse.allocation_rule (version, method, reason, proposed_by, proposed_seq)
            values ((e.payload->>'version')::int, e.payload->>'method', e.payload->'reason', e.person, e.seq);
        return null;
    end if;
    if newest.version is null or newest.confirmed_seq is not null
       or (e.payload->>'version')::int <> newest.version or e.payload->>'method' <> newest.method then
        return 'allocation_rule_missing';
    end if;
    if newest.proposed_by = e.person then
        return 'self_approval';
    end if;
    update gatehouse.allocation_rule r set confirmed_by = e.person, confirmed_seq = e.seq where r.version = newest.version;
    return null;
end $$;

-- Why a day's shares may not be changed now, or null: only while it is that day, of a block that is over and booked.
create function gatehouse.allocation_change_fault(b gatehouse.block, a gatehouse.block_allocation) returns text
    language plpgsql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
    if a.block_order is null then
        return 'not_allocated';
    end if;
    if (select m.session::text from gatehouse.market_day m) <> a.trade_date then
        return 'allocation_final';
    end if;
    if not b.done then
        return 'not_allocated';
    end if;
    return null;
end $$;

create function gatehouse.law_allocation_change(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    b gatehouse.block;
    a gatehouse.block_allocation;
    c gatehouse.allocation_change;
    job text := (select p.role from gatehouse.person p where p.person = e.person);
    fault text;
begin
    select * into b from gatehouse.block where order_id = e.payload->>'order';
    if b.order_id is null or e.stream <> 'order/' || b.order_id then
        return 'wrong_stream';
    end if;
    if e.event_type = 'AllocationChangeDrafted' and job is distinct from 'operations' then
        return 'not_operations';
    end if;
    if e.event_type = 'AllocationChanged' and job is distinct from 'compliance' then
        return 'not_compliance';
    end if;
    select * into a from gatehouse.block_allocation k
        where k.block_order = b.order_id and k.trade_date = e.payload->>'trade_date';
    fault := gatehouse.allocation_change_fault(b, a);
    if fault is not null then
        return fault;
    end if;
    if e.event_type = 'AllocationChangeDrafted' then
        if (e.payload->>'revision')::int <> a.revision then
            return 'allocation_changed';
        end if;
        if not gatehouse.sealed_well_formed(e.payload->'reason', e.person) then
            return 'malformed_payload';
        end if;
        if not gatehouse.allocation_fits(b, a, e.payload->'parts') then
            return 'allocation_misstated';
        end if;
        insert into gatehouse.allocation_change (change, block_order, trade_date, revision, parts, reason, drafted_by, drafted_seq)
            values (e.payload->>'change', b.order_id, a.trade_date, a.revision, e.payload->'parts', e.payload->'reason',
                    e.person, e.seq) on conflict do nothing;
        return case when not found then 'allocation_changed' end;
    end if;
    select * into c from gatehouse.allocation_change k
        where k.block_order = b.order_id and k.trade_date = a.trade_date order by k.drafted_seq desc limit 1;
    if c.change is distinct from e.payload->>'change' or c.confirmed_seq is not null or c.revision <> a.revision
       or (e.payload->>'revision')::int <> a.revision + 1 then
        return 'allocation_changed';
    end if;
    if c.drafted_by = e.person or b.advisor = e.person then
        return 'self_approval';
    end if;
    perform gatehouse.share_as_said(b, a, c.parts);
    update gatehouse.block_allocation k set revision = a.revision + 1, seq = e.seq
        where k.block_order = b.order_id and k.trade_date = a.trade_date;
    update gatehouse.allocation_change k set confirmed_by = e.person, confirmed_seq = e.seq where k.change = c.change;
    perform gatehouse.block_moved(b.order_id);
    return null;
end $$;

-- Whether these are shares of all parts, whole ones that add up, none more than was asked for, and not as they are.
create function gatehouse.allocation_fits(b gatehouse.block, a gatehouse.block_allocation, parts jsonb) returns boolean
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    with said as (select r.part->>'order' as order_id, (r.part->>'quantity')::numeric as quantity
                  from jsonb_array_elements(parts) as r (part)),
    known as (
        select p.order_id, s.quantity as stands,
               p.quantity - coalesce((select sum(o.quantity) from gatehouse.block_share o where o.block_order = b.order_id
                                      and o.order_id = p.order_id and o.trade_date <> a.trade_date), 0) as most
        from gatehouse.block_part p join gatehouse.block_share s
            on s.block_order = p.block_order and s.order_id = p.order_id and s.trade_date = a.trade_date
        where p.block_order = b.order_id)
    select (select count(*) from said) = (select count(*) from known)
       and (select count(*) from said join known using (order_id)
            where said.quantity between 0 and known.most and said.quantity = trunc(said.quantity)) = (select count(*) from known)
       and (select sum(quantity) from said) = a.quantity
       and exists (select from said join known using (order_id) where said.quantity <> known.stands)
$$;

create function gatehouse.share_as_said(b gatehouse.block, a gatehouse.block_allocation, parts jsonb) returns void
    language sql set search_path = pg_catalog, gatehouse, pg_temp as $$
    with said as (select array_agg(r.part->>'order') as names, array_agg((r.part->>'quantity')::numeric) as weights
                  from jsonb_array_elements(parts) as r (part))
    update gatehouse.block_share k set quantity = w.weight, dollars = round(d.share / 100, 2), fee = round(f.share / 100, 2)
        from said s, unnest(s.names, s.weights) as w (name, weight),
             gatehouse.shared_out(b.block, s.names, s.weights, a.dollars * 100, 'pro_rata') d,
             gatehouse.shared_out(b.block, s.names, s.weights, a.fees * 100, 'pro_rata') f
        where k.block_order = b.order_id and k.trade_date = a.trade_date and k.order_id = w.name
          and d.name = w.name and f.name = w.name
$$;

-- Operations says who settles a confirmed trade in our stead: at the account's own custodian, before it has settled.
create function gatehouse.law_trade_passed_on(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    t gatehouse.trade;
    next text;
begin
    select * into t from gatehouse.trade k
        where k.order_id = e.payload->>'order' and k.trade_date = e.payload->>'trade_date';
    if t.order_id is null or e.stream <> 'trade/' || t.order_id || '/' || t.trade_date
       or e.payload->>'account' is distinct from t.account then
        return 'wrong_stream';
    end if;
    if not exists (select from gatehouse.person w where w.person = e.person and w.role = 'operations') then
        return 'not_operations';
    end if;
    select s.after into next from gatehouse.trade_step s where s.before = t.status and s.event = e.event_type;
    if next is null then
        return 'no_such_step';
    end if;
    if e.payload->>'custodian' is distinct from (select a.custodian from gatehouse.account a where a.account = t.account) then
        return 'other_custodian';
    end if;
    update gatehouse.trade k set status = next, passed_to = e.payload->>'broker'
        where k.order_id = t.order_id and k.trade_date = t.trade_date;
    return null;
end $$;

insert into gatehouse.trade_step (before, event, after) values
    ('CONFIRMED', 'TradeSteppedOut', 'STEPPED_OUT'),
    ('CONFIRMED', 'TradeGivenUp', 'GIVEN_UP'),
    ('STEPPED_OUT', 'OrderFilled', 'CORRECTED'),
    ('STEPPED_OUT', 'TradeCorrected', 'CORRECTED'),
    ('STEPPED_OUT', 'TradeBusted', 'CORRECTED'),
    ('GIVEN_UP', 'OrderFilled', 'CORRECTED'),
    ('GIVEN_UP', 'TradeCorrected', 'CORRECTED'),
    ('GIVEN_UP', 'TradeBusted', 'CORRECTED'),
    ('STEPPED_OUT', 'TradeFailedToSettle', 'FAILED_TO_SETTLE'),
    ('GIVEN_UP', 'TradeFailedToSettle', 'FAILED_TO_SETTLE'),
    ('STEPPED_OUT', 'TradeSettled', 'SETTLED'),
    ('GIVEN_UP', 'TradeSettled', 'SETTLED');

insert into gatehouse.event_kind (event_type, stream_prefix, law) values
    ('AllocationRuleProposed', 'allocation', 'law_allocation_rule'),
    ('AllocationRuleConfirmed', 'allocation', 'law_allocation_rule'),
    ('AllocationChangeDrafted', 'order/', 'law_allocation_change'),
    ('AllocationChanged', 'order/', 'law_allocation_change'),
    ('TradeSteppedOut', 'trade/', 'law_trade_passed_on'),
    ('TradeGivenUp', 'trade/', 'law_trade_passed_on');

insert into gatehouse.event_right (event_type, role)
    select event_type, 'gh_approver' from unnest(array[
        'AllocationRuleProposed', 'AllocationRuleConfirmed', 'AllocationChangeDrafted', 'AllocationChanged', 'TradeSteppedOut',
        'TradeGivenUp']) as approver (event_type);

revoke all on gatehouse.allocation_rule, gatehouse.allocation_change from public;
revoke all on all functions in schema gatehouse from public;
grant select on gatehouse.allocation_rule to gh_intake, gh_approver, gh_gate;
grant select on gatehouse.allocation_change to gh_intake, gh_approver;
