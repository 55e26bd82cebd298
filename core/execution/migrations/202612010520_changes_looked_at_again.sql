-- A confirmed change of a day's shares, and what a venue takes back, corrects or reports after it. What was executed is
-- shared anew then, and the change either still adds up, and holds, or it does not, and the day goes by the rule until
-- compliance has looked at it. Which of both stands in the record before anything is shared: never silently.

alter table gatehouse.allocation_change
    add column examined_revision int,              -- the allocation that it was last looked at for
    add column upheld            boolean,          -- whether it still added up then
    add column reviewed_by       text references gatehouse.person,
    add column reviewed_seq      bigint,
    add column review            jsonb;

-- Whether these shares are of all parts, whole ones that add up to what was executed, none more than was asked for.
create function gatehouse.change_fits(b gatehouse.block, date text, parts jsonb, units numeric) returns boolean
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    with said as (select r.part->>'order' as order_id, (r.part->>'quantity')::numeric as quantity
                  from jsonb_array_elements(parts) as r (part)),
    known as (
        select p.order_id,
               p.quantity - coalesce((select sum(o.quantity) from gatehouse.block_share o where o.block_order = b.order_id
                                      and o.order_id = p.order_id and o.trade_date <> date), 0) as most
        from gatehouse.block_part p where p.block_order = b.order_id)
    select (select count(*) from said) = (select count(*) from known)
       and (select count(*) from said join known using (order_id) where said.quantity between 0 and known.most)
           = (select count(*) from known)
       and (select sum(quantity) from said) = units
$$;

-- The change that the day's shares stand by: the newest that compliance confirmed, unless it was overtaken.
create function gatehouse.change_in_force(asked text, date text) returns gatehouse.allocation_change
    language plpgsql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    newest gatehouse.allocation_change;
begin
    select * into newest from gatehouse.allocation_change k
        where k.block_order = asked and k.trade_date = date and k.confirmed_seq is not null
        order by k.confirmed_seq desc limit 1;
    if newest.upheld = false then
        newest := null;
    end if;
    return newest;
end $$;

-- For who shares a block: the change in force of a day that is to be shared anew, whether it adds up, and whether the
-- record says so already.
create function gatehouse.change_due(asked text, date text, units numeric, sharing int)
    returns table (change text, upheld boolean, examined boolean)
    language plpgsql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    b gatehouse.block;
    c gatehouse.allocation_change := gatehouse.change_in_force(asked, date);
begin
    if c.change is null then
        return;
    end if;
    select * into b from gatehouse.block k where k.order_id = asked;
    change := c.change;
    upheld := gatehouse.change_fits(b, date, c.parts, units);
    examined := (c.examined_revision, c.upheld) is not distinct from (sharing, upheld);
    return next;
end $$;

create function gatehouse.law_change_reexamined(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    b gatehouse.block;
    t record;
    c gatehouse.allocation_change;
    fits boolean;
begin
    select * into b from gatehouse.block where order_id = e.payload->>'order';
    if b.order_id is null or e.stream <> 'order/' || b.order_id then
        return 'wrong_stream';
    end if;
    select * into t from gatehouse.block_unshared(b.order_id) u where u.trade_date = e.payload->>'trade_date';
    if t.trade_date is null or not t.due then
        return 'not_due';
    end if;
    c := gatehouse.change_in_force(b.order_id, t.trade_date);
    if c.change is null or c.change <> e.payload->>'change' then
        return 'allocation_changed';
    end if;
    fits := gatehouse.change_fits(b, t.trade_date, c.parts, t.quantity);
    if (e.payload->>'revision')::int <> t.revision or (e.payload->>'upheld')::boolean <> fits
       or (c.examined_revision, c.upheld) is not distinct from (t.revision, fits) then
        return 'allocation_misstated';
    end if;
    update gatehouse.allocation_change k set examined_revision = t.revision, upheld = fits where k.change = c.change;
    return null;
end $$;

-- Compliance has looked at a day whose confirmed shares no longer added up, and says in writing what it makes of it.
create function gatehouse.law_change_reviewed(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    c gatehouse.allocation_change;
begin
    if e.stream <> 'order/' || (e.payload->>'order') then
        return 'wrong_stream';
    end if;
    if not exists (select from gatehouse.person w where w.person = e.person and w.role = 'compliance') then
        return 'not_compliance';
    end if;
    select * into c from gatehouse.allocation_change k
        where k.change = e.payload->>'change' and k.block_order = e.payload->>'order'
          and k.trade_date = e.payload->>'trade_date';
    if c.change is null or c.upheld is distinct from false or c.reviewed_seq is not null then
        return 'change_not_overtaken';
    end if;
    if not gatehouse.sealed_well_formed(e.payload->'reason', e.person) then
        return 'malformed_payload';
    end if;
    update gatehouse.allocation_change k set reviewed_by = e.person, reviewed_seq = e.seq, review = e.payload->'reason'
        where k.change = c.change;
    return null;
end $$;

-- What was executed on one trade date is shared: exactly that, at its average price. The shares are worked out here: as a
-- confirmed change says, where it was looked at again and still adds up, else by the rule that the block was formed under;
-- what each part books is compared with them.
create or replace function gatehouse.law_block_allocated(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    b gatehouse.block;
    t record;
    c gatehouse.allocation_change;
    now gatehouse.block_allocation;
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
    c := gatehouse.change_in_force(b.order_id, t.trade_date);
    if c.change is not null and (c.examined_revision is distinct from t.revision
                                 or not gatehouse.change_fits(b, t.trade_date, c.parts, t.quantity)) then
        return 'change_unexamined';
    end if;
    if c.change is null then
        perform gatehouse.share_block(b, t.trade_date, t.quantity, t.dollars, t.fees);
    end if;
    insert into gatehouse.block_allocation as a
        (block_order, trade_date, revision, quantity, paid, average_price, dollars, fees, settles_on, venue, executed_at, seq)
        values (b.order_id, t.trade_date, t.revision, t.quantity, t.paid, average, t.dollars, t.fees, t.settles_on,
                e.payload->>'venue', e.payload->>'executed_at', e.seq)
        on conflict (block_order, trade_date) do update set revision = excluded.revision, quantity = excluded.quantity,
            paid = excluded.paid, average_price = excluded.average_price, dollars = excluded.dollars, fees = excluded.fees,
            settles_on = excluded.settles_on, venue = excluded.venue, executed_at = excluded.executed_at, seq = excluded.seq
        returning * into now;
    if c.change is not null then
        perform gatehouse.share_as_said(b, now, c.parts);
    end if;
    perform gatehouse.block_moved(b.order_id);
    return null;
end $$;

insert into gatehouse.event_kind (event_type, stream_prefix, law) values
    ('AllocationChangeReexamined', 'order/', 'law_change_reexamined'),
    ('OvertakenChangeReviewed', 'order/', 'law_change_reviewed');

insert into gatehouse.event_right (event_type, role)
    select event_type, 'gh_gate' from unnest(array[
        'AllocationChangeReexamined']) as gate (event_type)
    union all select event_type, 'gh_approver' from unnest(array[
        'OvertakenChangeReviewed']) as approver (event_type);

revoke all on function gatehouse.change_fits(gatehouse.block, text, jsonb, numeric), gatehouse.change_in_force(text, text),
    gatehouse.change_due(text, text, numeric, int), gatehouse.law_change_reexamined(gatehouse.incoming),
    gatehouse.law_change_reviewed(gatehouse.incoming), gatehouse.law_block_allocated(gatehouse.incoming) from public;
grant execute on function gatehouse.change_due(text, text, numeric, int) to gh_gate;
