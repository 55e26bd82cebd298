-- Reservations: shares and dollars that a submitted proposal keeps from everybody else until it has ended.

-- Shares that are sold, and dollars that the buys need beyond the sells of the same account at the worst
-- prices that the digest allows, are promised to this proposal: nobody else can use them meanwhile.
create function gatehouse.reserve(of_proposal text) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
    if exists (
        select from (select account, symbol, sum(quantity) as asked from gatehouse.leg
                     where proposal = of_proposal and side = 'sell' group by account, symbol) as sale
        left join gatehouse.holding h using (account, symbol)
        where sale.asked > coalesce(h.held - h.reserved, 0)) then
        return 'shares_not_free';
    end if;
    if exists (
        select from gatehouse.cash_needed(of_proposal) as need
        left join gatehouse.holding h on h.account = need.account and h.symbol = 'cash'
        where need.dollars > coalesce(h.held - h.reserved, 0)) then
        return 'cash_not_free';
    end if;
    update gatehouse.leg set reserved = quantity where proposal = of_proposal and side = 'sell';
    update gatehouse.holding h set reserved = h.reserved + sale.asked
        from (select account, symbol, sum(quantity) as asked from gatehouse.leg
              where proposal = of_proposal and side = 'sell' group by account, symbol) as sale
        where h.account = sale.account and h.symbol = sale.symbol;
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
    return null;
end $$;

-- What a leg moves at the worst price that the digest allows and with the fees at their cap, as
-- `core.orders.cost` has them (a ticket fee aside): dollars that a buy takes, or that a sell brings.
create function gatehouse.at_worst(l gatehouse.leg) returns numeric
    language sql immutable set search_path = pg_catalog, pg_temp as $$
    select case l.side
        when 'buy' then l.quantity * coalesce(l.limit_price, l.band_high) * 1.001 + l.quantity * 0.01
        else l.quantity * coalesce(l.limit_price, l.band_low) * 0.999 - l.quantity * 0.01 end
$$;

create function gatehouse.cash_needed(of_proposal text) returns table (account text, dollars numeric)
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select l.account, greatest(0, sum(case l.side when 'buy' then 1 else -1 end * gatehouse.at_worst(l)))
    from gatehouse.leg l where l.proposal = of_proposal and not l.ended
    group by l.account having bool_or(l.side = 'buy')
$$;

-- What a sell brings is promised to the buys that wait for it, as far as they lack it: nobody else may spend it
-- between the sell's fill and their release.
create function gatehouse.keep_for_buys(sell gatehouse.leg, dollars numeric) returns void
    language sql set search_path = pg_catalog, gatehouse, pg_temp as $$
    with lacking as (
        select b.leg, gatehouse.at_worst(b) - b.reserved as dollars, sum(gatehouse.at_worst(b) - b.reserved) over () as whole
        from gatehouse.leg b
        where b.proposal = sell.proposal and sell.leg = any (b.funded_by) and not b.ended
          and gatehouse.at_worst(b) > b.reserved),
    kept as (
        update gatehouse.leg b
        set reserved = b.reserved + trunc(least(keep_for_buys.dollars, n.whole) * n.dollars / n.whole, 2)
        from lacking n where b.proposal = sell.proposal and b.leg = n.leg and keep_for_buys.dollars > 0
        returning trunc(least(keep_for_buys.dollars, n.whole) * n.dollars / n.whole, 2) as dollars)
    update gatehouse.holding h set reserved = h.reserved + (select coalesce(sum(k.dollars), 0) from kept k)
    where h.account = sell.account and h.symbol = 'cash'
$$;

-- Gives back what one leg still holds.
create function gatehouse.give_back(of_proposal text, of_leg int) returns void language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
    update gatehouse.holding h set reserved = greatest(0, h.reserved - l.reserved)
        from gatehouse.leg l
        where l.proposal = of_proposal and l.leg = of_leg and h.account = l.account
          and h.symbol = case l.side when 'sell' then l.symbol else 'cash' end;
    update gatehouse.leg set reserved = 0 where proposal = of_proposal and leg = of_leg;
end $$;

create function gatehouse.end_proposal(of_proposal text, new_status text, e gatehouse.incoming) returns void
    language plpgsql set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
    perform gatehouse.give_back(l.proposal, l.leg) from gatehouse.leg l where l.proposal = of_proposal;
    update gatehouse.leg set ended = true where proposal = of_proposal;
    update gatehouse.proposal set status = new_status, last_seq = e.seq,
        closing = coalesce(e.payload->'reason', e.payload->'comment') where proposal = of_proposal;
end $$;

revoke all on all functions in schema gatehouse from public;
