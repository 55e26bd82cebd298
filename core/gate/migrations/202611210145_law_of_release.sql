-- The law of release, and of everything that only a released order may do.

-- The release check: null only where a submission, the client's consent where an account needs it, and an
-- independent approval exist, unexpired and unconsumed, all of the digest of the text that these legs came from.
create function gatehouse.release_refusal(e gatehouse.incoming) returns text language plpgsql
    stable set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    p gatehouse.proposal;
    l gatehouse.leg;
    day gatehouse.market_day;
    approvers int;
begin
    select * into p from gatehouse.proposal where proposal = e.payload->>'proposal';
    select * into l from gatehouse.leg
        where proposal = e.payload->>'proposal' and leg = (e.payload->>'leg')::int;
    if l.order_id is null or e.payload->>'order' is distinct from l.order_id or e.stream <> 'order/' || l.order_id then
        return 'no_such_leg';
    end if;
    if l.released_seq is not null then
        return 'already_released';
    end if;
    if p.status not in ('APPROVED', 'RELEASED') or l.ended then
        return 'not_approved';
    end if;
    if encode(sha256(convert_to(p.content, 'UTF8')), 'hex') <> p.digest
       or e.payload->>'digest' is distinct from p.digest then
        return 'digest_mismatch';
    end if;
    if not exists (select from gatehouse.decision d where d.proposal = p.proposal and d.kind = 'submission'
                   and d.digest = p.digest and d.person = p.advisor) then
        return 'submission_missing';
    end if;
    select count(distinct d.person) into approvers from gatehouse.decision d
        where d.proposal = p.proposal and d.kind = 'approval' and d.digest = p.digest
          and gatehouse.independence_fault(d.person, p) is null;
    if p.tier > 2 or approvers < 1 then
        return 'approval_missing';
    end if;
    if not gatehouse.consented(p.proposal) then
        return 'consent_missing';
    end if;
    select * into day from gatehouse.market_day;
    if day.state <> 'open' or day.session <> p.session then
        return 'lapsed';
    end if;
    if (e.payload->>'account', e.payload->>'symbol', e.payload->>'side', e.payload->>'order_type',
        e.payload->>'time_in_force') is distinct from (l.account, l.symbol, l.side, l.order_type, l.time_in_force)
       or (e.payload->>'limit_price')::numeric is distinct from l.limit_price then
        return 'leg_mismatch';
    end if;
    return gatehouse.quantity_fault(l, (e.payload->>'quantity')::numeric);
end $$;

-- A buy waits until the sells that fund it have ended. Where they brought less than the digest's limit prices
-- promised, it may carry fewer shares if the digest says so: at most what the shortfall leaves, never more.
create function gatehouse.quantity_fault(l gatehouse.leg, asked numeric) returns text language plpgsql
    stable set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    most numeric := gatehouse.releasable(l);
begin
    if most is null then
        return 'funding_open';
    end if;
    if asked is null or asked <= 0 or asked > most or (asked <> l.quantity and not l.may_release_less) then
        return 'quantity_mismatch';
    end if;
    return null;
end $$;

-- The most shares that this leg may carry now; null while a sell that funds it is still open.
create function gatehouse.releasable(l gatehouse.leg) returns numeric language plpgsql
    stable set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    shortfall numeric;
    buys numeric;
begin
    if l.side = 'sell' or cardinality(l.funded_by) = 0 then
        return l.quantity;
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

create function gatehouse.law_order_released(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    refusal text := gatehouse.release_refusal(e);
begin
    if refusal is not null then
        return refusal;
    end if;
    update gatehouse.leg set released_seq = e.seq, released_quantity = (e.payload->>'quantity')::numeric
        where order_id = e.payload->>'order';
    update gatehouse.proposal set status = 'RELEASED', last_seq = e.seq where proposal = e.payload->>'proposal';
    return null;
end $$;

create function gatehouse.law_order_denied(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    l gatehouse.leg;
begin
    select * into l from gatehouse.leg where order_id = e.payload->>'order';
    if l.order_id is null or e.stream <> 'order/' || l.order_id then
        return 'wrong_stream';
    end if;
    if (select status from gatehouse.proposal p where p.proposal = l.proposal) not in ('APPROVED', 'RELEASED') then
        return 'not_approved';
    end if;
    if l.released_seq is not null or l.ended then
        return 'already_released';
    end if;
    perform gatehouse.give_back(l.proposal, l.leg);
    update gatehouse.leg set ended = true where order_id = l.order_id;
    update gatehouse.proposal set last_seq = e.seq where proposal = l.proposal;
    return null;
end $$;

-- Nothing is routed, sent or filled that was not released.
create function gatehouse.law_after_release(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    l gatehouse.leg;
begin
    select * into l from gatehouse.leg where order_id = e.payload->>'order';
    if l.order_id is null or e.stream <> 'order/' || l.order_id then
        return 'wrong_stream';
    end if;
    if l.released_seq is null then
        return 'not_released';
    end if;
    if e.event_type in ('OrderRejected', 'OrderCancelled', 'OrderExpired') then
        perform gatehouse.give_back(l.proposal, l.leg);
        update gatehouse.leg set ended = true where order_id = l.order_id;
    end if;
    update gatehouse.proposal set last_seq = e.seq where proposal = l.proposal;
    return null;
end $$;

-- Half to even, as `core.money.to_cents`.
create function gatehouse.to_cents(amount numeric) returns numeric
    language sql immutable set search_path = pg_catalog, pg_temp as $$
    select case when abs(amount * 100 - trunc(amount * 100)) = 0.5
                then 2 * round(amount * 100 / 2) / 100 else round(amount, 2) end
$$;

create function gatehouse.law_order_filled(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    l gatehouse.leg;
    shares numeric := (e.payload->>'quantity')::numeric;
    gross numeric := gatehouse.to_cents(shares * (e.payload->>'price')::numeric);
    fee numeric := (e.payload->>'fee')::numeric;
    dollars numeric;
begin
    select * into l from gatehouse.leg where order_id = e.payload->>'order';
    if l.order_id is null or e.stream <> 'order/' || l.order_id then
        return 'wrong_stream';
    end if;
    if l.released_seq is null then
        return 'not_released';
    end if;
    if (e.payload->>'account', e.payload->>'symbol', e.payload->>'side') is distinct from (l.account, l.symbol, l.side) then
        return 'leg_mismatch';
    end if;
    dollars := case l.side when 'sell' then gross - fee else -gross - fee end;
    perform gatehouse.hold(l.account, l.symbol, case l.side when 'sell' then -shares else shares end);
    perform gatehouse.hold(l.account, 'cash', dollars);
    update gatehouse.holding h set reserved = greatest(0, h.reserved - least(
            case l.side when 'sell' then shares else -dollars end, l.reserved))
        where h.account = l.account and h.symbol = case l.side when 'sell' then l.symbol else 'cash' end;
    update gatehouse.leg set filled = filled + shares, proceeds = proceeds + dollars,
        reserved = greatest(0, reserved - case side when 'sell' then shares else -dollars end)
        where order_id = l.order_id;
    if l.side = 'sell' then
        perform gatehouse.keep_for_buys(l, dollars);
    end if;
    if l.filled + shares >= l.released_quantity then
        perform gatehouse.give_back(l.proposal, l.leg);
        update gatehouse.leg set ended = true where order_id = l.order_id;
    end if;
    update gatehouse.proposal set last_seq = e.seq where proposal = l.proposal;
    return null;
end $$;

revoke all on all functions in schema gatehouse from public;
