-- A tool drafts the request for a cancel; a person asks. The draft stops nothing and changes no order.

create table gatehouse.cancel_draft (
    draft      text primary key,
    order_id   text not null unique references gatehouse.leg (order_id),
    advisor    text not null references gatehouse.person,
    thread     text not null,
    agent      text not null,
    drafted_at timestamptz not null,
    drafted_seq bigint not null
);
alter table gatehouse.cancel_draft enable row level security;
create policy book on gatehouse.cancel_draft for select to gh_agent, gh_approver
    using ((select gatehouse.asker_sees_all()) or advisor = (select gatehouse.asker_person()));
revoke all on gatehouse.cancel_draft from public;
grant select on gatehouse.cancel_draft to gh_agent, gh_approver;

-- In the thread of its ticket, of a live order of that advisor's book, one draft an order.
create function gatehouse.law_cancel_drafted(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    l gatehouse.leg;
    pinned text;
begin
    if e.stream <> 'cancel/' || (e.payload->>'draft') or e.stream_version <> 1
       or e.payload->>'draft' !~ '^cnd-[0-9a-f]{32}$' or e.payload->>'agent' !~ '^[a-z-]{1,40}$' then
        return 'wrong_stream';
    end if;
    if gatehouse.span_well_formed(e.payload->'asked') is not true then
        return 'malformed_payload';
    end if;
    if e.payload->>'thread' is distinct from e.thread then
        return 'wrong_author';
    end if;
    select * into l from gatehouse.leg where order_id = e.payload->>'order' and advisor = e.person;
    select t.household into pinned from gatehouse.thread t where t.thread = e.thread;
    if l.order_id is null or pinned <> (select p.household from gatehouse.proposal p where p.proposal = l.proposal) then
        return 'outside_book';
    end if;
    if l.released_seq is null then
        return 'not_released';
    end if;
    if l.ended then
        return 'order_ended';
    end if;
    if l.cancel_seq is not null or exists (select from gatehouse.cancel_draft d where d.order_id = l.order_id) then
        return 'cancel_asked';
    end if;
    if gatehouse.halted('agent:' || (e.payload->>'agent')) then
        return 'halted';
    end if;
    insert into gatehouse.cancel_draft values (
        e.payload->>'draft', l.order_id, l.advisor, e.thread, e.payload->>'agent', e.recorded_at, e.seq);
    return null;
end $$;

insert into gatehouse.event_kind (event_type, stream_prefix, law) values
    ('CancelDrafted', 'cancel/', 'law_cancel_drafted');

insert into gatehouse.event_right (event_type, role)
    select event_type, 'gh_agent' from unnest(array[
        'CancelDrafted']) as agents (event_type);

revoke all on all functions in schema gatehouse from public;
