-- Blocks: orders of one batch in the same security, side and custodian, on the same terms, go to a venue as one. What
-- people decided on and what was released stays each order's own. `core.orders.block` is the twin of the sharing.

create table gatehouse.block (
    order_id      text primary key,             -- the client order id that a venue sees
    block         text not null unique,         -- a digest of the batch, the terms and the parts: nobody's choice
    batch         text not null references gatehouse.batch,
    advisor       text not null,
    method        text not null check (method in ('pro_rata', 'rotational')),
    custodian     text not null,
    symbol        text not null,
    side          text not null,
    limit_price   numeric,
    quantity      numeric not null,
    formed_seq    bigint not null,
    sent          boolean not null default false,  -- a venue may know of it
    filled        numeric not null default 0,
    taken_back    numeric not null default 0,      -- shares that corrections took off its executions
    ended         boolean not null default false,
    ended_by      text,                            -- the kind of the event, where it was not executed whole
    done          boolean not null default false   -- over, and every part of it has what is its own
);
create index on gatehouse.block (formed_seq) where not ended;
create index on gatehouse.block (formed_seq) where not done;

-- `parted_seq`: taken out again, before any venue had the block.
create table gatehouse.block_part (
    block_order text not null references gatehouse.block,
    order_id    text not null references gatehouse.leg (order_id),
    account     text not null,
    advisor     text not null,
    quantity    numeric not null,
    joined_seq  bigint,
    parted_seq  bigint,
    primary key (block_order, order_id)
);
create unique index block_part_once on gatehouse.block_part (order_id) where parted_seq is null;

-- Released orders of a batch that go by themselves all the same: nobody else was there to go with.
create table gatehouse.goes_alone (
    order_id text primary key references gatehouse.leg (order_id)
);

create table gatehouse.block_execution (
    block_order text not null references gatehouse.block,
    execution   text not null,
    trade_date  text not null,
    settles_on  text not null,
    quantity    numeric not null,
    price       numeric not null,
    fee         numeric not null,
    reported    numeric not null,
    executed_at timestamptz not null,
    revision    int not null default 0,
    busted      boolean not null default false,
    primary key (block_order, execution)
);

-- What was shared of one trade date, and each part's own of it. The newest stands.
create table gatehouse.block_allocation (
    block_order   text not null references gatehouse.block,
    trade_date    text not null,
    revision      int not null,
    quantity      numeric not null,
    paid          numeric not null,  -- dollars of all executions, unrounded
    average_price numeric not null,
    dollars       numeric not null,  -- in cents
    fees          numeric not null,
    settles_on    text not null,
    venue         text not null,
    executed_at   text not null,
    seq           bigint not null,
    primary key (block_order, trade_date)
);
create table gatehouse.block_share (
    block_order text not null references gatehouse.block,
    trade_date  text not null,
    order_id    text not null references gatehouse.leg (order_id),
    quantity    numeric not null,
    dollars     numeric not null,
    fee         numeric not null,
    primary key (block_order, trade_date, order_id)
);

-- An execution that is a part of a block's: its dollars are the rule's, so that all of them add up.
alter table gatehouse.execution add column block_order text references gatehouse.block;
alter table gatehouse.execution add column dollars numeric;  -- value in cents
update gatehouse.execution set dollars = gatehouse.to_cents(quantity * price);
alter table gatehouse.execution alter column dollars set not null;
create index on gatehouse.execution (block_order) where block_order is not null;

alter table gatehouse.block enable row level security;
alter table gatehouse.block_part enable row level security;
alter table gatehouse.goes_alone enable row level security;
alter table gatehouse.block_execution enable row level security;
alter table gatehouse.block_allocation enable row level security;
alter table gatehouse.block_share enable row level security;
create policy everything on gatehouse.block for select to gh_gate using (true);
create policy everything on gatehouse.block_part for select to gh_gate using (true);
create policy everything on gatehouse.goes_alone for select to gh_gate using (true);
create policy everything on gatehouse.block_execution for select to gh_gate using (true);
create policy everything on gatehouse.block_allocation for select to gh_gate using (true);
create policy everything on gatehouse.block_share for select to gh_gate using (true);
-- A batch is one advisor's, and so is the block.
create policy book on gatehouse.block for select to gh_intake, gh_approver
    using ((select gatehouse.asker_sees_all()) or advisor = any ((select gatehouse.asker_books())::text[]));
create policy book on gatehouse.block_part for select to gh_intake, gh_approver
    using ((select gatehouse.asker_sees_all()) or advisor = any ((select gatehouse.asker_books())::text[]));
create policy book on gatehouse.block_execution for select to gh_intake, gh_approver
    using (exists (select from gatehouse.block b where b.order_id = block_order));
create policy book on gatehouse.block_allocation for select to gh_intake, gh_approver
    using (exists (select from gatehouse.block b where b.order_id = block_order));
create policy book on gatehouse.block_share for select to gh_intake, gh_approver
    using (exists (select from gatehouse.block b where b.order_id = block_order));

-- The firm's rule of sharing that is in force (`202611302302_allocation_changes.sql` has its versions).
create function gatehouse.allocation_method() returns text
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select 'pro_rata'
$$;

-- The block that an order goes with; null where it goes by itself.
create function gatehouse.block_of(asked text) returns text
    language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
    select b.block_order from gatehouse.block_part b where b.order_id = asked and b.parted_seq is null
$$;

-- Whether an order's quantity was fixed before its release, so that it may go with others.
create function gatehouse.may_go_in_block(l gatehouse.leg) returns boolean
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select cardinality(l.funded_by) = 0 and not l.may_release_less and l.quantity = trunc(l.quantity)
       and not exists (select from gatehouse.replacing r where r.proposal = l.proposal)
$$;

-- Whether an order that is out waits for those of its batch that may go with it. One that was left alone does not.
create function gatehouse.awaits_block(l gatehouse.leg) returns boolean
    language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
    select exists (
        select from gatehouse.batch_row mine
        join gatehouse.batch b on b.batch = mine.batch and b.status = 'APPROVED'
        join gatehouse.batch_row theirs on theirs.batch = mine.batch
        join gatehouse.leg o on o.proposal = theirs.proposal and o.order_id <> l.order_id
        join gatehouse.account a on a.account = l.account
        join gatehouse.account other on other.account = o.account and other.custodian = a.custodian
        where mine.proposal = l.proposal and gatehouse.may_go_in_block(l) and gatehouse.may_go_in_block(o)
          and (o.symbol, o.side, o.order_type, o.limit_price, o.time_in_force)
              is not distinct from (l.symbol, l.side, l.order_type, l.limit_price, l.time_in_force))
       and gatehouse.block_of(l.order_id) is null
       and not exists (select from gatehouse.goes_alone g where g.order_id = l.order_id)
$$;

-- Let a released order of a batch go by itself: whoever has the duties found nobody to go with. Whether it does now.
create function gatehouse.let_alone(asked text) returns boolean
    language plpgsql security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    l gatehouse.leg;
begin
    if (gatehouse.lease_of_asker()).lease is null then
        return false;
    end if;
    select * into l from gatehouse.leg where order_id = asked for no key update;
    if l.released_seq is null or gatehouse.block_of(asked) is not null then
        return false;
    end if;
    insert into gatehouse.goes_alone (order_id) values (asked) on conflict do nothing;
    return true;
end $$;

-- So many units by weight: each its part rounded down, then one each to the largest remainders; equal remainders in the
-- order of sha256 of the block and the order. In turn: whole parts, from the one that the block's digest names.
create function gatehouse.shared_out(block text, names text[], weights numeric[], units numeric, method text)
    returns table (name text, share numeric)
    language sql immutable set search_path = pg_catalog, pg_temp as $$
    with given as (
        select n.name, n.weight, sum(n.weight) over () as whole,
               row_number() over (order by n.name collate "C") - 1 as place, count(*) over () as number
        from unnest(names, weights) as n (name, weight)),
    parts as (
        select g.*, div(g.weight * units, nullif(g.whole, 0)) as down, mod(g.weight * units, nullif(g.whole, 0)) as rest
        from given g),
    ranked as (
        select p.*, units - sum(p.down) over () as left_over,
               row_number() over (order by p.rest desc, sha256(convert_to(block || '/' || p.name, 'UTF8'))) as rank
        from parts p),
    turned as (
        select r.*, coalesce(sum(r.weight) over (order by (r.place - f.first + r.number) % r.number
                                                 rows between unbounded preceding and 1 preceding), 0) as before
        from ranked r, lateral (
            select ('x' || left(encode(sha256(convert_to(block, 'UTF8')), 'hex'), 12))::bit(48)::bigint % r.number as first) f)
    select t.name, case when coalesce(t.whole, 0) = 0 then 0
                        when method = 'rotational' then least(t.weight, greatest(0, units - t.before))
                        else t.down + case when t.rest > 0 and t.rank <= t.left_over then 1 else 0 end end
    from turned t
$$;

-- What venues executed of a block by trade date, as it stands. A date of which nothing is left stays, with none.
create function gatehouse.block_totals(asked text)
    returns table (trade_date text, settles_on text, executed_at timestamptz, quantity numeric, paid numeric, dollars numeric,
                   fees numeric)
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select x.trade_date, min(x.settles_on), max(x.executed_at), sum(case when x.busted then 0 else x.quantity end),
           sum(case when x.busted then 0 else x.quantity * x.price end),
           sum(case when x.busted then 0 else gatehouse.to_cents(x.quantity * x.price) end),
           sum(case when x.busted then 0 else x.fee end)
    from gatehouse.block_execution x where x.block_order = asked group by x.trade_date
$$;

-- Trade dates of which what was executed is not what was shared. Due once the block is over, or the day is.
create function gatehouse.block_unshared(asked text)
    returns table (trade_date text, settles_on text, executed_at timestamptz, quantity numeric, paid numeric, dollars numeric,
                   fees numeric, revision int, due boolean)
    language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
    select t.*, coalesce(a.revision, 0) + 1,
           (select b.ended from gatehouse.block b where b.order_id = asked)
           or exists (select from gatehouse.market_day m
                      where m.session > t.trade_date::date or (m.session = t.trade_date::date and m.state = 'closed'))
    from gatehouse.block_totals(asked) t
    left join gatehouse.block_allocation a on a.block_order = asked and a.trade_date = t.trade_date
    where (a.quantity, a.paid, a.dollars, a.fees) is distinct from (t.quantity, t.paid, t.dollars, t.fees)
      and (t.quantity > 0 or a.block_order is not null)
$$;

-- Each part of which what is booked is not its own share, with both. Booked: its one execution of that date that stands.
create function gatehouse.block_unbooked(asked text)
    returns table (order_id text, account text, trade_date text, quantity numeric, price numeric, dollars numeric, fee numeric,
                   settles_on text, venue text, executed_at text, allocation int, execution text, revision int,
                   booked_quantity numeric, booked_price numeric, booked_dollars numeric, booked_fee numeric, earlier bigint)
    language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
    select s.order_id, p.account, s.trade_date, s.quantity, a.average_price, s.dollars, s.fee, a.settles_on, a.venue,
           a.executed_at, a.revision, x.execution, x.revision, x.quantity, x.price, x.dollars, x.fee,
           (select count(*) from gatehouse.execution e
            where e.order_id = s.order_id and e.block_order = asked and e.trade_date = s.trade_date)
    from gatehouse.block_share s
    join gatehouse.block_part p on p.block_order = s.block_order and p.order_id = s.order_id
    join gatehouse.block_allocation a on a.block_order = s.block_order and a.trade_date = s.trade_date
    left join gatehouse.execution x on x.order_id = s.order_id and x.block_order = asked and x.trade_date = s.trade_date
         and not x.busted
    where s.block_order = asked
      and case when s.quantity = 0 then x.order_id is not null
               else (x.quantity, x.price, x.dollars, x.fee) is distinct from (s.quantity, a.average_price, s.dollars, s.fee) end
$$;

-- Note whether anything is left to do for a block.
create function gatehouse.block_moved(asked text) returns void
    language sql set search_path = pg_catalog, gatehouse, pg_temp as $$
    update gatehouse.block b set done = b.ended
        and not exists (select from gatehouse.block_unshared(asked))
        and not exists (select from gatehouse.block_unbooked(asked))
        and not exists (select from gatehouse.block_part p join gatehouse.leg l using (order_id)
                        where p.block_order = asked and p.parted_seq is null and (p.joined_seq is null or not l.ended))
    where b.order_id = asked
$$;

-- A block is formed of orders that are out, as they were decided on: of one batch, on one custodian's books, on the same
-- terms, each with the quantity of its own digest; none is at work, asked to cancel, or in another block. Its name is
-- worked out here again, so that nobody chooses who gets an odd share.
create function gatehouse.law_block_formed(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    b gatehouse.batch;
    parts jsonb := e.payload->'parts';
    named text[] := array(select r.part->>'order' from jsonb_array_elements(e.payload->'parts') with ordinality as r (part, n)
                          order by r.n);
    terms jsonb := jsonb_build_object(
        'custodian', e.payload->'custodian', 'symbol', e.payload->'symbol', 'side', e.payload->'side',
        'order_type', e.payload->'order_type', 'time_in_force', e.payload->'time_in_force',
        'limit_price', coalesce(trim_scale((e.payload->>'limit_price')::numeric)::text, ''));
    fits bigint;
begin
    if (gatehouse.lease_of_asker()).lease is null then
        return 'lease_missing';
    end if;
    select * into b from gatehouse.batch where batch = e.payload->>'batch';
    if b.batch is null or b.status <> 'APPROVED' or e.payload->>'digest' is distinct from b.digest then
        return 'block_mismatch';
    end if;
    if cardinality(named) < 2 or named is distinct from array(select distinct n collate "C" from unnest(named) as n order by 1) then
        return 'block_mismatch';
    end if;
    if e.payload->>'method' is distinct from gatehouse.allocation_method() then
        return 'allocation_not_in_force';
    end if;
    if e.payload->>'block' is distinct from 'blk-' || left(encode(sha256(convert_to(gatehouse.canonical(jsonb_build_object(
           'batch', b.digest, 'formation', (e.payload->>'formation'), 'parts', parts, 'terms', terms)), 'UTF8')), 'hex'), 32)
       or e.payload->>'order' is distinct from
          'gh-' || left(encode(sha256(convert_to(e.payload->>'block', 'UTF8')), 'hex'), 24)
       or e.stream <> 'order/' || (e.payload->>'order') or e.stream_version <> 1
       or (e.payload->>'formation')::int is distinct from 1 + coalesce(
            (select max(c.formed) from (select count(*)::int as formed from gatehouse.block_part k
                                        where k.order_id = any (named) group by k.order_id) c), 0) then
        return 'block_mismatch';
    end if;
    perform from gatehouse.leg l where l.order_id = any (named) for no key update;
    select count(*) into fits
        from jsonb_array_elements(parts) as r (part)
        join gatehouse.leg l on l.order_id = r.part->>'order'
        join gatehouse.account a on a.account = l.account
        join gatehouse.batch_row w on w.proposal = l.proposal and w.batch = b.batch
        join gatehouse.proposal p on p.proposal = l.proposal and p.digest = w.digest
        where l.released_seq is not null and not l.ended and l.cancel_seq is null
          and gatehouse.may_go_in_block(l) and gatehouse.block_of(l.order_id) is null
          and not exists (select from gatehouse.goes_alone g where g.order_id = l.order_id)
          and not exists (select from gatehouse.claim c where c.order_id = l.order_id)
          and (a.custodian, l.symbol, l.side, l.order_type, l.limit_price, l.time_in_force, l.account,
               trim_scale(l.quantity)::text, l.released_quantity)
              is not distinct from (e.payload->>'custodian', e.payload->>'symbol', e.payload->>'side', e.payload->>'order_type',
               (e.payload->>'limit_price')::numeric, e.payload->>'time_in_force', r.part->>'account',
               r.part->>'quantity', l.quantity);
    if fits <> cardinality(named) then
        return 'block_mismatch';
    end if;
    insert into gatehouse.block (order_id, block, batch, advisor, method, custodian, symbol, side, limit_price, quantity, formed_seq)
        select e.payload->>'order', e.payload->>'block', b.batch, b.advisor, e.payload->>'method', e.payload->>'custodian',
               e.payload->>'symbol', e.payload->>'side', (e.payload->>'limit_price')::numeric, sum(l.quantity), e.seq
        from gatehouse.leg l where l.order_id = any (named);
    insert into gatehouse.block_part (block_order, order_id, account, advisor, quantity)
        select e.payload->>'order', l.order_id, l.account, l.advisor, l.quantity
        from gatehouse.leg l where l.order_id = any (named);
    return null;
end $$;

-- A part says so in its own stream; it leaves it again only where the block ended before any venue could know of it.
create function gatehouse.law_block_part(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    p gatehouse.block_part;
    b gatehouse.block;
    l gatehouse.leg;
begin
    select * into p from gatehouse.block_part k
        where k.order_id = e.payload->>'order' and k.block_order = e.payload->>'block' and k.parted_seq is null;
    select * into b from gatehouse.block k where k.order_id = p.block_order;
    select * into l from gatehouse.leg k where k.order_id = p.order_id;
    if p.order_id is null or e.stream <> 'order/' || p.order_id then
        return 'wrong_stream';
    end if;
    if e.event_type = 'OrderJoined' then
        if p.joined_seq is not null then
            return 'no_such_step';
        end if;
        update gatehouse.block_part k set joined_seq = e.seq where k.block_order = p.block_order and k.order_id = p.order_id;
    else
        if p.joined_seq is null or not b.ended or b.sent or l.ended or l.cancel_seq is not null
           or b.ended_by <> 'OrderCancelled' then
            return 'no_such_step';
        end if;
        update gatehouse.block_part k set parted_seq = e.seq where k.block_order = p.block_order and k.order_id = p.order_id;
    end if;
    update gatehouse.proposal set last_seq = e.seq where proposal = l.proposal;
    perform gatehouse.block_moved(b.order_id);
    return null;
end $$;

-- The end of a part: as the block ended, once everything that was executed of it is booked. Of a block that no venue
-- could know of, a part ends that somebody asked to cancel, or with the day.
create function gatehouse.block_part_end_fault(e gatehouse.incoming, l gatehouse.leg, b gatehouse.block) returns text
    language plpgsql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
    if e.event_type not in ('OrderRejected', 'OrderCancelled', 'OrderExpired') or not b.ended or l.ended
       or exists (select from gatehouse.block_unshared(b.order_id)) or exists (select from gatehouse.block_unbooked(b.order_id)) then
        return 'in_block';
    end if;
    if not b.sent and e.event_type = 'OrderCancelled' and l.cancel_seq is null
       or e.event_type is distinct from b.ended_by then
        return 'in_block';
    end if;
    return null;
end $$;

-- What a venue executes of a block is booked once, for the block; the shares of it follow.
create function gatehouse.law_block_filled(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    b gatehouse.block;
    shares numeric := (e.payload->>'quantity')::numeric;
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
    if not b.sent or not exists (select from gatehouse.route r where r.order_id = b.order_id and r.venue = e.payload->>'venue') then
        return 'not_routed';
    end if;
    if (e.payload->>'symbol', e.payload->>'side') is distinct from (b.symbol, b.side) then
        return 'leg_mismatch';
    end if;
    if exists (select from gatehouse.block_execution x
               where x.block_order = b.order_id and x.execution = e.payload->>'execution') then
        return 'execution_known';
    end if;
    if b.filled + shares > b.quantity then
        return 'overfilled';
    end if;
    if not gatehouse.settles_after(e.payload->>'trade_date', e.payload->>'settles_on') or shares <> trunc(shares)
       or (e.payload->>'fee')::numeric <> round((e.payload->>'fee')::numeric, 2) then
        return 'execution_malformed';
    end if;
    insert into gatehouse.block_execution
        (block_order, execution, trade_date, settles_on, quantity, price, fee, reported, executed_at) values (
        b.order_id, e.payload->>'execution', e.payload->>'trade_date', e.payload->>'settles_on', shares,
        (e.payload->>'price')::numeric, (e.payload->>'fee')::numeric, shares, (e.payload->>'executed_at')::timestamptz);
    update gatehouse.block k set filled = b.filled + shares, done = false,
        ended = b.ended or b.filled + shares + b.taken_back >= b.quantity
        where k.order_id = b.order_id;
    return null;
end $$;

-- A venue takes an execution of a block back (`now` is missing) or corrects it: the shares of it are worked out anew.
create function gatehouse.law_block_corrected(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    b gatehouse.block;
    x gatehouse.block_execution;
    now jsonb := e.payload->'now';
    more numeric;
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
    select * into x from gatehouse.block_execution k
        where k.block_order = b.order_id and k.execution = e.payload->>'execution';
    if x.block_order is null then
        return 'execution_unknown';
    end if;
    if x.busted then
        return 'execution_busted';
    end if;
    if ((e.payload->>'revision')::int, e.payload->>'trade_date') is distinct from (x.revision + 1, x.trade_date)
       or ((e.payload->'was'->>'quantity')::numeric, (e.payload->'was'->>'price')::numeric, (e.payload->'was'->>'fee')::numeric)
          is distinct from (x.quantity, x.price, x.fee)
       or (e.event_type = 'BlockBusted') <> (now is null)
       or e.payload->'was'->>'dollars' is not null or now->>'dollars' is not null
       or (now->>'quantity')::numeric > x.reported or (now->>'quantity')::numeric <> trunc((now->>'quantity')::numeric)
       or (now->>'fee')::numeric <> round((now->>'fee')::numeric, 2) then
        return 'correction_misstated';
    end if;
    more := coalesce((now->>'quantity')::numeric, 0) - x.quantity;
    if b.filled + more > b.quantity then
        return 'overfilled';
    end if;
    update gatehouse.block_execution k set revision = x.revision + 1, busted = now is null,
            quantity = coalesce((now->>'quantity')::numeric, 0), price = coalesce((now->>'price')::numeric, x.price),
            fee = coalesce((now->>'fee')::numeric, 0)
        where k.block_order = x.block_order and k.execution = x.execution;
    update gatehouse.block k set filled = b.filled + more, taken_back = b.taken_back - more, done = false
        where k.order_id = b.order_id;
    return null;
end $$;

-- What was executed on one trade date is shared: exactly that, at its average price. The shares are worked out here, by
-- the rule that the block was formed under; what each part books is compared with them.
create function gatehouse.law_block_allocated(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    b gatehouse.block;
    t record;
    average numeric := (e.payload->>'average_price')::numeric;
begin
    select * into b from gatehouse.block where order_id = e.payload->>'order';
    if b.order_id is null or e.stream <> 'order/' || b.order_id then
        return 'wrong_stream';
    end if;
    select * into t from gatehouse.block_unshared(b.order_id) u where u.trade_date = e.payload->>'trade_date';
    if t.trade_date is null or not t.due then
        return 'not_due';
    end if;
    if ((e.payload->>'revision')::int, e.payload->>'settles_on', (e.payload->>'quantity')::numeric,
        (e.payload->>'dollars')::numeric, (e.payload->>'fees')::numeric, (e.payload->>'executed_at')::timestamptz)
       is distinct from (t.revision, t.settles_on, t.quantity, t.dollars, t.fees, t.executed_at)
       or abs(average * t.quantity - t.paid) > t.quantity * 0.0000005 or average <> round(average, 6)
       or (t.quantity = 0) <> (average = 0)
       or not exists (select from gatehouse.route r where r.order_id = b.order_id and r.venue = e.payload->>'venue') then
        return 'allocation_misstated';
    end if;
    perform gatehouse.share_block(b, t.trade_date, t.quantity, t.dollars, t.fees);
    insert into gatehouse.block_allocation as a
        (block_order, trade_date, revision, quantity, paid, average_price, dollars, fees, settles_on, venue, executed_at, seq)
        values (b.order_id, t.trade_date, t.revision, t.quantity, t.paid, average, t.dollars, t.fees, t.settles_on,
                e.payload->>'venue', e.payload->>'executed_at', e.seq)
        on conflict (block_order, trade_date) do update set revision = excluded.revision, quantity = excluded.quantity,
            paid = excluded.paid, average_price = excluded.average_price, dollars = excluded.dollars, fees = excluded.fees,
            settles_on = excluded.settles_on, venue = excluded.venue, executed_at = excluded.executed_at, seq = excluded.seq;
    perform gatehouse.block_moved(b.order_id);
    return null;
end $$;

-- Each part's shares by what it asked for and has not got on other days; dollars and fees by those shares.
create function gatehouse.share_block(b gatehouse.block, date text, units numeric, worth numeric, cost numeric) returns void
    language sql set search_path = pg_catalog, gatehouse, pg_temp as $$
    with asked as (
        select array_agg(p.order_id order by p.order_id collate "C") as names,
               array_agg(p.quantity - coalesce((select sum(s.quantity) from gatehouse.block_share s
                            where s.block_order = b.order_id and s.order_id = p.order_id and s.trade_date <> date), 0)
                         order by p.order_id collate "C") as weights
        from gatehouse.block_part p where p.block_order = b.order_id),
    shares as (
        select array_agg(s.name order by s.name collate "C") as names, array_agg(s.share order by s.name collate "C") as weights
        from asked a, gatehouse.shared_out(b.block, a.names, a.weights, units, b.method) s)
    insert into gatehouse.block_share as k (block_order, trade_date, order_id, quantity, dollars, fee)
        select b.order_id, date, w.name, w.weight, round(d.share / 100, 2), round(f.share / 100, 2)
        from shares s, unnest(s.names, s.weights) as w (name, weight)
        join gatehouse.shared_out(b.block, s.names, s.weights, worth * 100, 'pro_rata') d on d.name = w.name
        join gatehouse.shared_out(b.block, s.names, s.weights, cost * 100, 'pro_rata') f on f.name = w.name
    on conflict (block_order, trade_date, order_id) do update set quantity = excluded.quantity, dollars = excluded.dollars,
        fee = excluded.fee
$$;

insert into gatehouse.event_kind (event_type, stream_prefix, law) values
    ('BlockFormed', 'order/', 'law_block_formed'),
    ('OrderJoined', 'order/', 'law_block_part'),
    ('OrderParted', 'order/', 'law_block_part'),
    ('BlockFilled', 'order/', 'law_block_filled'),
    ('BlockCorrected', 'order/', 'law_block_corrected'),
    ('BlockBusted', 'order/', 'law_block_corrected'),
    ('BlockAllocated', 'order/', 'law_block_allocated');

insert into gatehouse.event_right (event_type, role)
    select event_type, 'gh_gate' from unnest(array[
        'BlockFormed', 'OrderJoined', 'OrderParted', 'BlockFilled', 'BlockCorrected', 'BlockBusted', 'BlockAllocated']) as gate (event_type);

update gatehouse.event_kind set version = 2 where event_type in ('OrderFilled', 'TradeCorrected', 'TradeBusted');

-- The entries of blocks, for whose batch they are: beside `journal_line`, whose orders are of accounts.
create view gatehouse.block_line with (security_barrier) as
    select j.seq, j.recorded_at, j.role, j.actor, j.event_type, j.stream, j.trace_id, j.text
    from gatehouse.journal j
    where j.stream in (select 'order/' || b.order_id from gatehouse.block b
                       where (select gatehouse.asker_sees_all()) or b.advisor = any ((select gatehouse.asker_books())::text[]));

revoke all on gatehouse.block_line from public;
grant select on gatehouse.block_line to gh_intake;
revoke all on gatehouse.block, gatehouse.block_part, gatehouse.goes_alone, gatehouse.block_execution, gatehouse.block_allocation,
    gatehouse.block_share from public;
revoke all on all functions in schema gatehouse from public;
grant select on gatehouse.block, gatehouse.block_part, gatehouse.block_execution, gatehouse.block_allocation, gatehouse.block_share
    to gh_gate, gh_intake, gh_approver;
grant select on gatehouse.goes_alone to gh_gate;
grant execute on function gatehouse.let_alone(text), gatehouse.block_unshared(text), gatehouse.block_unbooked(text),
    gatehouse.awaits_block(gatehouse.leg), gatehouse.block_of(text), gatehouse.allocation_method() to gh_gate;
grant execute on function gatehouse.awaits_block(gatehouse.leg), gatehouse.block_of(text) to gh_intake;
