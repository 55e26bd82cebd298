-- The law of trades: what was executed on one trade date, as it is allocated, confirmed and settled, and what a venue takes
-- back or corrects later. `core.orders.trade` is the twin.

create table gatehouse.trade (
    order_id    text not null references gatehouse.leg (order_id),
    trade_date  text not null,
    advisor     text not null,
    account     text not null references gatehouse.account,
    symbol      text not null,
    side        text not null,
    settles_on  text not null,
    status      text not null,
    quantity    numeric not null,
    paid        numeric not null,             -- dollars of all executions, before fees and unrounded
    fees        numeric not null,
    net         numeric not null,             -- dollars into the account, fees included
    settled     numeric not null default 0,   -- of them, what has changed hands
    changes     int not null default 0,       -- executions and corrections
    told        int not null default 0,       -- of them, those that the newest confirmation speaks of
    failed_on   text,                         -- the last business day on which the custodian did not settle it
    primary key (order_id, trade_date)
);
create index trade_account on gatehouse.trade (account, trade_date);
alter table gatehouse.trade enable row level security;
create policy book on gatehouse.trade for select to gh_agent, gh_intake, gh_approver
    using ((select gatehouse.asker_sees_all()) or advisor = (select gatehouse.asker_person()));
create policy everything on gatehouse.trade for select to gh_gate using (true);

-- Every legal step, as `core.orders.trade.STEPS` has them: a test holds the two equal. No status before: the first.
create table gatehouse.trade_step (
    before text,
    event  text not null,
    after  text not null,
    unique nulls not distinct (before, event)
);
alter table gatehouse.trade_step enable row level security;
insert into gatehouse.trade_step (before, event, after) values
    (null, 'OrderFilled', 'EXECUTED'),
    ('EXECUTED', 'OrderFilled', 'EXECUTED'),
    ('EXECUTED', 'TradeCorrected', 'EXECUTED'),
    ('EXECUTED', 'TradeBusted', 'EXECUTED'),
    ('ALLOCATED', 'OrderFilled', 'EXECUTED'),
    ('ALLOCATED', 'TradeCorrected', 'EXECUTED'),
    ('ALLOCATED', 'TradeBusted', 'EXECUTED'),
    ('CONFIRMED', 'OrderFilled', 'CORRECTED'),
    ('CONFIRMED', 'TradeCorrected', 'CORRECTED'),
    ('CONFIRMED', 'TradeBusted', 'CORRECTED'),
    ('SETTLED', 'OrderFilled', 'CORRECTED'),
    ('SETTLED', 'TradeCorrected', 'CORRECTED'),
    ('SETTLED', 'TradeBusted', 'CORRECTED'),
    ('CORRECTED', 'OrderFilled', 'CORRECTED'),
    ('CORRECTED', 'TradeCorrected', 'CORRECTED'),
    ('CORRECTED', 'TradeBusted', 'CORRECTED'),
    ('FAILED_TO_SETTLE', 'OrderFilled', 'CORRECTED'),
    ('FAILED_TO_SETTLE', 'TradeCorrected', 'CORRECTED'),
    ('FAILED_TO_SETTLE', 'TradeBusted', 'CORRECTED'),
    ('BUSTED', 'OrderFilled', 'EXECUTED'),
    ('EXECUTED', 'TradeAllocated', 'ALLOCATED'),
    ('CORRECTED', 'TradeAllocated', 'ALLOCATED'),
    ('ALLOCATED', 'TradeConfirmed', 'CONFIRMED'),
    ('BUSTED', 'TradeConfirmed', 'BUSTED'),
    ('CONFIRMED', 'TradeFailedToSettle', 'FAILED_TO_SETTLE'),
    ('FAILED_TO_SETTLE', 'TradeFailedToSettle', 'FAILED_TO_SETTLE'),
    ('CONFIRMED', 'TradeSettled', 'SETTLED'),
    ('FAILED_TO_SETTLE', 'TradeSettled', 'SETTLED'),
    ('BUSTED', 'TradeSettled', 'BUSTED');

-- Whether both are days, and the second comes after the first, within what any cycle and holiday brings.
create function gatehouse.settles_after(trade_date text, settles_on text) returns boolean
    language sql immutable set search_path = pg_catalog, pg_temp as $$
    select case when trade_date ~ '^\d{4}-\d{2}-\d{2}$' and settles_on ~ '^\d{4}-\d{2}-\d{2}$'
                     and pg_input_is_valid(trade_date, 'date') and pg_input_is_valid(settles_on, 'date')
                then settles_on::date - trade_date::date between 1 and 14 else false end
$$;

-- One execution or correction more of a trade.
create function gatehouse.trade_moved(l gatehouse.leg, e gatehouse.incoming, shares numeric, paid numeric, fee numeric, dollars numeric)
    returns void language plpgsql set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
    update gatehouse.trade t set
        status = case when t.quantity + shares = 0 then 'BUSTED' when t.told > 0 then 'CORRECTED'
                      else (select s.after from gatehouse.trade_step s where s.before = t.status and s.event = e.event_type) end,
        quantity = t.quantity + shares, paid = t.paid + trade_moved.paid, fees = t.fees + fee, net = t.net + dollars,
        changes = t.changes + 1
        where t.order_id = l.order_id and t.trade_date = e.payload->>'trade_date';
    if not found then
        insert into gatehouse.trade
            (order_id, trade_date, advisor, account, symbol, side, settles_on, status, quantity, paid, fees, net, changes)
            values (l.order_id, e.payload->>'trade_date', l.advisor, l.account, l.symbol, l.side, e.payload->>'settles_on',
                    'EXECUTED', shares, trade_moved.paid, fee, dollars, 1);
    end if;
end $$;

-- What a sell that funds them no longer brought is no longer promised to the buys that are not out yet.
create function gatehouse.take_from_buys(sell gatehouse.leg, dollars numeric) returns void
    language sql set search_path = pg_catalog, gatehouse, pg_temp as $$
    with keeping as (
        select b.leg, b.reserved, sum(b.reserved) over () as whole
        from gatehouse.leg b
        where b.proposal = sell.proposal and sell.leg = any (b.funded_by) and not b.ended and b.released_seq is null
          and b.reserved > 0),
    taken as (
        update gatehouse.leg b
        set reserved = b.reserved - trunc(least(take_from_buys.dollars, k.whole) * k.reserved / k.whole, 2)
        from keeping k where b.proposal = sell.proposal and b.leg = k.leg
        returning trunc(least(take_from_buys.dollars, k.whole) * k.reserved / k.whole, 2) as dollars)
    update gatehouse.holding h set reserved = greatest(0, h.reserved - (select coalesce(sum(t.dollars), 0) from taken t))
    where h.account = sell.account and h.symbol = 'cash'
$$;

-- A venue takes an execution back (`now` is missing) or corrects it: the next correction of what it stands at, and never
-- more shares than were first reported. Shares, lots, dollars and the buys that wait for them follow.
create function gatehouse.law_trade_corrected(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    l gatehouse.leg;
    x gatehouse.execution;
    now jsonb := e.payload->'now';
    more numeric;   -- more than were booked until now
    paid numeric;
    fee numeric;
    dollars numeric;  -- into the account, more than were booked until now
    fault text;
begin
    select * into l from gatehouse.leg where order_id = e.payload->>'order';
    if l.order_id is null or e.stream <> 'order/' || l.order_id then
        return 'wrong_stream';
    end if;
    fault := gatehouse.lease_fault(l.order_id);
    if fault is not null then
        return fault;
    end if;
    if (e.payload->>'account', e.payload->>'symbol', e.payload->>'side') is distinct from (l.account, l.symbol, l.side) then
        return 'leg_mismatch';
    end if;
    select * into x from gatehouse.execution k where k.order_id = l.order_id and k.execution = e.payload->>'execution';
    if x.order_id is null then
        return 'execution_unknown';
    end if;
    if x.busted then
        return 'execution_busted';
    end if;
    if ((e.payload->>'revision')::int, e.payload->>'trade_date') is distinct from (x.revision + 1, x.trade_date)
       or ((e.payload->'was'->>'quantity')::numeric, (e.payload->'was'->>'price')::numeric, (e.payload->'was'->>'fee')::numeric)
          is distinct from (x.quantity, x.price, x.fee)
       or (e.event_type = 'TradeBusted') <> (now is null)
       or (now->>'quantity')::numeric > x.reported then
        return 'correction_misstated';
    end if;
    more := coalesce((now->>'quantity')::numeric, 0) - x.quantity;
    if l.filled + more > l.released_quantity then
        return 'overfilled';
    end if;
    paid := coalesce((now->>'quantity')::numeric * (now->>'price')::numeric, 0) - x.quantity * x.price;
    fee := coalesce((now->>'fee')::numeric, 0) - x.fee;
    dollars := gatehouse.to_cents(coalesce((now->>'quantity')::numeric * (now->>'price')::numeric, 0))
               - gatehouse.to_cents(x.quantity * x.price);
    dollars := case l.side when 'sell' then dollars else -dollars end - fee;
    perform gatehouse.hold(l.account, l.symbol, case l.side when 'sell' then -more else more end);
    perform gatehouse.hold(l.account, 'cash', dollars);
    if l.side = 'sell' then
        -- The last lots that the sale went through come back first. While the order is open they stay promised to it.
        update gatehouse.lot_holding h set held = h.held - sign(more) * part.shares,
                reserved = greatest(0, h.reserved - case when l.ended then 0 else sign(more) * part.shares end)
            from gatehouse.lots_between(l.lots, least(l.filled, l.filled + more), greatest(l.filled, l.filled + more)) as part
            where h.account = l.account and h.lot = part.lot;
        if not l.ended then
            update gatehouse.leg set reserved = reserved - more where order_id = l.order_id;
            update gatehouse.holding h set reserved = greatest(0, h.reserved - more)
                where h.account = l.account and h.symbol = l.symbol;
        end if;
    else
        update gatehouse.lot_holding h set held = h.held + more
            where h.account = l.account and h.lot = gatehouse.lot_of(l.order_id, x.execution);
    end if;
    update gatehouse.leg set filled = filled + more, proceeds = proceeds + dollars, taken_back = taken_back - more
        where order_id = l.order_id;
    update gatehouse.execution k set revision = x.revision + 1, busted = now is null,
            quantity = coalesce((now->>'quantity')::numeric, 0), price = coalesce((now->>'price')::numeric, x.price),
            fee = coalesce((now->>'fee')::numeric, 0)
        where k.order_id = x.order_id and k.execution = x.execution;
    if l.ended then
        perform gatehouse.give_back(l.proposal, l.leg);  -- what it came to is counted on its day
    end if;
    if l.side = 'sell' and dollars > 0 then
        perform gatehouse.keep_for_buys(l, dollars);
    elsif l.side = 'sell' then
        perform gatehouse.take_from_buys(l, -dollars);
    end if;
    perform gatehouse.trade_moved(l, e, more, paid, fee, dollars);
    update gatehouse.proposal set last_seq = e.seq where proposal = l.proposal;
    return null;
end $$;

-- Allocation, confirmation, settlement and its failure: what the table has, of what was executed, on the market clock.
create function gatehouse.law_trade_step(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    t gatehouse.trade;
    next text;
    session date := (select m.session from gatehouse.market_day m);
begin
    select * into t from gatehouse.trade k
        where k.order_id = e.payload->>'order' and k.trade_date = e.payload->>'trade_date';
    if t.order_id is null or e.stream <> 'trade/' || t.order_id || '/' || t.trade_date
       or e.payload->>'account' is distinct from t.account then
        return 'wrong_stream';
    end if;
    select s.after into next from gatehouse.trade_step s where s.before = t.status and s.event = e.event_type;
    if next is null or (t.status = 'BUSTED' and e.event_type = 'TradeConfirmed' and (t.told = 0 or t.told = t.changes))
       or (t.status = 'BUSTED' and e.event_type = 'TradeSettled' and t.settled = t.net) then
        return 'no_such_step';
    end if;
    if e.event_type in ('TradeSettled', 'TradeFailedToSettle') and session < t.settles_on::date then
        return 'not_due';
    end if;
    if e.event_type = 'TradeSettled' and (e.payload->>'net_amount')::numeric is distinct from t.net - t.settled
       or e.event_type = 'TradeFailedToSettle' and e.payload->>'session' is distinct from session::text
       or e.event_type = 'TradeAllocated' and (
           ((e.payload->>'quantity')::numeric, (e.payload->>'fees')::numeric, e.payload->>'symbol', e.payload->>'side',
            e.payload->>'settles_on') is distinct from (t.quantity, t.fees, t.symbol, t.side, t.settles_on)
           or abs((e.payload->>'average_price')::numeric * t.quantity - t.paid) > t.quantity * 0.0000005) then
        return 'trade_misstated';
    end if;
    update gatehouse.trade k set status = next,
            told = case e.event_type when 'TradeConfirmed' then t.changes else t.told end,
            settled = case e.event_type when 'TradeSettled' then t.net else t.settled end,
            failed_on = case e.event_type when 'TradeFailedToSettle' then session::text else t.failed_on end
        where k.order_id = t.order_id and k.trade_date = t.trade_date;
    return null;
end $$;

update gatehouse.event_kind set law = 'law_trade_step' where event_type in ('TradeAllocated', 'TradeConfirmed', 'TradeSettled');

insert into gatehouse.event_kind (event_type, stream_prefix, law) values
    ('TradeBusted', 'order/', 'law_trade_corrected'),
    ('TradeCorrected', 'order/', 'law_trade_corrected'),
    ('TradeFailedToSettle', 'trade/', 'law_trade_step');

insert into gatehouse.event_right (event_type, role)
    select event_type, 'gh_gate' from unnest(array[
        'TradeBusted', 'TradeCorrected', 'TradeFailedToSettle']) as gate (event_type);

-- What an existing record says of all this. Nothing in it was corrected: there were no such entries.
insert into gatehouse.trade (order_id, trade_date, advisor, account, symbol, side, settles_on, status, quantity, paid, fees, net, changes)
    select l.order_id, f.trade_date, l.advisor, l.account, l.symbol, l.side, min(f.settles_on), 'EXECUTED', sum(f.quantity),
           sum(f.quantity * f.price), sum(f.fee),
           sum(case l.side when 'sell' then 1 else -1 end * gatehouse.to_cents(f.quantity * f.price) - f.fee), count(*)
    from (select distinct on (e.payload->>'order', e.payload->>'execution') e.payload->>'order' as order_id,
                 e.payload->>'trade_date' as trade_date, e.payload->>'settles_on' as settles_on,
                 (e.payload->>'quantity')::numeric as quantity, (e.payload->>'price')::numeric as price,
                 (e.payload->>'fee')::numeric as fee
          from (select text::jsonb->'payload' as payload from gatehouse.journal where event_type = 'OrderFilled') e) f
    join gatehouse.leg l on l.order_id = f.order_id
    group by l.order_id, l.advisor, l.account, l.symbol, l.side, f.trade_date;
update gatehouse.trade t set status = s.status, told = case s.status when 'ALLOCATED' then 0 else t.changes end,
        settled = case s.status when 'SETTLED' then t.net else 0 end
    from (select distinct on (j.stream) j.stream, case j.event_type
                     when 'TradeAllocated' then 'ALLOCATED' when 'TradeConfirmed' then 'CONFIRMED' else 'SETTLED' end as status
          from gatehouse.journal j where j.event_type in ('TradeAllocated', 'TradeConfirmed', 'TradeSettled')
          order by j.stream, j.seq desc) s
    where s.stream = 'trade/' || t.order_id || '/' || t.trade_date;

revoke all on gatehouse.trade, gatehouse.trade_step from public;
revoke all on all functions in schema gatehouse from public;
grant select on gatehouse.trade to gh_agent, gh_intake, gh_approver, gh_gate;
