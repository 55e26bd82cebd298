-- The law of cancels: asked for by a person, with nobody's approval, of an order that may still be executed.

alter table gatehouse.leg add column cancel_seq bigint;

-- Who may submit what concerns the account, a principal, or operations. What was never let out ends with the request;
-- what is out is asked for at its venue, and the venue's word ends it.
create function gatehouse.law_cancel_requested(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    l gatehouse.leg;
    p gatehouse.proposal;
begin
    select * into l from gatehouse.leg where order_id = e.payload->>'order';
    if l.order_id is null or e.stream <> 'order/' || l.order_id then
        return 'wrong_stream';
    end if;
    select * into p from gatehouse.proposal where proposal = l.proposal;
    if gatehouse.may_submit(e.person, p) is not true and not exists (
        select from gatehouse.person w where w.person = e.person and w.role in ('principal', 'operations')) then
        return 'not_yours_to_cancel';
    end if;
    if l.ended then
        return 'order_ended';
    end if;
    if l.cancel_seq is not null then
        return 'cancel_asked';
    end if;
    if l.released_seq is null and p.status <> 'RELEASED' then
        return 'not_released';
    end if;
    if l.released_seq is null then
        perform gatehouse.give_back(l.proposal, l.leg);
    end if;
    update gatehouse.leg set cancel_seq = e.seq, ended = l.released_seq is null where order_id = l.order_id;
    update gatehouse.proposal set last_seq = e.seq where proposal = l.proposal;
    return null;
end $$;

insert into gatehouse.event_kind (event_type, stream_prefix, law) values
    ('CancelRequested', 'order/', 'law_cancel_requested');

insert into gatehouse.event_right (event_type, role)
    select event_type, 'gh_approver' from unnest(array[
        'CancelRequested']) as people (event_type);

revoke all on all functions in schema gatehouse from public;
