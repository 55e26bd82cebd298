-- What an account's worth at each day's end is made of, for whoever's book it is in, and for no further reader:
-- holdings and cash that came, executions and their corrections, fees that fall due. Ids and amounts alone are in these
-- kinds; no proposal, comment or name is among them.
create function gatehouse.moves_of(of_household text)
    returns table (seq bigint, market_at timestamptz, event_type text, text text)
    language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
    select j.seq, i.market_at, j.event_type, j.text
    from gatehouse.account a
    join gatehouse.account_index i on i.about = 'account/' || a.account
    join gatehouse.journal j on j.seq = i.seq
    where a.household = of_household
      and j.event_type in ('LotReceived', 'CashDeposited', 'FeeScheduled', 'OrderFilled', 'TradeCorrected', 'TradeBusted')
      and (gatehouse.asker_sees_all() or a.advisor = any (gatehouse.asker_books()))
    order by j.seq
$$;

revoke all on all functions in schema gatehouse from public;
grant execute on function gatehouse.moves_of(text) to gh_agent, gh_intake;
