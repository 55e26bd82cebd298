-- What binds at the edge of a limit: rows that are changed inside the append. Two people who ask at once read the
-- same picture and are both allowed by it; here one of them comes first, and the other is told no.

-- Dollars of one business day. `scope` is account, household, advisor, agent or firm; a row of an earlier day counts
-- as nothing. Every open order counts at the worst price that it may trade at, an ended one with what it came to.
create table gatehouse.day_use (
    scope   text not null,
    named   text not null,
    session date not null,
    dollars numeric not null,
    primary key (scope, named)
);

-- Orders of one advisor, by the moment that they were submitted.
create table gatehouse.order_burst (
    advisor text not null,
    at      timestamptz not null,
    orders  int not null
);
create index order_burst_advisor on gatehouse.order_burst (advisor, at);

-- Tax lots as the law knows them: `core.book.lots` is the twin. Reserved is promised to submitted sales.
create table gatehouse.lot_holding (
    account  text not null references gatehouse.account,
    lot      text not null,
    symbol   text not null,
    held     numeric not null,
    reserved numeric not null default 0 check (reserved >= 0),
    primary key (account, lot)
);

-- Executions that were counted: a venue's second copy of one, under any key, is not a second one. The figures are those
-- that it stands at; `reported` is the shares that the venue reported first, `revision` its corrections so far.
create table gatehouse.execution (
    order_id   text not null,
    execution  text not null,
    trade_date text not null,
    quantity   numeric not null,
    price      numeric not null,
    fee        numeric not null,
    reported   numeric not null,
    revision   int not null default 0,
    busted     boolean not null default false,
    primary key (order_id, execution)
);

-- Deposits that are nobody's to spend until their day has come.
create table gatehouse.held_deposit (
    account text not null references gatehouse.account,
    deposit text not null,
    amount  numeric not null,
    until   date not null,
    primary key (account, deposit)
);

alter table gatehouse.holding add column coming numeric not null default 0;  -- shares that open buys may bring
alter table gatehouse.leg add column coming numeric not null default 0;      -- of this buy
alter table gatehouse.leg add column taken_back numeric not null default 0;  -- shares that corrections took off its executions
alter table gatehouse.leg add column counted numeric not null default 0;     -- dollars of this leg in `day_use`

alter table gatehouse.day_use enable row level security;
alter table gatehouse.order_burst enable row level security;
alter table gatehouse.lot_holding enable row level security;
alter table gatehouse.execution enable row level security;
alter table gatehouse.held_deposit enable row level security;
-- What is left of a limit and which lots are free is for those who supervise, and for the worker.
create policy supervise on gatehouse.day_use for select to gh_approver using ((select gatehouse.asker_sees_all()));
create policy everything on gatehouse.day_use for select to gh_gate using (true);
create policy everything on gatehouse.lot_holding for select to gh_gate using (true);

-- Shares of each lot between two marks of a sale that goes through its choices in their order.
create function gatehouse.lots_between(choices jsonb, first numeric, last numeric)
    returns table (lot text, shares numeric)
    language sql immutable set search_path = pg_catalog, pg_temp as $$
    with c as (
        select x.lot, sum(x.quantity) over (order by x.n) - x.quantity as starts, sum(x.quantity) over (order by x.n) as ends
        from rows from (jsonb_to_recordset(choices) as (lot text, quantity numeric)) with ordinality as x (lot, quantity, n))
    select c.lot, sum(least(c.ends, last) - greatest(c.starts, first))
    from c where least(c.ends, last) > greatest(c.starts, first) group by c.lot
$$;

-- The lot that a purchase opens, as `core.book.lots.lot_id_for`.
create function gatehouse.lot_of(of_order text, execution text) returns text
    language sql immutable set search_path = pg_catalog, pg_temp as $$
    select 'lot-' || left(encode(sha256(convert_to(of_order || '/' || execution, 'UTF8')), 'hex'), 24)
$$;

-- Dollars of an order while it is open, as `core.risk.intent` has them.
create function gatehouse.open_dollars(l gatehouse.leg) returns numeric
    language sql immutable set search_path = pg_catalog, pg_temp as $$
    select l.quantity * greatest(l.reference_price, coalesce(
        l.limit_price, case l.side when 'buy' then l.band_high else l.band_low end))
$$;

-- The scopes that this proposal's dollars count in.
create function gatehouse.day_scopes(p gatehouse.proposal) returns table (scope text, named text, dollars numeric)
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    with asked as materialized (
        select l.account, sum(gatehouse.open_dollars(l)) as dollars
        from gatehouse.leg l where l.proposal = p.proposal group by l.account)
    select 'account', a.account, a.dollars from asked a
    union all
    select s.scope, s.named, (select sum(a.dollars) from asked a)
    from (values ('household', p.household), ('advisor', p.advisor), ('agent', p.agent), ('firm', 'firm')) as s (scope, named)
    where s.named is not null
$$;

create index proposal_agent on gatehouse.proposal (agent, session) where agent is not null;
create index proposal_drafter on gatehouse.proposal (drafted_by, session);

-- Dollars that what this agent, or this program or strategy, drafted has lost today: all of it together, or in one
-- symbol alone, which is a strategy's signal. Shares are worth the middle of the venues' quotes of the day, or the
-- reference price that people decided on last where no venue has quoted. `core.risk.day_loss` is the twin.
create function gatehouse.day_lost(of_agent text, of_drafter text, on_day date, of_symbol text) returns numeric
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select greatest(0, -coalesce(sum(t.dollars + t.shares * coalesce(
        (select (max(q.bid) + min(q.ask)) / 2 from gatehouse.quote q where q.symbol = t.symbol and q.session = on_day),
        t.price)), 0))
    from (select l.symbol, sum(l.proceeds) as dollars,
                 sum(case l.side when 'buy' then l.filled else -l.filled end) as shares,
                 (array_agg(l.reference_price order by p.drafted_seq desc))[1] as price
          from gatehouse.proposal p join gatehouse.leg l on l.proposal = p.proposal and l.filled > 0
          where p.session = on_day and (p.agent = of_agent or p.drafted_by = of_drafter)
            and l.symbol = coalesce(of_symbol, l.symbol)
          group by l.symbol) as t
$$;

-- Whether it buys for somebody who has lost too much today: null, or the code. Who only sells can always get out.
create function gatehouse.day_loss_fault(p gatehouse.proposal, most numeric) returns text
    language plpgsql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    program text := (select w.person from gatehouse.person w where w.person = p.drafted_by and w.role = 'machine');
begin
    if p.agent is null and program is null then
        return null;
    end if;
    if exists (select from gatehouse.leg l where l.proposal = p.proposal and l.side = 'buy'
               and (gatehouse.day_lost(p.agent, null, p.session, null) > most
                    or gatehouse.day_lost(null, program, p.session, null) > most
                    or gatehouse.day_lost(null, program, p.session, l.symbol) > most)) then
        return 'day_loss_reached';
    end if;
    return null;
end $$;

-- Why this proposal would go beyond a limit in force: null, or the code. Exactly at a limit passes. Positions are at
-- the reference prices that people decided on; what open buys may still bring counts as if it were there.
create function gatehouse.caps_fault(p gatehouse.proposal, caps jsonb) returns text language plpgsql
    stable set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
    if exists (select from gatehouse.leg l where l.proposal = p.proposal
               and (gatehouse.open_dollars(l) > (caps->>'order_value')::numeric
                    or l.quantity > (caps->>'order_quantity')::numeric)) then
        return 'order_limit_reached';
    end if;
    if exists (
        select from gatehouse.day_scopes(p) as s
        left join gatehouse.day_use u on u.scope = s.scope and u.named = s.named and u.session = p.session
        where coalesce(u.dollars, 0) + s.dollars > (caps->>(s.scope || '_day_value'))::numeric) then
        return 'day_limit_reached';
    end if;
    if (select coalesce(sum(b.orders), 0) from gatehouse.order_burst b
        where b.advisor = p.advisor
          and b.at > clock_timestamp() - make_interval(secs => (caps->>'order_window_seconds')::int))
       + (select count(*) from gatehouse.leg l where l.proposal = p.proposal) > (caps->>'order_count')::int then
        return 'order_count_reached';
    end if;
    if exists (
        select from (select l.account, l.symbol, max(l.reference_price) as price,
                            sum(case l.side when 'buy' then l.quantity else -l.quantity end) as more
                     from gatehouse.leg l where l.proposal = p.proposal group by l.account, l.symbol) as asked
        left join gatehouse.holding h using (account, symbol)
        where asked.more > 0
          and (coalesce(h.held + h.coming, 0) + asked.more) * asked.price > (caps->>'position_size')::numeric) then
        return 'position_limit_reached';
    end if;
    return gatehouse.day_loss_fault(p, (caps->>'day_loss')::numeric);
end $$;

-- Shares and lots that are sold, dollars that the buys need beyond the sells of the same account at the worst prices
-- that the digest allows, and what counts toward the firm's limits: promised to this proposal alone.
create or replace function gatehouse.reserve(of_proposal text) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    p gatehouse.proposal;
    fault text;
begin
    select * into p from gatehouse.proposal where proposal = of_proposal;
    if exists (
        select from (select account, symbol, sum(quantity) as asked from gatehouse.leg
                     where proposal = of_proposal and side = 'sell' group by account, symbol) as sale
        left join gatehouse.holding h using (account, symbol)
        where sale.asked > coalesce(h.held - h.reserved, 0)) then
        return 'shares_not_free';
    end if;
    if exists (
        select from (select l.account, l.symbol, c.lot, sum(c.quantity) as asked
                     from gatehouse.leg l
                     cross join lateral jsonb_to_recordset(l.lots) as c (lot text, quantity numeric)
                     where l.proposal = of_proposal and l.side = 'sell' group by l.account, l.symbol, c.lot) as sale
        left join gatehouse.lot_holding h on h.account = sale.account and h.lot = sale.lot and h.symbol = sale.symbol
        where sale.asked > coalesce(h.held - h.reserved, 0)) then
        return 'lots_not_free';
    end if;
    if exists (
        select from gatehouse.cash_needed(of_proposal) as need
        left join gatehouse.holding h on h.account = need.account and h.symbol = 'cash'
        where need.dollars > coalesce(h.held - h.reserved, 0)) then
        return 'cash_not_free';
    end if;
    fault := gatehouse.caps_fault(p, (gatehouse.limits_in_force()).limits);
    if fault is not null then
        return fault;
    end if;
    update gatehouse.leg l set
        reserved = case l.side when 'sell' then l.quantity else 0 end,
        coming = case l.side when 'buy' then l.quantity else 0 end,
        counted = gatehouse.open_dollars(l)
        where l.proposal = of_proposal;
    update gatehouse.holding h set reserved = h.reserved + sale.asked
        from (select account, symbol, sum(quantity) as asked from gatehouse.leg
              where proposal = of_proposal and side = 'sell' group by account, symbol) as sale
        where h.account = sale.account and h.symbol = sale.symbol;
    update gatehouse.lot_holding h set reserved = h.reserved + sale.asked
        from (select l.account, c.lot, sum(c.quantity) as asked
              from gatehouse.leg l cross join lateral jsonb_to_recordset(l.lots) as c (lot text, quantity numeric)
              where l.proposal = of_proposal and l.side = 'sell' group by l.account, c.lot) as sale
        where h.account = sale.account and h.lot = sale.lot;
    -- Each buy keeps its share of the dollars, so that they come back as the buys end one by one.
    update gatehouse.leg l set reserved = need.dollars * l.quantity * l.reference_price / (
            select sum(b.quantity * b.reference_price) from gatehouse.leg b
            where b.proposal = of_proposal and b.account = need.account and b.side = 'buy')
        from gatehouse.cash_needed(of_proposal) as need
        where l.proposal = of_proposal and l.account = need.account and l.side = 'buy';
    update gatehouse.holding h set reserved = h.reserved + kept.dollars
        from (select account, sum(reserved) as dollars from gatehouse.leg
              where proposal = of_proposal and side = 'buy' group by account) as kept
        where h.account = kept.account and h.symbol = 'cash';
    insert into gatehouse.holding as h (account, symbol, held, coming)
        select l.account, l.symbol, 0, sum(l.quantity) from gatehouse.leg l
        where l.proposal = of_proposal and l.side = 'buy' group by l.account, l.symbol
        on conflict (account, symbol) do update set coming = h.coming + excluded.coming;
    insert into gatehouse.day_use as u (scope, named, session, dollars)
        select s.scope, s.named, p.session, s.dollars from gatehouse.day_scopes(p) as s
        on conflict (scope, named) do update set session = excluded.session,
            dollars = excluded.dollars + case when u.session = excluded.session then u.dollars else 0 end;
    delete from gatehouse.order_burst b where b.advisor = p.advisor and b.at < clock_timestamp() - interval '1 day';
    insert into gatehouse.order_burst
        select p.advisor, clock_timestamp(), count(*) from gatehouse.leg l where l.proposal = of_proposal;
    return null;
end $$;

-- Gives back what one leg still holds. What it came to stays counted on its day.
create or replace function gatehouse.give_back(of_proposal text, of_leg int) returns void language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    l gatehouse.leg;
    p gatehouse.proposal;
begin
    select * into l from gatehouse.leg where proposal = of_proposal and leg = of_leg;
    update gatehouse.holding h set reserved = greatest(0, h.reserved - l.reserved)
        where h.account = l.account and h.symbol = case l.side when 'sell' then l.symbol else 'cash' end;
    if l.side = 'sell' and l.reserved > 0 then
        update gatehouse.lot_holding h set reserved = greatest(0, h.reserved - left_over.shares)
            from gatehouse.lots_between(l.lots, l.quantity - l.reserved, l.quantity) as left_over
            where h.account = l.account and h.lot = left_over.lot;
    end if;
    if l.coming > 0 then
        update gatehouse.holding h set coming = greatest(0, h.coming - l.coming)
            where h.account = l.account and h.symbol = l.symbol;
    end if;
    if l.counted <> abs(l.proceeds) then
        select * into p from gatehouse.proposal where proposal = of_proposal;
        update gatehouse.day_use u set dollars = greatest(0, u.dollars - l.counted + abs(l.proceeds))
            where u.session = p.session and (u.scope, u.named) in (
                ('account', l.account), ('household', p.household), ('advisor', p.advisor), ('agent', p.agent), ('firm', 'firm'));
    end if;
    update gatehouse.leg set reserved = 0, coming = 0, counted = abs(proceeds) where proposal = of_proposal and leg = of_leg;
end $$;

create or replace function gatehouse.law_order_filled(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    l gatehouse.leg;
    shares numeric := (e.payload->>'quantity')::numeric;
    gross numeric := gatehouse.to_cents(shares * (e.payload->>'price')::numeric);
    fee numeric := (e.payload->>'fee')::numeric;
    dollars numeric;
    fault text;
begin
    select * into l from gatehouse.leg where order_id = e.payload->>'order';
    if l.order_id is null or e.stream <> 'order/' || l.order_id then
        return 'wrong_stream';
    end if;
    if l.released_seq is null then
        return 'not_released';
    end if;
    fault := gatehouse.lease_fault(l.order_id);  -- a late fill of an ended order is its own hearer's
    if fault is not null then
        return fault;
    end if;
    if (e.payload->>'account', e.payload->>'symbol', e.payload->>'side') is distinct from (l.account, l.symbol, l.side) then
        return 'leg_mismatch';
    end if;
    if exists (select from gatehouse.execution x
               where x.order_id = l.order_id and x.execution = e.payload->>'execution') then
        return 'execution_known';
    end if;
    if l.filled + shares > l.released_quantity then
        return 'overfilled';
    end if;
    if not gatehouse.settles_after(e.payload->>'trade_date', e.payload->>'settles_on') then
        return 'execution_malformed';
    end if;
    insert into gatehouse.execution (order_id, execution, trade_date, quantity, price, fee, reported) values (
        l.order_id, e.payload->>'execution', e.payload->>'trade_date', shares, (e.payload->>'price')::numeric, fee, shares);
    dollars := case l.side when 'sell' then gross - fee else -gross - fee end;
    perform gatehouse.hold(l.account, l.symbol, case l.side when 'sell' then -shares else shares end);
    perform gatehouse.hold(l.account, 'cash', dollars);
    update gatehouse.holding h set reserved = greatest(0, h.reserved - least(
            case l.side when 'sell' then shares else -dollars end, l.reserved))
        where h.account = l.account and h.symbol = case l.side when 'sell' then l.symbol else 'cash' end;
    if l.side = 'sell' then
        -- A fill uses the lots that people decided on, in their order. A late one has nothing reserved any more.
        update gatehouse.lot_holding h set held = h.held - used.shares,
                reserved = greatest(0, h.reserved - case when l.reserved > 0 then used.shares else 0 end)
            from gatehouse.lots_between(l.lots, l.filled, l.filled + shares) as used
            where h.account = l.account and h.lot = used.lot;
    else
        insert into gatehouse.lot_holding (account, lot, symbol, held)
            values (l.account, gatehouse.lot_of(l.order_id, e.payload->>'execution'), l.symbol, shares);
        update gatehouse.holding h set coming = greatest(0, h.coming - least(shares, l.coming))
            where h.account = l.account and h.symbol = l.symbol;
    end if;
    update gatehouse.leg set filled = filled + shares, proceeds = proceeds + dollars,
        reserved = greatest(0, reserved - case side when 'sell' then shares else -dollars end),
        coming = greatest(0, coming - shares)
        where order_id = l.order_id;
    if l.side = 'sell' then
        perform gatehouse.keep_for_buys(l, dollars);
    end if;
    if l.ended or l.filled + shares + l.taken_back >= l.released_quantity then
        perform gatehouse.give_back(l.proposal, l.leg);
        update gatehouse.leg set ended = true where order_id = l.order_id;
    end if;
    perform gatehouse.trade_moved(l, e, shares, shares * (e.payload->>'price')::numeric, fee, dollars);
    update gatehouse.proposal set last_seq = e.seq where proposal = l.proposal;
    return null;
end $$;

create or replace function gatehouse.law_lot_received(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
    insert into gatehouse.lot_holding (account, lot, symbol, held) values (
        e.payload->>'account', e.payload->>'lot', e.payload->>'symbol', (e.payload->>'quantity')::numeric);
    perform gatehouse.hold(e.payload->>'account', e.payload->>'symbol', (e.payload->>'quantity')::numeric);
    return null;
end $$;

create or replace function gatehouse.law_cash_deposited(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
    if (e.payload->>'held_until')::date > coalesce((select m.session from gatehouse.market_day m), '0001-01-01') then
        insert into gatehouse.held_deposit values (
            e.payload->>'account', e.payload->>'deposit', (e.payload->>'amount')::numeric, (e.payload->>'held_until')::date);
    else
        perform gatehouse.hold(e.payload->>'account', 'cash', (e.payload->>'amount')::numeric);
    end if;
    return null;
end $$;

-- A business day opens: the deposits whose day has come are good.
create function gatehouse.law_limits_day_opened(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    fault text := gatehouse.law_day_opened(e);
begin
    if fault is null then
        perform gatehouse.hold(d.account, 'cash', d.amount) from gatehouse.held_deposit d
            where d.until <= (e.payload->>'session')::date;
        delete from gatehouse.held_deposit d where d.until <= (e.payload->>'session')::date;
    end if;
    return fault;
end $$;
update gatehouse.event_kind set law = 'law_limits_day_opened' where event_type = 'BusinessDayOpened';

-- Beside the limits in force: a lot that a late fill took while it was promised again is not sold a second time.
create or replace function gatehouse.law_limits_at_release(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
    if exists (
        select from gatehouse.leg l
        cross join lateral jsonb_to_recordset(l.lots) as c (lot text, quantity numeric)
        join gatehouse.lot_holding h on h.account = l.account and h.lot = c.lot
        where l.proposal = e.payload->>'proposal' and l.leg = (e.payload->>'leg')::int and h.held < h.reserved) then
        return 'lots_not_free';
    end if;
    return coalesce(gatehouse.limits_fault(e.payload->>'proposal'), gatehouse.law_order_released(e));
end $$;

-- What an existing record says of all this.
insert into gatehouse.lot_holding (account, lot, symbol, held)
    select e.payload->>'account', e.payload->>'lot', e.payload->>'symbol', (e.payload->>'quantity')::numeric
    from (select text::jsonb->'payload' as payload from gatehouse.journal where event_type = 'LotReceived' order by seq) e
    on conflict do nothing;
insert into gatehouse.execution (order_id, execution, trade_date, quantity, price, fee, reported)
    select e.payload->>'order', e.payload->>'execution', e.payload->>'trade_date', (e.payload->>'quantity')::numeric,
           (e.payload->>'price')::numeric, (e.payload->>'fee')::numeric, (e.payload->>'quantity')::numeric
    from (select text::jsonb->'payload' as payload from gatehouse.journal where event_type = 'OrderFilled') e
    on conflict do nothing;
insert into gatehouse.lot_holding (account, lot, symbol, held)
    select e.payload->>'account', gatehouse.lot_of(e.payload->>'order', e.payload->>'execution'), e.payload->>'symbol',
           (e.payload->>'quantity')::numeric
    from (select text::jsonb->'payload' as payload from gatehouse.journal where event_type = 'OrderFilled' order by seq) e
    where e.payload->>'side' = 'buy'
    on conflict do nothing;
update gatehouse.lot_holding h set held = h.held - used.sold, reserved = used.promised
    from (select l.account, b.lot, sum(least(b.ends, l.filled) - least(b.starts, l.filled)) as sold,
                 sum(case when l.reserved > 0 then b.ends - greatest(b.starts, least(b.ends, l.filled)) else 0 end) as promised
          from gatehouse.leg l
          cross join lateral (
              select x.lot, sum(x.quantity) over (order by x.n) - x.quantity as starts, sum(x.quantity) over (order by x.n) as ends
              from rows from (jsonb_to_recordset(l.lots) as (lot text, quantity numeric)) with ordinality as x (lot, quantity, n)) b
          where l.side = 'sell' group by l.account, b.lot) used
    where h.account = used.account and h.lot = used.lot;
update gatehouse.leg l set counted = case when l.ended then abs(l.proceeds) else gatehouse.open_dollars(l) end,
        coming = case when l.side = 'buy' and not l.ended then l.quantity - l.filled else 0 end
    from gatehouse.proposal p
    where p.proposal = l.proposal and p.status in ('SUBMITTED', 'APPROVED', 'RELEASED');
insert into gatehouse.holding as h (account, symbol, held, coming)
    select l.account, l.symbol, 0, sum(l.coming) from gatehouse.leg l where l.coming > 0 group by l.account, l.symbol
    on conflict (account, symbol) do update set coming = excluded.coming;
insert into gatehouse.day_use
    select s.scope, s.named, m.session, sum(l.counted)
    from gatehouse.market_day m
    join gatehouse.proposal p on p.session = m.session
    join gatehouse.leg l on l.proposal = p.proposal
    cross join lateral (values ('account', l.account), ('household', p.household), ('advisor', p.advisor),
                               ('agent', p.agent), ('firm', 'firm')) as s (scope, named)
    where s.named is not null and l.counted > 0
    group by s.scope, s.named, m.session;
insert into gatehouse.order_burst
    select d.advisor, d.decided_at, count(*) from gatehouse.decision d join gatehouse.leg l on l.proposal = d.proposal
    where d.kind = 'submission' group by d.advisor, d.decided_at;
insert into gatehouse.held_deposit
    select e.payload->>'account', e.payload->>'deposit', (e.payload->>'amount')::numeric, (e.payload->>'held_until')::date
    from (select text::jsonb->'payload' as payload from gatehouse.journal where event_type = 'CashDeposited' order by seq) e
    where e.payload->>'held_until' is not null
    on conflict do nothing;
with good as (
    delete from gatehouse.held_deposit d using gatehouse.market_day m where d.until <= m.session
    returning d.account, d.amount)
select gatehouse.hold(g.account, 'cash', sum(g.amount)) from good g group by g.account;

revoke all on all tables in schema gatehouse from public;
revoke all on all functions in schema gatehouse from public;
grant select on gatehouse.day_use to gh_approver, gh_gate;
grant select on gatehouse.lot_holding to gh_gate;
