-- The laws of an order's steps ask the same and write the same, in half the statements. One thing is written less often:
-- that a proposal moved. A routing, an intent and an acceptance change nothing of what its account may still do.

-- Why an order's next entry is not this worker's to write: null, or the code. The claim is held until that entry stands:
-- whoever takes over claims are passed by meanwhile, and read the order with this entry in it.
create or replace function gatehouse.lease_fault(asked text) returns text
    language plpgsql set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    holder int;
    mine int;
    over boolean;
begin
    select c.lease, w.lease, w.ended_at is not null into holder, mine, over
        from gatehouse.claim c
        left join gatehouse.worker_lease w on w.worker = nullif(current_setting('gatehouse.worker', true), '')
        where c.order_id = asked for key share of c;
    if mine is null or holder is null then
        return 'lease_missing';
    end if;
    if holder <> mine or over then
        return 'lease_passed';
    end if;
    return null;
end $$;

create or replace function gatehouse.law_after_release(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    l gatehouse.leg;
    b gatehouse.block;
    fault text;
begin
    select * into l from gatehouse.leg where order_id = e.payload->>'order';
    if l.order_id is null then
        return gatehouse.block_step_fault(e);
    end if;
    if e.stream <> 'order/' || l.order_id then
        return 'wrong_stream';
    end if;
    if l.released_seq is null then
        return 'not_released';
    end if;
    select k.* into b from gatehouse.block_part part join gatehouse.block k on k.order_id = part.block_order
        where part.order_id = l.order_id and part.parted_seq is null;
    fault := case when b.order_id is null then gatehouse.lease_fault(l.order_id)
                  else gatehouse.block_part_end_fault(e, l, b) end;
    if fault is not null then
        return fault;
    end if;
    if e.event_type in ('OrderRouted', 'OrderSent') then
        fault := gatehouse.route_fault(l, e);
    end if;
    if e.event_type = 'OrderSent' then
        fault := coalesce(fault, gatehouse.replacement_fault(l));
    end if;
    if fault is not null then
        return fault;
    end if;
    if e.event_type in ('OrderRejected', 'OrderCancelled', 'OrderExpired') then
        perform gatehouse.give_back(l.proposal, l.leg);
        update gatehouse.leg set ended = true where order_id = l.order_id;
    end if;
    if e.event_type not in ('OrderRouted', 'OrderSent', 'OrderAccepted') then
        update gatehouse.proposal set last_seq = e.seq where proposal = l.proposal;
    end if;
    if b.order_id is not null then
        perform gatehouse.block_moved(b.order_id);
    end if;
    return null;
end $$;

create or replace function gatehouse.law_order_filled(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    l gatehouse.leg;
    shares numeric := (e.payload->>'quantity')::numeric;
    gross numeric := coalesce((e.payload->>'dollars')::numeric, gatehouse.to_cents(shares * (e.payload->>'price')::numeric));
    fee numeric := (e.payload->>'fee')::numeric;
    net numeric;
    its_end boolean;
    block text;
    fault text;
begin
    select * into l from gatehouse.leg where order_id = e.payload->>'order';
    if l.order_id is null or e.stream <> 'order/' || l.order_id then
        return 'wrong_stream';
    end if;
    if l.released_seq is null then
        return 'not_released';
    end if;
    select part.block_order into block from gatehouse.block_part part
        where part.order_id = l.order_id and part.parted_seq is null;
    if (block, block is null) is distinct from (e.payload->>'block', e.payload->>'dollars' is null) then
        return 'share_misstated';
    end if;
    -- A late fill of an ended order is its own hearer's. A part's share was worked out here, whoever writes it down.
    fault := case when block is null then gatehouse.lease_fault(l.order_id) else gatehouse.share_fault(e, block) end;
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
    insert into gatehouse.execution (order_id, execution, trade_date, quantity, price, fee, reported, dollars, block_order) values (
        l.order_id, e.payload->>'execution', e.payload->>'trade_date', shares, (e.payload->>'price')::numeric, fee, shares, gross,
        block);
    net := case l.side when 'sell' then gross - fee else -gross - fee end;
    its_end := l.ended or l.filled + shares + l.taken_back >= l.released_quantity;
    if l.side = 'buy' then
        -- What was reserved for it and is spent, and at its end whatever is left of that, in one: what `hold`, the
        -- reservation and `give_back` do of a purchase one after another.
        insert into gatehouse.holding as h (account, symbol, held) values (l.account, 'cash', net)
            on conflict (account, symbol) do update set held = h.held + excluded.held,
                reserved = greatest(0, h.reserved - case when its_end then l.reserved else least(-net, l.reserved) end);
        insert into gatehouse.holding as h (account, symbol, held) values (l.account, l.symbol, shares)
            on conflict (account, symbol) do update set held = h.held + excluded.held,
                coming = greatest(0, h.coming - case when its_end then l.coming else least(shares, l.coming) end);
        insert into gatehouse.lot_holding (account, lot, symbol, held)
            values (l.account, gatehouse.lot_of(l.order_id, e.payload->>'execution'), l.symbol, shares);
        if its_end and l.counted <> abs(l.proceeds + net) then
            update gatehouse.day_use u set dollars = greatest(0, u.dollars - l.counted + abs(l.proceeds + net))
                from gatehouse.proposal p
                where p.proposal = l.proposal and u.session = p.session and (u.scope, u.named) in (
                    ('account', l.account), ('household', p.household), ('advisor', p.advisor), ('agent', p.agent), ('firm', 'firm'));
        end if;
        update gatehouse.leg set filled = filled + shares, proceeds = proceeds + net,
            reserved = case when its_end then 0 else greatest(0, reserved + net) end,
            coming = case when its_end then 0 else greatest(0, coming - shares) end,
            counted = case when its_end then abs(proceeds + net) else counted end, ended = its_end
            where order_id = l.order_id;
    else
        perform gatehouse.hold(l.account, l.symbol, -shares);
        perform gatehouse.hold(l.account, 'cash', net);
        update gatehouse.holding h set reserved = greatest(0, h.reserved - least(shares, l.reserved))
            where h.account = l.account and h.symbol = l.symbol;
        -- A fill uses the lots that people decided on, in their order. A late one has nothing reserved any more.
        update gatehouse.lot_holding h set held = h.held - used.shares,
                reserved = greatest(0, h.reserved - case when l.reserved > 0 then used.shares else 0 end)
            from gatehouse.lots_between(l.lots, l.filled, l.filled + shares) as used
            where h.account = l.account and h.lot = used.lot;
        update gatehouse.leg set filled = filled + shares, proceeds = proceeds + net,
            reserved = greatest(0, reserved - shares), coming = greatest(0, coming - shares) where order_id = l.order_id;
        perform gatehouse.keep_for_buys(l, net);
        if its_end then
            perform gatehouse.give_back(l.proposal, l.leg);
            update gatehouse.leg set ended = true where order_id = l.order_id;
        end if;
    end if;
    perform gatehouse.trade_moved(l, e, shares, shares * (e.payload->>'price')::numeric, fee, net);
    update gatehouse.proposal set last_seq = e.seq where proposal = l.proposal;
    if block is not null then
        perform gatehouse.block_moved(block);
    end if;
    return null;
end $$;

revoke all on all functions in schema gatehouse from public;
