-- asking --
-- Who drafted what is being asked about, and the wall time of this reading. No agent and no strategy: a person, or
-- nothing asked. The law has programs' names begin so; not every login that asks here may read who people are.
select now() as taken_at, p.agent, case when starts_with(p.drafted_by, 'mch-') then p.drafted_by end as strategy
from (select 1) as always left join gatehouse.proposal p on p.proposal = %(without)s::text;

-- asked --
-- This business day's submitted orders of those households, whatever became of them.
select p.household, l.order_id, l.account, l.symbol, l.side, l.quantity, l.limit_price,
       case when l.ended then abs(l.proceeds)
            when r.proposal is not null then l.counted  -- beyond what the order counts whose place it takes
            else greatest(coalesce(l.limit_price, case l.side when 'buy' then l.band_high else l.band_low end),
                          l.reference_price) * l.quantity end as dollars,
       case when l.ended then 0 else coalesce(l.released_quantity, l.quantity) - l.filled end as remaining,
       d.decided_at as asked_at
from gatehouse.market_day m
join gatehouse.proposal p on p.session = m.session
join gatehouse.leg l on l.proposal = p.proposal
join gatehouse.decision d on d.proposal = p.proposal and d.kind = 'submission'
left join gatehouse.replacing r on r.proposal = p.proposal
where p.status in ('SUBMITTED', 'APPROVED', 'RELEASED')
  and (%(without)s::text is null or p.proposal <> %(without)s)
  and (%(households)s::text[] is null or p.household = any (%(households)s::text[]))
order by d.decided_at, l.order_id;

-- day_totals --
-- Dollars of this business day by advisor and agent: what was submitted, and what also waits for an advisor.
select p.advisor, p.agent, coalesce(sum(w.dollars) filter (where p.status <> 'ASSESSED'), 0) as submitted,
       sum(w.dollars) as drafted
from gatehouse.market_day m
join gatehouse.proposal p on p.session = m.session
join gatehouse.leg l on l.proposal = p.proposal
left join gatehouse.replacing r on r.proposal = p.proposal
cross join lateral (
    select case when l.ended then abs(l.proceeds)
                when r.proposal is not null and p.status <> 'ASSESSED' then l.counted
                else greatest(coalesce(l.limit_price, case l.side when 'buy' then l.band_high else l.band_low end),
                              l.reference_price) * l.quantity end as dollars) w
where p.status in ('ASSESSED', 'SUBMITTED', 'APPROVED', 'RELEASED')
  and (%(without)s::text is null or p.proposal <> %(without)s)
group by p.advisor, p.agent;

-- traded --
-- What that agent's, or that strategy's, drafts of this business day traded, by symbol: shares in, dollars in.
select l.symbol, sum(case l.side when 'buy' then l.filled else -l.filled end) as shares, sum(l.proceeds) as dollars
from gatehouse.market_day m
join gatehouse.proposal p on p.session = m.session
     and (p.agent = %(agent)s::text or p.drafted_by = %(strategy)s::text)
join gatehouse.leg l on l.proposal = p.proposal and l.filled > 0
group by l.symbol order by l.symbol;

-- order_times --
select p.advisor, d.decided_at from gatehouse.market_day m
join gatehouse.proposal p on p.session = m.session
join gatehouse.decision d on d.proposal = p.proposal and d.kind = 'submission'
join gatehouse.leg l on l.proposal = p.proposal
where %(without)s::text is null or p.proposal <> %(without)s
order by d.decided_at;

-- executed --
-- A proposal is good for its session alone, so that is the trade date. Twelve months, oldest first.
select p.household, l.order_id, l.account, l.symbol, l.side, abs(l.proceeds) as dollars, p.session as traded_on,
       o.state
from gatehouse.market_day m
join gatehouse.proposal p on p.session > m.session - interval '1 year'
join gatehouse.leg l on l.proposal = p.proposal and l.filled > 0
left join gatehouse.order_state o on o.order_id = l.order_id
where (%(without)s::text is null or p.proposal <> %(without)s)
  and (%(households)s::text[] is null or p.household = any (%(households)s::text[]))
order by p.session, l.released_seq;
