-- The law of an order that takes a live one's place: a successor with every decision anew, let out only while that
-- one is live. What the two of them keep of the account is counted once: the more of the two.

-- What was asked to be replaced, by the proposal of the successor. `executed` is of the order that is replaced, at the
-- successor's release: with the successor's shares it is the whole that people want.
create table gatehouse.replacing (
    proposal text primary key references gatehouse.proposal,
    order_id text not null references gatehouse.leg (order_id),
    executed numeric
);
create index replacing_order on gatehouse.replacing (order_id);
alter table gatehouse.replacing enable row level security;
create policy book on gatehouse.replacing for select to gh_agent, gh_intake, gh_approver
    using (exists (select from gatehouse.proposal p where p.proposal = replacing.proposal));
create policy everything on gatehouse.replacing for select to gh_gate using (true);
revoke all on gatehouse.replacing from public;
grant select on gatehouse.replacing to gh_agent, gh_intake, gh_approver, gh_gate;

-- Why that order cannot be replaced by one of these: null, or the code. It is out and has not ended; nobody has asked to
-- cancel it; no other successor is on its way, nor is it one itself that is; and no buy waits for what it brings. A sale
-- carries at most what is left of it, of the very lots that it would have used.
create function gatehouse.replacing_fault(of_order text, account text, symbol text, side text, asked numeric)
    returns text language plpgsql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    l gatehouse.leg;
begin
    select * into l from gatehouse.leg where order_id = of_order;
    if l.order_id is null or (l.account, l.symbol, l.side) is distinct from (
            replacing_fault.account, replacing_fault.symbol, replacing_fault.side) then
        return 'replace_mismatch';
    end if;
    if l.released_seq is null then
        return 'not_released';
    end if;
    if l.ended then
        return 'order_ended';
    end if;
    if l.cancel_seq is not null then
        return 'cancel_asked';
    end if;
    if exists (select from gatehouse.replacing r join gatehouse.leg s on s.proposal = r.proposal
               where r.order_id = of_order and s.released_seq is not null and not s.ended)
       or exists (select from gatehouse.replacing r join gatehouse.leg before on before.order_id = r.order_id
                  where r.proposal = l.proposal and not before.ended) then
        return 'replace_pending';
    end if;
    if exists (select from gatehouse.leg b where b.proposal = l.proposal and l.leg = any (b.funded_by) and not b.ended) then
        return 'funds_others';
    end if;
    if l.side = 'sell' and asked > l.released_quantity - l.filled then
        return 'more_than_left';
    end if;
    return null;
end $$;

-- The first shares of these lots, in their order.
create function gatehouse.first_shares(lots jsonb, shares numeric) returns jsonb
    language sql immutable set search_path = pg_catalog, pg_temp as $$
    select coalesce(jsonb_agg(jsonb_build_object(
               'lot', x.lot, 'quantity', trim_scale(least(x.ends, shares) - x.starts)::text) order by x.n), '[]')
    from (select c.lot, c.n, sum(c.quantity) over (order by c.n) - c.quantity as starts, sum(c.quantity) over (order by c.n) as ends
          from rows from (jsonb_to_recordset(lots) as (lot text, quantity numeric)) with ordinality as c (lot, quantity, n)) x
    where x.starts < shares
$$;

-- Whether the text that people decide on says of its one order what was asked for: null, or the code. Of all others it
-- says nothing.
create function gatehouse.replacing_in_text(p gatehouse.proposal, replaced gatehouse.leg) returns text
    language plpgsql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    legs jsonb;
    at_first numeric;
begin
    if replaced.order_id is null then
        return case when position('"replaces":' in p.content) > 0 then 'content_mismatch' end;
    end if;
    legs := p.content::jsonb->'legs';
    at_first := (legs->0->>'executed_before')::numeric;
    if jsonb_array_length(legs) <> 1 or legs->0->>'replaces' is distinct from replaced.order_id
       or at_first is null or at_first < 0 or at_first > replaced.filled
       or (legs->0->>'account', legs->0->>'symbol', legs->0->>'side')
          is distinct from (replaced.account, replaced.symbol, replaced.side) then
        return 'content_mismatch';
    end if;
    -- What that one would use last is used first: what it executes meanwhile takes none of these shares.
    if replaced.side = 'sell' and exists (
            select from jsonb_to_recordset(gatehouse.first_shares(legs->0->'lots', greatest(
                       0, (legs->0->>'quantity')::numeric + at_first - replaced.filled))) as c (lot text, quantity numeric)
            left join gatehouse.lots_between(replaced.lots, replaced.filled, replaced.released_quantity) b on b.lot = c.lot
            where c.quantity > coalesce(b.shares, 0)) then
        return 'lots_mismatch';
    end if;
    return null;
end $$;

-- Lends what the order keeps to its successor's reservation (`sign` -1), or takes it back (1).
create function gatehouse.lend(l gatehouse.leg, p gatehouse.proposal, sign int) returns void
    language plpgsql set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
    update gatehouse.holding h set reserved = h.reserved + sign * l.reserved
        where h.account = l.account and h.symbol = case l.side when 'sell' then l.symbol else 'cash' end;
    update gatehouse.holding h set coming = h.coming + sign * l.coming
        where h.account = l.account and h.symbol = l.symbol and l.coming > 0;
    update gatehouse.lot_holding h set reserved = h.reserved + sign * left_over.shares
        from gatehouse.lots_between(l.lots, l.quantity - l.reserved, l.quantity) as left_over
        where l.side = 'sell' and h.account = l.account and h.lot = left_over.lot;
    update gatehouse.day_use u set dollars = u.dollars + sign * (l.counted - abs(l.proceeds))
        where u.session = p.session and (u.scope, u.named) in (
            ('account', l.account), ('household', p.household), ('advisor', p.advisor), ('agent', p.agent), ('firm', 'firm'));
end $$;

-- As before. Where it takes a live order's place, what that one keeps counts for both: it keeps it until it ends, and
-- the successor keeps what it needs beyond that.
alter function gatehouse.reserve(text) rename to reserve_alone;
create function gatehouse.reserve(of_proposal text) returns text
    language plpgsql set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    p gatehouse.proposal;
    before gatehouse.proposal;
    replaced gatehouse.leg;
    mine gatehouse.leg;
    fault text;
begin
    select * into p from gatehouse.proposal where proposal = of_proposal;
    select l.* into replaced from gatehouse.replacing r join gatehouse.leg l on l.order_id = r.order_id
        where r.proposal = of_proposal;
    fault := gatehouse.replacing_in_text(p, replaced);
    if fault is not null then
        return fault;
    end if;
    if replaced.order_id is null then
        return gatehouse.reserve_alone(of_proposal);
    end if;
    select * into mine from gatehouse.leg where proposal = of_proposal;
    fault := gatehouse.replacing_fault(replaced.order_id, mine.account, mine.symbol, mine.side, mine.quantity);
    if fault is not null then
        return fault;
    end if;
    select * into before from gatehouse.proposal where proposal = replaced.proposal;
    perform gatehouse.lend(replaced, before, -1);
    fault := gatehouse.reserve_alone(of_proposal);
    if fault is not null then
        perform gatehouse.lend(replaced, before, 1);
        return fault;
    end if;
    select * into mine from gatehouse.leg where proposal = of_proposal;
    perform gatehouse.lend(mine, p, -1);
    perform gatehouse.lend(replaced, before, 1);
    mine.reserved := greatest(0, mine.reserved - replaced.reserved);
    mine.coming := greatest(0, mine.coming - replaced.coming);
    mine.counted := greatest(0, mine.counted - greatest(0, replaced.counted - abs(replaced.proceeds)));
    perform gatehouse.lend(mine, p, 1);
    update gatehouse.leg set reserved = mine.reserved, coming = mine.coming, counted = mine.counted
        where proposal = of_proposal;
    return null;
end $$;

-- What the release check asks beside everything else: it still takes that order's place, and says so.
create function gatehouse.replacing_at_release(e gatehouse.incoming, p gatehouse.proposal, l gatehouse.leg) returns text
    language plpgsql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    replaced gatehouse.leg;
begin
    select b.* into replaced from gatehouse.replacing r join gatehouse.leg b on b.order_id = r.order_id
        where r.proposal = p.proposal;
    if e.payload->>'replaces' is distinct from replaced.order_id then
        return 'leg_mismatch';
    end if;
    if replaced.order_id is null then
        return case when e.payload->>'executed_before' is not null then 'leg_mismatch' end;
    end if;
    if (e.payload->>'executed_before')::numeric is distinct from replaced.filled then
        return 'quantity_mismatch';
    end if;
    return coalesce(
        gatehouse.replacing_in_text(p, replaced),
        -- what is left of a sale is asked of the shares that it may carry now
        gatehouse.replacing_fault(replaced.order_id, l.account, l.symbol, l.side, (e.payload->>'quantity')::numeric));
end $$;

-- The most shares that this leg may carry now; null while a sell that funds it is still open. A successor carries what
-- people decided on, less what the order that it replaces has executed since: the whole stays the whole.
create or replace function gatehouse.releasable(l gatehouse.leg) returns numeric language plpgsql
    stable set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    shortfall numeric;
    buys numeric;
begin
    if l.side = 'sell' or cardinality(l.funded_by) = 0 then
        return coalesce((
            select least(l.quantity, greatest(0, l.quantity + (
                       select (p.content::jsonb->'legs'->0->>'executed_before')::numeric
                       from gatehouse.proposal p where p.proposal = l.proposal) - b.filled))
            from gatehouse.replacing r join gatehouse.leg b on b.order_id = r.order_id
            where r.proposal = l.proposal), l.quantity);
    end if;
    if exists (select from gatehouse.leg s
               where s.proposal = l.proposal and s.leg = any (l.funded_by) and not s.ended) then
        return null;
    end if;
    select greatest(0, sum(s.quantity * coalesce(s.limit_price, s.band_low) - s.proceeds)) into shortfall
        from gatehouse.leg s where s.proposal = l.proposal and s.leg = any (l.funded_by);
    if shortfall = 0 then
        return l.quantity;
    end if;
    -- Each buy of the account bears its share of what is missing.
    select sum(b.quantity * coalesce(b.limit_price, b.band_high)) into buys
        from gatehouse.leg b where b.proposal = l.proposal and b.account = l.account and b.side = 'buy';
    return greatest(0, div(l.quantity * (buys - shortfall), buys));  -- whole shares, without rounding on the way
end $$;

-- As before. A successor carries exactly what is left to it.
create or replace function gatehouse.quantity_fault(l gatehouse.leg, asked numeric) returns text language plpgsql
    stable set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    most numeric := gatehouse.releasable(l);
begin
    if most is null then
        return 'funding_open';
    end if;
    if asked is null or asked <= 0 or asked > most then
        return 'quantity_mismatch';
    end if;
    if asked <> l.quantity and not l.may_release_less and not (
            asked = most and exists (select from gatehouse.replacing r where r.proposal = l.proposal)) then
        return 'quantity_mismatch';
    end if;
    return null;
end $$;

create or replace function gatehouse.law_order_released(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    refusal text := gatehouse.release_refusal(e);
    shares numeric := (e.payload->>'quantity')::numeric;
begin
    if refusal is not null then
        return refusal;
    end if;
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

-- An order that is out has ended, and what it kept came back: whoever takes its place keeps that from here on. In the
-- same append, so that nobody else comes between, whatever it was that ended it.
create function gatehouse.take_over() returns trigger language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    mine gatehouse.leg;
    p gatehouse.proposal;
    open_shares numeric;
begin
    select l.* into mine from gatehouse.replacing r join gatehouse.leg l on l.proposal = r.proposal
        where r.order_id = new.order_id and l.released_seq is not null and not l.ended;
    if mine.order_id is null then
        return null;
    end if;
    select * into p from gatehouse.proposal where proposal = mine.proposal;
    select greatest(0, mine.released_quantity + r.executed - new.filled) - mine.filled into open_shares
        from gatehouse.replacing r where r.proposal = mine.proposal;
    open_shares := greatest(0, open_shares);
    if open_shares + mine.filled = 0 then
        return null;
    end if;
    perform gatehouse.lend(mine, p, -1);
    mine.quantity := open_shares + mine.filled;
    mine.lots := gatehouse.first_shares(mine.lots, mine.quantity);
    mine.reserved := case mine.side when 'sell' then open_shares
                     else gatehouse.at_worst(mine) * open_shares / mine.quantity end;
    mine.coming := case mine.side when 'sell' then 0 else open_shares end;
    mine.counted := abs(mine.proceeds) + gatehouse.open_dollars(mine) * open_shares / mine.quantity;
    perform gatehouse.lend(mine, p, 1);
    update gatehouse.leg set quantity = mine.quantity, lots = mine.lots, reserved = mine.reserved, coming = mine.coming,
        counted = mine.counted where order_id = mine.order_id;
    return null;
end $$;
create trigger take_over after update of ended on gatehouse.leg for each row
    when (new.ended and not old.ended and new.released_seq is not null) execute function gatehouse.take_over();

update gatehouse.event_kind set version = 2 where event_type in ('ProposalDrafted', 'OrderReleased');

revoke all on all functions in schema gatehouse from public;
