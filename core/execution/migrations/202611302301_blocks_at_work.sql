-- Routing, sending, answers and fills know blocks: what a part may not do by itself, and what is its own share.

-- A step of a block at a venue. Nothing of it is routed before every part has joined; its end is not yet its parts'.
create function gatehouse.block_step_fault(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    b gatehouse.block;
    fault text;
begin
    select * into b from gatehouse.block where order_id = e.payload->>'order';
    if b.order_id is null or e.stream <> 'order/' || b.order_id then
        return 'wrong_stream';
    end if;
    fault := gatehouse.lease_fault(b.order_id);
    if fault is not null then
        return fault;
    end if;
    if e.event_type in ('OrderRouted', 'OrderSent') and exists (
            select from gatehouse.block_part p where p.block_order = b.order_id and p.joined_seq is null) then
        return 'block_not_whole';
    end if;
    if e.event_type in ('OrderRouted', 'OrderSent') and not exists (
            select from gatehouse.route r where r.order_id = b.order_id and r.venue = e.payload->>'venue'
            and (e.event_type = 'OrderSent' or r.recorded_seq = e.seq - 1)) then
        return case e.event_type when 'OrderSent' then 'not_routed' else 'route_unproven' end;
    end if;
    if e.event_type in ('OrderRejected', 'OrderCancelled', 'OrderExpired') then
        if b.ended then
            return 'order_ended';
        end if;
        update gatehouse.block k set ended = true, ended_by = e.event_type, done = false where k.order_id = b.order_id;
    elsif e.event_type = 'OrderSent' then
        update gatehouse.block k set sent = true where k.order_id = b.order_id;
    end if;
    return null;
end $$;

-- Nothing is routed, sent or answered that was not released, nor by a worker that has not got it; nothing of a part but its end.
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
    select k.* into b from gatehouse.block k where k.order_id = gatehouse.block_of(l.order_id);
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
    update gatehouse.proposal set last_seq = e.seq where proposal = l.proposal;
    if b.order_id is not null then
        perform gatehouse.block_moved(b.order_id);
    end if;
    return null;
end $$;
-- Why what a part books is not its own share of its block as that stands, or null. Its name is the block's, the day's and
-- how often it was named before.
create function gatehouse.share_fault(e gatehouse.incoming, block text) returns text language plpgsql
    stable set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    s record;
    said jsonb := case e.event_type when 'OrderFilled' then e.payload else e.payload->'now' end;
begin
    select * into s from gatehouse.block_unbooked(block) u
        where u.order_id = e.payload->>'order' and u.trade_date = e.payload->>'trade_date';
    if s.order_id is null
       or (e.event_type, e.payload->>'execution', e.payload->>'venue') is distinct from
          (case when s.execution is null then 'OrderFilled' when s.quantity = 0 then 'TradeBusted' else 'TradeCorrected' end,
           coalesce(s.execution, block || '/' || s.trade_date || case when s.earlier > 0 then '.' || s.earlier else '' end), s.venue)
       or e.event_type <> 'TradeBusted' and ((said->>'quantity')::numeric, (said->>'price')::numeric, (said->>'dollars')::numeric,
           (said->>'fee')::numeric) is distinct from (s.quantity, s.price, s.dollars, s.fee)
       or e.event_type = 'OrderFilled'
          and (e.payload->>'settles_on', e.payload->>'executed_at') is distinct from (s.settles_on, s.executed_at) then
        return 'share_misstated';
    end if;
    return null;
end $$;

-- A fill moves shares, dollars and what was promised of them. Of a part it is its share, and nothing else.
create or replace function gatehouse.law_order_filled(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    l gatehouse.leg;
    shares numeric := (e.payload->>'quantity')::numeric;
    gross numeric := coalesce((e.payload->>'dollars')::numeric, gatehouse.to_cents(shares * (e.payload->>'price')::numeric));
    fee numeric := (e.payload->>'fee')::numeric;
    dollars numeric;
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
    block := gatehouse.block_of(l.order_id);
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
    if block is not null then
        perform gatehouse.block_moved(block);
    end if;
    return null;
end $$;
-- As before, and of a part of a block what makes its booked share what it is now.
create or replace function gatehouse.law_trade_corrected(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    l gatehouse.leg;
    x gatehouse.execution;
    now jsonb := e.payload->'now';
    more numeric;   -- more than were booked until now
    paid numeric;
    fee numeric;
    gross numeric;
    dollars numeric;  -- into the account, more than were booked until now
    block text;
    fault text;
begin
    select * into l from gatehouse.leg where order_id = e.payload->>'order';
    if l.order_id is null or e.stream <> 'order/' || l.order_id then
        return 'wrong_stream';
    end if;
    if (e.payload->>'account', e.payload->>'symbol', e.payload->>'side') is distinct from (l.account, l.symbol, l.side) then
        return 'leg_mismatch';
    end if;
    select * into x from gatehouse.execution k where k.order_id = l.order_id and k.execution = e.payload->>'execution';
    if x.order_id is null then
        return 'execution_unknown';
    end if;
    block := x.block_order;
    fault := case when block is null then gatehouse.lease_fault(l.order_id) else gatehouse.share_fault(e, block) end;
    if fault is not null then
        return fault;
    end if;
    if (e.payload->'was'->>'dollars')::numeric is distinct from (case when block is not null then x.dollars end)
       or block is null and now->>'dollars' is not null then
        return 'correction_misstated';
    end if;
    if x.busted then
        return 'execution_busted';
    end if;
    if ((e.payload->>'revision')::int, e.payload->>'trade_date') is distinct from (x.revision + 1, x.trade_date)
       or ((e.payload->'was'->>'quantity')::numeric, (e.payload->'was'->>'price')::numeric, (e.payload->'was'->>'fee')::numeric)
          is distinct from (x.quantity, x.price, x.fee)
       or (e.event_type = 'TradeBusted') <> (now is null)
       or block is null and (now->>'quantity')::numeric > x.reported then
        return 'correction_misstated';
    end if;
    more := coalesce((now->>'quantity')::numeric, 0) - x.quantity;
    if l.filled + more > l.released_quantity then
        return 'overfilled';
    end if;
    paid := coalesce((now->>'quantity')::numeric * (now->>'price')::numeric, 0) - x.quantity * x.price;
    fee := coalesce((now->>'fee')::numeric, 0) - x.fee;
    gross := coalesce((now->>'dollars')::numeric, gatehouse.to_cents((now->>'quantity')::numeric * (now->>'price')::numeric), 0);
    dollars := gross - x.dollars;
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
            fee = coalesce((now->>'fee')::numeric, 0), dollars = gross
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
    if block is not null then
        perform gatehouse.block_moved(block);
    end if;
    return null;
end $$;
-- Why an order or a block is not out, or null. A part goes with its block.
create function gatehouse.out_fault(asked text) returns text
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select case when exists (select from gatehouse.block b where b.order_id = asked) then null
                when l.order_id is null then 'wrong_stream' when l.released_seq is null then 'not_released'
                when gatehouse.block_of(asked) is not null then 'in_block' end
    from (select asked) as a (asked) left join gatehouse.leg l on l.order_id = a.asked
$$;

-- As before, of a block too.
create or replace function gatehouse.law_routing_recorded(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    v gatehouse.routing_version;
    mine text;
    said json;
    fault text;
begin
    mine := e.payload->>'order';
    if e.stream <> 'order/' || mine then
        return 'wrong_stream';
    end if;
    fault := gatehouse.out_fault(mine);
    if fault is not null then
        return fault;
    end if;
    fault := gatehouse.lease_fault(mine);
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
            (select r.choices from gatehouse.route r where r.order_id = mine), 0) then
        return 'content_mismatch';
    end if;
    insert into gatehouse.route as r (order_id, venue, choices, recorded_seq)
        values (mine, e.payload->>'venue', 1, e.seq)
        on conflict (order_id) do update set
            venue = excluded.venue, choices = r.choices + 1, recorded_seq = excluded.recorded_seq;
    return null;
end $$;
create or replace function gatehouse.law_order_set_aside(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    mine text := e.payload->>'order';
    fault text;
begin
    if e.stream <> 'aside/' || mine then
        return 'wrong_stream';
    end if;
    fault := gatehouse.out_fault(mine);
    if fault is not null then
        return fault;
    end if;
    fault := gatehouse.lease_fault(mine);
    if fault is not null then
        return fault;
    end if;
    if exists (select from gatehouse.set_aside s where s.order_id = mine and s.redriven_seq is null) then
        return 'set_aside_before';
    end if;
    insert into gatehouse.set_aside as s (order_id, aside_seq) values (mine, e.seq)
        on conflict (order_id) do update set aside_seq = excluded.aside_seq, redriven_seq = null;
    return null;
end $$;
create or replace function gatehouse.law_order_redriven(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    mine text := e.payload->>'order';
begin
    if e.stream <> 'aside/' || mine
       or not exists (select from gatehouse.leg l where l.order_id = mine union all select from gatehouse.block b where b.order_id = mine) then
        return 'wrong_stream';
    end if;
    if not exists (select from gatehouse.person w where w.person = e.person and w.role = 'operations') then
        return 'not_operations';
    end if;
    if exists (select from gatehouse.leg l where l.order_id = mine and l.ended
               union all select from gatehouse.block b where b.order_id = mine and b.ended) then
        return 'order_ended';
    end if;
    if not exists (select from gatehouse.set_aside s where s.order_id = mine and s.redriven_seq is null) then
        return 'not_set_aside';
    end if;
    update gatehouse.set_aside set redriven_seq = e.seq where order_id = mine;
    return null;
end $$;
-- As before, and blocks that are whole. What waits for others to go with, or goes with them, is nobody's by itself.
create or replace function gatehouse.lease_claim(most int) returns setof text
    language plpgsql security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    mine gatehouse.worker_lease := gatehouse.lease_of_asker();
    taken int;
    more int;
begin
    if mine.lease is null or exists (
            select from gatehouse.worker_lease w where w.ended_at is null and w.version > mine.version) then
        return;
    end if;
    return query
        with left_over as (
            select c.order_id from gatehouse.worker_lease w join gatehouse.claim c using (lease)
                left join gatehouse.leg l using (order_id) left join gatehouse.block b using (order_id)
            where w.ended_at is not null and not coalesce(l.ended, b.ended, true) and c.version <= mine.version
              and (b.order_id is not null or gatehouse.lease_fits(l, mine.lease))
            order by coalesce(l.released_seq, b.formed_seq) limit most for update of c skip locked)
        update gatehouse.claim c set lease = mine.lease, version = mine.version, claimed_at = clock_timestamp()
            from left_over o where c.order_id = o.order_id returning c.order_id;
    get diagnostics taken = row_count;
    return query
        with fresh as (
            select l.order_id from gatehouse.leg l
            where l.released_seq is not null and not l.ended
              and not exists (select from gatehouse.claim c where c.order_id = l.order_id)
              and gatehouse.lease_fits(l, mine.lease) and gatehouse.block_of(l.order_id) is null and not gatehouse.awaits_block(l)
            order by l.released_seq limit most - taken for no key update of l skip locked)
        insert into gatehouse.claim (order_id, lease, version)
            select f.order_id, mine.lease, mine.version from fresh f
            on conflict do nothing returning claim.order_id;
    get diagnostics more = row_count;
    return query
        with fresh as (
            select b.order_id from gatehouse.block b
            where not b.ended and not exists (select from gatehouse.claim c where c.order_id = b.order_id)
              and not exists (select from gatehouse.block_part p where p.block_order = b.order_id and p.joined_seq is null)
            order by b.formed_seq limit most - taken - more for no key update of b skip locked)
        insert into gatehouse.claim (order_id, lease, version)
            select f.order_id, mine.lease, mine.version from fresh f
            on conflict do nothing returning claim.order_id;
end $$;
create or replace function gatehouse.lease_claim_late(late text) returns boolean
    language plpgsql security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    mine gatehouse.worker_lease := gatehouse.lease_of_asker();
begin
    if mine.lease is null or not exists (
            select from gatehouse.leg l where l.order_id = late and l.released_seq is not null and l.ended
            union all select from gatehouse.block b where b.order_id = late and b.ended) then
        return false;
    end if;
    insert into gatehouse.claim (order_id, lease, version) values (late, mine.lease, mine.version) on conflict do nothing;
    update gatehouse.claim c set lease = mine.lease, version = mine.version, claimed_at = clock_timestamp()
        where c.order_id = late and c.version <= mine.version
          and exists (select from gatehouse.worker_lease w where w.lease = c.lease and w.ended_at is not null);
    return exists (select from gatehouse.claim c where c.order_id = late and c.lease = mine.lease);
end $$;
-- As before: a part waits as its block does.
create or replace function gatehouse.waiting_of(asked text) returns table (why text, says text, since timestamptz)
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select coalesce(w.why, 'no_worker'),
           coalesce(w.says, case when gatehouse.awaits_block(l) then 'it waits for the orders of its batch that it goes with'
                                 else 'no worker has it at the moment' end),
           case when k.lease is not null then w.since
                else coalesce((select g.ended_at from gatehouse.worker_lease g where g.lease = c.lease),
                              (select j.recorded_at from gatehouse.journal_line j where j.seq = l.released_seq)) end
    from gatehouse.leg l
    left join gatehouse.claim c on c.order_id = coalesce(gatehouse.block_of(l.order_id), l.order_id)
    left join gatehouse.worker_lease k on k.lease = c.lease and k.ended_at is null
    left join gatehouse.order_wait w on w.order_id = c.order_id and w.lease = k.lease
    where l.order_id = asked and l.released_seq is not null and not l.ended
      and (k.lease is null or w.order_id is not null)
$$;
alter table gatehouse.route drop constraint route_order_id_fkey;  -- it is of orders and of blocks
create policy blocks on gatehouse.order_wait for select to gh_intake
    using (exists (select from gatehouse.block b where b.order_id = order_wait.order_id));
create policy blocks on gatehouse.claim for select to gh_intake
    using (exists (select from gatehouse.block b where b.order_id = claim.order_id));

revoke all on all functions in schema gatehouse from public;
