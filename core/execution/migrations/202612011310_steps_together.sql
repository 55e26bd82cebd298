-- The steps of different orders, many at once. Of what a worker writes of released orders (its choice and what that rests
-- on, the intent, the acceptance, the fills) the laws are asked once for all of them, and what they would write is
-- written at once. It says yes or nothing: where it says nothing, each is taken in turn, as before, in its own words. So
-- nothing is taken here that the laws of one entry refuse, and a test holds the rows of both ways equal.

-- A fill that is plainly good, with its order as it is before it.
create type gatehouse.step_fill as (
    seq        bigint,
    l          gatehouse.leg,
    execution  text,
    trade_date text,
    settles_on text,
    shares     numeric,
    price      numeric,
    fee        numeric,
    gross      numeric,
    net        numeric,
    its_end    boolean
);

-- What `law_order_filled` writes of one fill, of many of different orders. Raises GH001 where it is not the same whatever
-- their order: a day's dollars that come to nothing on the way, a lot that is not there.
create function gatehouse.book_fills(fills gatehouse.step_fill[]) returns void
    language plpgsql set enable_hashjoin = off set enable_mergejoin = off as $$
declare
    apart boolean;
begin
    insert into gatehouse.execution (order_id, execution, trade_date, quantity, price, fee, reported, dollars)
        select (f.l).order_id, f.execution, f.trade_date, f.shares, f.price, f.fee, f.shares, f.gross from unnest(fills) as f;
    -- What was reserved for it and is spent, and at its end whatever is left of that.
    with moves as materialized (
        select (f.l).account, 'cash' as symbol, f.net as held,
               case when (f.l).side = 'sell' then 0 when f.its_end then (f.l).reserved else least(-f.net, (f.l).reserved) end
                   as spent, 0::numeric as come
        from unnest(fills) as f
        union all
        select (f.l).account, (f.l).symbol, case (f.l).side when 'sell' then -f.shares else f.shares end,
               case when (f.l).side = 'sell' then least(f.shares, (f.l).reserved) else 0 end,
               case when (f.l).side = 'sell' then 0 when f.its_end then (f.l).coming else least(f.shares, (f.l).coming) end
        from unnest(fills) as f
    ), moved as materialized (
        select m.account, m.symbol, sum(m.held) as held, sum(m.spent) as spent, sum(m.come) as come
        from moves m group by m.account, m.symbol
    ), known as (
        update gatehouse.holding h set held = h.held + m.held,
            reserved = case when m.spent > 0 then greatest(0, h.reserved - m.spent) else h.reserved end,
            coming = case when m.come > 0 then greatest(0, h.coming - m.come) else h.coming end
            from moved m where h.account = m.account and h.symbol = m.symbol
            returning h.account, h.symbol
    )
    insert into gatehouse.holding (account, symbol, held)
        select m.account, m.symbol, m.held from moved m
        where not exists (select from known k where k.account = m.account and k.symbol = m.symbol);
    insert into gatehouse.lot_holding (account, lot, symbol, held)
        select (f.l).account, gatehouse.lot_of((f.l).order_id, f.execution), (f.l).symbol, f.shares
        from unnest(fills) as f where (f.l).side = 'buy';
    if exists (select from unnest(fills) as f where (f.l).side = 'sell') then
        with used as materialized (
            select (f.l).account, u.lot, sum(u.shares) as shares,
                   sum(case when (f.l).reserved > 0 then u.shares else 0 end) as spent
            from unnest(fills) as f
            cross join lateral gatehouse.lots_between((f.l).lots, (f.l).filled, (f.l).filled + f.shares) as u
            where (f.l).side = 'sell' group by (f.l).account, u.lot
        ), known as (
            update gatehouse.lot_holding h set held = h.held - u.shares, reserved = greatest(0, h.reserved - u.spent)
                from used u where h.account = u.account and h.lot = u.lot returning h.lot
        )
        select (select count(*) from used) <> (select count(*) from known) into apart;
        if apart then
            raise exception using errcode = 'GH001';
        end if;
    end if;
    if exists (select from unnest(fills) as f where f.its_end and (f.l).counted <> abs((f.l).proceeds + f.net)) then
        with counted as materialized (
            select p.session, s.scope, s.named, sum(f.less) as less,
                   coalesce(sum(f.less) filter (where f.less > 0), 0) as most, bool_or(f.less < 0) as more
            from (
                select (f.l).proposal, (f.l).account, (f.l).counted - abs((f.l).proceeds + f.net) as less
                from unnest(fills) as f where f.its_end and (f.l).counted <> abs((f.l).proceeds + f.net)) as f
            cross join lateral (select p.* from gatehouse.proposal p where p.proposal = f.proposal offset 0) as p
            cross join lateral (values ('account', f.account), ('household', p.household), ('advisor', p.advisor),
                                       ('agent', p.agent), ('firm', 'firm')) as s (scope, named)
            where s.named is not null group by p.session, s.scope, s.named
        ), less as (
            update gatehouse.day_use u set dollars = greatest(0, u.dollars - c.less) from counted c
                where u.scope = c.scope and u.named = c.named and u.session = c.session
        )
        select exists (select from counted c cross join lateral (
                           select u.dollars from gatehouse.day_use u
                           where u.scope = c.scope and u.named = c.named and u.session = c.session offset 0) as u
                       where c.more and u.dollars < c.most) into apart;
        if apart then
            raise exception using errcode = 'GH001';
        end if;
    end if;
    update gatehouse.leg l set filled = l.filled + f.shares, proceeds = l.proceeds + f.net,
        reserved = case when f.its_end then 0
                        else greatest(0, l.reserved - case l.side when 'sell' then f.shares else -f.net end) end,
        coming = case when f.its_end then 0 else greatest(0, l.coming - f.shares) end,
        counted = case when f.its_end then abs(l.proceeds + f.net) else l.counted end, ended = f.its_end
        from unnest(fills) as f where l.order_id = (f.l).order_id;
    with known as (
        update gatehouse.trade t set
            status = case when t.quantity + f.shares = 0 then 'BUSTED' when t.told > 0 then 'CORRECTED'
                          else (select s.after from gatehouse.trade_step s
                                where s.before = t.status and s.event = 'OrderFilled') end,
            quantity = t.quantity + f.shares, paid = t.paid + f.shares * f.price, fees = t.fees + f.fee,
            net = t.net + f.net, changes = t.changes + 1
            from unnest(fills) as f where t.order_id = (f.l).order_id and t.trade_date = f.trade_date
            returning t.order_id
    )
    insert into gatehouse.trade
            (order_id, trade_date, advisor, account, symbol, side, settles_on, status, quantity, paid, fees, net, changes)
        select (f.l).order_id, f.trade_date, (f.l).advisor, (f.l).account, (f.l).symbol, (f.l).side, f.settles_on,
               'EXECUTED', f.shares, f.shares * f.price, f.fee, f.net, 1
        from unnest(fills) as f
        where not exists (select from known k where k.order_id = (f.l).order_id);
    update gatehouse.proposal p set last_seq = f.seq
        from (select (f.l).proposal, max(f.seq) as seq from unnest(fills) as f group by (f.l).proposal) as f
        where p.proposal = f.proposal;
end $$;

-- Takes these, or is null where one of them is not plainly good. What each condition is for stands in
-- `law_routing_recorded`, `law_after_release` and `law_order_filled` and in what they ask: these are theirs, for an order
-- that is in no block, takes nobody's place, has not ended, and of which this call has one step (or the choice and what
-- it rests on); for a sale that funds no purchase.
create function gatehouse.take_steps(items gatehouse.looked_at[], at_head gatehouse.head) returns gatehouse.head
    language plpgsql set enable_hashjoin = off set enable_mergejoin = off as $$
declare
    login text := session_user;
    before bigint := at_head.seq - (items[1].n - 1);  -- an entry's place is this and its number
    recorded timestamptz := greatest(clock_timestamp(), at_head.recorded_at);  -- one moment for one call
    stamp bytea := int8send((extract(epoch from recorded) * 1000000)::bigint)
        || int4send(octet_length(login)) || convert_to(login, 'UTF8')
        || int4send(octet_length(login)) || convert_to(login, 'UTF8');  -- it comes for itself
    mine int := (select w.lease from gatehouse.worker_lease w
                 where w.worker = nullif(current_setting('gatehouse.worker', true), ''));
    held int;
    asked record;
    leaf bytea;
    digest bytea := at_head.digest;
    digests bytea[] := '{}';
begin
    -- The claims are held until these stand, as `lease_fault` holds each: whoever takes over claims passes them by.
    -- `offset 0` makes each of these one look at its own index.
    select count(*) filter (where c.lease = mine) into held
        from (select distinct i.payload->>'order' as order_id from unnest(items) as i offset 0) as i
        cross join lateral (
            select c.lease from gatehouse.claim c where c.order_id = i.order_id offset 0 for key share of c) as c;
    with kind as materialized (
        select k.event_type, k.version, k.stream_prefix, k.followed_by from gatehouse.event_kind k
        join gatehouse.event_right r on r.event_type = k.event_type and r.role = login
        where (k.event_type, k.law) in (
            ('RouteRecorded', 'law_routing_recorded'), ('OrderRouted', 'law_after_release'),
            ('OrderSent', 'law_after_release'), ('OrderAccepted', 'law_after_release'),
            ('OrderFilled', 'law_order_filled'))
    ), item as materialized (
        select i.*, i.payload->>'order' as order_id,
               lag(row(i.event_type, i.stream, i."group", i.payload->>'venue')) over () as one_before,
               lead(row(i.event_type, i.stream, i."group")) over () as one_behind
        from unnest(items) as i
    ), rule as materialized (
        select v.version, v.digest, v.effective_on, v.routing->'beside' as beside
        from (select distinct i.payload->>'version' as version from item i where i.event_type = 'RouteRecorded') as i
        join gatehouse.routing_version v on v.version = i.version::int
    ), judged as materialized (
        select i.n, i.event_type, i.stream, i.order_id, i.key, f.*,
               sha256('\x00'::bytea || int8send(before + i.n) || stamp
                      || int4send(octet_length(i.entry_text)) || convert_to(i.entry_text, 'UTF8')) as leaf,
               coalesce(
                   gatehouse.no_of(i.fault, i.well, i.ticket_hash, i.event_version, i.stream, i.key, false, null, null,
                                   k.event_type, k.version, k.stream_prefix) is null
                   and i.stream_version = coalesce(h.version, 0) + case i.event_type when 'OrderRouted' then 2 else 1 end
                   and i.stream = 'order/' || i.order_id
                   and l.released_seq is not null and y.seq is null and b.block_order is null
                   and k.followed_by is not distinct from case i.event_type when 'RouteRecorded' then 'OrderRouted' end
                   and case i.event_type
                       when 'RouteRecorded' then
                           i."group" is not null and i.one_behind = row('OrderRouted'::text, i.stream, i."group")
                           and (s.said->>'venue', s.said->>'rules', (s.said->>'version')::int, s.said->'asked'->>'order')
                               = (i.payload->>'venue', i.payload->>'routing', (i.payload->>'version')::int, i.order_id)
                           and v.digest = i.payload->>'routing' and v.effective_on <= d.session
                           and not v.beside ? (i.payload->>'venue')
                           and (i.payload->>'choice')::int = 1 + coalesce(r.choices, 0)
                       when 'OrderRouted' then
                           i.one_before = row('RouteRecorded'::text, i.stream, i."group", i.payload->>'venue')
                       when 'OrderSent' then
                           r.venue = i.payload->>'venue'
                           -- Of the release's own text: nothing else in it has a field of this name.
                           and strpos(j.text, '"replaces":null') > 0
                       when 'OrderFilled' then
                           i.payload->>'block' is null and i.payload->>'dollars' is null
                           and not l.ended and not placed.replaced and x.execution is null
                           and (i.payload->>'account', i.payload->>'symbol', i.payload->>'side')
                               = (l.account, l.symbol, l.side)
                           and l.filled + f.shares <= l.released_quantity and f.shares > 0 and l.reserved >= 0
                           and gatehouse.settles_after(i.payload->>'trade_date', i.payload->>'settles_on')
                           and case l.side
                               when 'buy' then f.net <= 0 and l.coming >= 0
                               when 'sell' then l.coming = 0 and (not f.its_end or l.reserved <= f.shares)
                                   and not exists (select from gatehouse.leg p
                                                   where p.proposal = l.proposal and l.leg = any (p.funded_by)) end
                       else i.event_type = 'OrderAccepted' end, false) as good
        from item i
        left join lateral (select k.* from kind k where k.event_type = i.event_type offset 0) as k on true
        left join lateral (select h.version from gatehouse.stream_head h where h.stream = i.stream offset 0) as h on true
        left join lateral (
            select y.seq from gatehouse.idempotency y
            where i.key is not null and y.role = login and y.actor = login and y.key = i.key offset 0) as y on true
        left join lateral (
            select l as whole, l.* from gatehouse.leg l where l.order_id = i.order_id offset 0) as l on true
        left join lateral (
            select b.block_order from gatehouse.block_part b
            where b.order_id = i.order_id and b.parted_seq is null offset 0) as b on true
        left join lateral (
            select r.venue, r.choices from gatehouse.route r
            where i.event_type in ('RouteRecorded', 'OrderSent') and r.order_id = i.order_id offset 0) as r on true
        left join lateral (
            select (i.payload->>'evidence')::jsonb as said where i.event_type = 'RouteRecorded' offset 0) as s on true
        left join lateral (
            select v.* from rule v
            where i.event_type = 'RouteRecorded' and v.version = (i.payload->>'version')::int offset 0) as v on true
        left join lateral (
            select coalesce((select m.session from gatehouse.market_day m), '0001-01-01') as session
            where i.event_type = 'RouteRecorded' offset 0) as d on true
        left join lateral (
            select j.text from gatehouse.journal j
            where i.event_type = 'OrderSent' and j.seq = l.released_seq offset 0) as j on true
        left join lateral (
            select x.execution from gatehouse.execution x
            where i.event_type = 'OrderFilled' and x.order_id = i.order_id and x.execution = i.payload->>'execution'
            offset 0) as x on true
        left join lateral (
            select exists (select from gatehouse.replacing q where q.order_id = i.order_id) as replaced
            where i.event_type = 'OrderFilled' offset 0) as placed on true
        left join lateral (
            select before + i.n as seq, l.whole as leg, i.payload->>'execution' as execution, i.payload->>'trade_date' as trade_date,
                   i.payload->>'settles_on' as settles_on, g.shares, g.price, g.fee, g.gross,
                   case l.side when 'sell' then g.gross - g.fee else -g.gross - g.fee end as net,
                   l.filled + g.shares + l.taken_back >= l.released_quantity as its_end
            from (
                select q.*, gatehouse.to_cents(q.shares * q.price) as gross
                from (select (i.payload->>'quantity')::numeric as shares, (i.payload->>'price')::numeric as price,
                             (i.payload->>'fee')::numeric as fee offset 0) as q
                offset 0) as g
            where i.event_type = 'OrderFilled' offset 0) as f on true
    )
    -- As many claims of ours as there are steps, a choice's record and the choice being one: each order has one step here.
    select bool_and(j.good) and count(*) filter (where j.event_type <> 'OrderRouted') = held
               -- Nothing here is sorted, and this says so.
               and array_agg(j.n) = array(select g from generate_series(items[1].n, items[1].n + cardinality(items) - 1) as g)
               and exists (select from gatehouse.worker_lease w where w.lease = mine and w.ended_at is null) as good,
           array_agg(j.leaf) as leaves, bool_or(j.key is not null) as keyed,
           coalesce(bool_or(j.event_type = 'RouteRecorded'), false) as routed,
           coalesce(array_agg(row(j.seq, j.leg, j.execution, j.trade_date, j.settles_on, j.shares, j.price, j.fee, j.gross,
                                  j.net, j.its_end)::gatehouse.step_fill) filter (where j.event_type = 'OrderFilled'),
                    '{}') as fills
        into asked from judged j;
    if asked.good is not true then
        return null;
    end if;
    if asked.routed then
        insert into gatehouse.route as r (order_id, venue, choices, recorded_seq)
            select i.payload->>'order', i.payload->>'venue', 1, before + i.n
            from unnest(items) as i where i.event_type = 'RouteRecorded'
            on conflict (order_id) do update set
                venue = excluded.venue, choices = r.choices + 1, recorded_seq = excluded.recorded_seq;
    end if;
    if cardinality(asked.fills) > 0 then
        perform gatehouse.book_fills(asked.fills);
    end if;
    foreach leaf in array asked.leaves loop
        digest := sha256(digest || leaf);
        digests := digests || digest;
    end loop;
    with moved as (
        insert into gatehouse.stream_head
            select i.stream, max(i.stream_version) from unnest(items) as i group by i.stream
            on conflict (stream) do update set version = excluded.version
    )
    insert into gatehouse.journal
        select before + i.n, recorded, login, login, i.entry_text, i.event_id, i.event_type, i.event_version::int, i.stream,
               i.stream_version, i.trace_id, i.occurred_at, i.digest
        from rows from (unnest(items), unnest(digests)) as i (
            n, entry_text, ticket_hash, key, body, "group", event_id, event_type, event_version, stream,
            stream_version, trace_id, occurred_at, payload, well, fault, digest);
    if asked.keyed then
        insert into gatehouse.idempotency
            select login, login, i.key, i.body, before + i.n from unnest(items) as i where i.key is not null;
    end if;
    at_head.seq := at_head.seq + cardinality(items);
    at_head.recorded_at := recorded;
    at_head.digest := digest;
    return at_head;
end $$;

-- The run that each of these is in: of those that `take_steps` may be for (steps of released orders that go by
-- themselves), and below nothing of the others. What hangs together is in one run.
create function gatehouse.step_runs(items gatehouse.looked_at[]) returns int[]
    language sql stable as $$
    select array_agg(case when r.is_step then r.run else -r.run end order by r.n)
    from (
        select i.n, i.is_step, 1 + count(*) filter (where i.parts) over (order by i.n) as run
        from (
            select i.n, i.is_step, lag(i.is_step) over (order by i.n) <> i.is_step as parts
            from (
                select i.n, case when i."group" is null then i.is_step
                                 else bool_and(i.is_step) over (partition by i."group") end as is_step
                from (
                    select i.n, i."group",
                           i.event_type in ('RouteRecorded', 'OrderRouted', 'OrderSent', 'OrderAccepted', 'OrderFilled')
                           and l.released_seq is not null and b.block_order is null as is_step
                    from unnest(items) as i
                    left join lateral (
                        select l.released_seq from gatehouse.leg l where l.order_id = i.payload->>'order' offset 0) as l
                        on true
                    left join lateral (
                        select b.block_order from gatehouse.block_part b
                        where b.order_id = i.payload->>'order' and b.parted_seq is null offset 0) as b on true) as i
                ) as i
            ) as i
        ) as r
$$;

-- As before, and what a worker writes of released orders is judged together where it can be.
alter function gatehouse.take_together(gatehouse.looked_at[], gatehouse.head) rename to take_alike;
create function gatehouse.take_together(items gatehouse.looked_at[], at_head gatehouse.head) returns gatehouse.head
    language plpgsql as $$
declare
    steps int;
begin
    if session_user = 'gh_gate' then
        select count(*) into steps from unnest(items) as i
            where i.event_type in ('RouteRecorded', 'OrderRouted', 'OrderSent', 'OrderAccepted', 'OrderFilled');
        if steps = cardinality(items) then
            return gatehouse.take_steps(items, at_head);
        end if;
        if steps > 1 then
            return null;  -- `take` parts them
        end if;
    end if;
    return gatehouse.take_alike(items, at_head);
end $$;

alter function gatehouse.take(gatehouse.looked_at[], gatehouse.head, boolean) rename to take_pairs;
create function gatehouse.take(items gatehouse.looked_at[], at_head gatehouse.head, carefully boolean)
    returns gatehouse.taken
    language plpgsql as $$
declare
    done gatehouse.taken := row('{}'::gatehouse.answered[], at_head);
    part gatehouse.taken;
    after gatehouse.head;
    runs int[];
    first int := 1;
    last int;
begin
    if carefully or session_user <> 'gh_gate' then
        return gatehouse.take_pairs(items, at_head, carefully);
    end if;
    runs := gatehouse.step_runs(items);
    while first <= cardinality(items) loop
        last := first;
        while runs[last + 1] = runs[first] loop
            last := last + 1;
        end loop;
        after := null;
        if runs[first] > 0 then
            after := gatehouse.take_steps(items[first:last], done.head);
        end if;
        if after.seq is null then
            part := gatehouse.take_pairs(items[first:last], done.head, false);
        else
            part := row(array(select row(done_items.n, 'ok', after.seq - cardinality(items[first:last]) + done_items.k, null)
                                     ::gatehouse.answered
                              from unnest(items[first:last]) with ordinality as done_items (
                                  n, entry_text, ticket_hash, key, body, "group", event_id, event_type, event_version,
                                  stream, stream_version, trace_id, occurred_at, payload, well, fault, k)), after);
        end if;
        done := row(done.answers || part.answers, part.head);
        first := last + 1;
    end loop;
    return done;
end $$;

revoke all on all functions in schema gatehouse from public;
