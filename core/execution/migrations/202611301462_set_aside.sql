-- Orders that are set aside, with the reason, and re-driven: by operations alone, once for each time.

create table gatehouse.set_aside (
    order_id     text primary key,
    aside_seq    bigint not null,
    redriven_seq bigint
);
alter table gatehouse.set_aside enable row level security;
create policy worker on gatehouse.set_aside for select to gh_gate using (true);
revoke all on gatehouse.set_aside from public;
grant select on gatehouse.set_aside to gh_gate;

-- The worker that has it says so.
create function gatehouse.law_order_set_aside(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    l gatehouse.leg;
    fault text;
begin
    select * into l from gatehouse.leg where order_id = e.payload->>'order';
    if l.order_id is null or e.stream <> 'aside/' || l.order_id then
        return 'wrong_stream';
    end if;
    if l.released_seq is null then
        return 'not_released';
    end if;
    fault := gatehouse.lease_fault(l.order_id);
    if fault is not null then
        return fault;
    end if;
    if exists (select from gatehouse.set_aside s where s.order_id = l.order_id and s.redriven_seq is null) then
        return 'set_aside_before';
    end if;
    insert into gatehouse.set_aside as s (order_id, aside_seq) values (l.order_id, e.seq)
        on conflict (order_id) do update set aside_seq = excluded.aside_seq, redriven_seq = null;
    return null;
end $$;

create function gatehouse.law_order_redriven(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    l gatehouse.leg;
begin
    select * into l from gatehouse.leg where order_id = e.payload->>'order';
    if l.order_id is null or e.stream <> 'aside/' || l.order_id then
        return 'wrong_stream';
    end if;
    if not exists (select from gatehouse.person w where w.person = e.person and w.role = 'operations') then
        return 'not_operations';
    end if;
    if l.ended then
        return 'order_ended';
    end if;
    if not exists (select from gatehouse.set_aside s where s.order_id = l.order_id and s.redriven_seq is null) then
        return 'not_set_aside';
    end if;
    update gatehouse.set_aside set redriven_seq = e.seq where order_id = l.order_id;
    return null;
end $$;

insert into gatehouse.event_kind (event_type, stream_prefix, law) values
    ('OrderSetAside', 'aside/', 'law_order_set_aside'),
    ('OrderRedriven', 'aside/', 'law_order_redriven');

insert into gatehouse.event_right (event_type, role)
    select event_type, 'gh_gate' from unnest(array['OrderSetAside']) as gate (event_type)
    union all select event_type, 'gh_approver' from unnest(array['OrderRedriven']) as people (event_type);

revoke all on all functions in schema gatehouse from public;
