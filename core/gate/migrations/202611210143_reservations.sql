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

create function gatehouse.cash_needed(of_proposal text) returns table (account text, dollars numeric)
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    -- At the worst prices and with the fees at their cap, as `core.orders.cost` has them (a ticket fee aside).
    select l.account, greatest(0, sum(case l.side
        when 'buy' then l.quantity * coalesce(l.limit_price, l.band_high) * 1.001 + l.quantity * 0.01
        else -l.quantity * coalesce(l.limit_price, l.band_low) * 0.999 + l.quantity * 0.01 end))
    from gatehouse.leg l where l.proposal = of_proposal and not l.ended
    group by l.account having bool_or(l.side = 'buy')
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
