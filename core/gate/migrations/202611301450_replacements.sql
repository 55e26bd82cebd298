-- The law of replacing at a venue: which order takes which one's place, and how much is left for it. The release of
-- the new one names the old one and what that had executed; nothing else can say so.

-- By which order its venue was asked to replace it, while it is open; and by which it was, when it has ended so.
alter table gatehouse.leg add column replaced_by text;

-- Of an order that is out: the order that its own release names, and what that one had executed then.
create function gatehouse.released_in_place_of(l gatehouse.leg, out replaces text, out executed_before numeric)
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select j.text::jsonb->'payload'->>'replaces', (j.text::jsonb->'payload'->>'executed_before')::numeric
    from gatehouse.journal j where j.seq = l.released_seq
$$;

-- Why an order that takes another's place may not be sent now: null, or the code. Either that one has ended and what is
-- left is written, or its venue is being asked to put this one in its place.
create function gatehouse.replacement_fault(l gatehouse.leg) returns text language plpgsql
    stable set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    old gatehouse.leg;
begin
    select o.* into old from gatehouse.released_in_place_of(l) n join gatehouse.leg o on o.order_id = n.replaces;
    if old.order_id is null or (old.replaced_by = l.order_id and not old.ended) or (old.ended and exists (
            select from gatehouse.journal j
            where j.stream = 'order/' || l.order_id and j.event_type = 'ReplacementSized')) then
        return null;
    end if;
    return 'replaced_order_open';
end $$;

create function gatehouse.law_replace_requested(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    old gatehouse.leg;
    new gatehouse.leg;
    fault text;
begin
    select * into old from gatehouse.leg where order_id = e.payload->>'order';
    select * into new from gatehouse.leg where order_id = e.payload->>'by';
    if old.order_id is null or new.order_id is null or e.stream <> 'order/' || old.order_id then
        return 'wrong_stream';
    end if;
    if old.released_seq is null or new.released_seq is null then
        return 'not_released';
    end if;
    if (gatehouse.released_in_place_of(new)).replaces is distinct from old.order_id then
        return 'replaces_another';
    end if;
    if (old.account, old.symbol, old.side) is distinct from (new.account, new.symbol, new.side) then
        return 'leg_mismatch';
    end if;
    if old.ended or new.ended then
        return 'order_ended';
    end if;
    if old.cancel_seq is not null then
        return 'cancel_asked';
    end if;
    if old.replaced_by is not null then
        return 'replace_asked';
    end if;
    fault := coalesce(gatehouse.lease_fault(old.order_id), gatehouse.lease_fault(new.order_id));
    if fault is not null then
        return fault;
    end if;
    update gatehouse.leg set replaced_by = new.order_id where order_id = old.order_id;
    update gatehouse.proposal set last_seq = e.seq where proposal = old.proposal;
    return null;
end $$;

-- Both ends of a request: it was replaced, with every execution recorded, or it stays as it was.
create function gatehouse.law_replace_ended(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    old gatehouse.leg;
    fault text;
begin
    select * into old from gatehouse.leg where order_id = e.payload->>'order';
    if old.order_id is null or e.stream <> 'order/' || old.order_id then
        return 'wrong_stream';
    end if;
    if old.replaced_by is distinct from e.payload->>'by' or old.replaced_by is null then
        return 'replaces_another';
    end if;
    fault := gatehouse.lease_fault(old.order_id);
    if fault is not null then
        return fault;
    end if;
    if e.event_type = 'ReplaceRefused' then
        update gatehouse.leg set replaced_by = null where order_id = old.order_id;
    else
        if old.ended then
            return 'order_ended';
        end if;
        if (e.payload->>'executed')::numeric is distinct from old.filled then
            return 'quantity_mismatch';
        end if;
        perform gatehouse.give_back(old.proposal, old.leg);
        update gatehouse.leg set ended = true where order_id = old.order_id;
    end if;
    update gatehouse.proposal set last_seq = e.seq where proposal = old.proposal;
    return null;
end $$;

-- What is left is what was released less what the old order executed since: to the share, and never more than before.
create function gatehouse.law_replacement_sized(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    new gatehouse.leg;
    old gatehouse.leg;
    named record;
    fault text;
    released numeric;
    shares numeric := (e.payload->>'quantity')::numeric;
begin
    select * into new from gatehouse.leg where order_id = e.payload->>'order';
    if new.order_id is null or e.stream <> 'order/' || new.order_id then
        return 'wrong_stream';
    end if;
    if new.released_seq is null then
        return 'not_released';
    end if;
    named := gatehouse.released_in_place_of(new);
    select * into old from gatehouse.leg where order_id = named.replaces;
    if old.order_id is null or e.payload->>'replaces' is distinct from old.order_id then
        return 'replaces_another';
    end if;
    if new.ended then
        return 'order_ended';
    end if;
    if not old.ended then
        return 'replaced_order_open';
    end if;
    select (j.text::jsonb->'payload'->>'quantity')::numeric into released
        from gatehouse.journal j where j.seq = new.released_seq;
    if (e.payload->>'executed')::numeric is distinct from old.filled
       or shares is distinct from released - (old.filled - named.executed_before)
       or shares <= 0 or shares > new.released_quantity or shares < new.filled then
        return 'quantity_mismatch';
    end if;
    fault := gatehouse.lease_fault(new.order_id);
    if fault is not null then
        return fault;
    end if;
    update gatehouse.leg set released_quantity = shares where order_id = new.order_id;
    if new.filled = shares then
        perform gatehouse.give_back(new.proposal, new.leg);
        update gatehouse.leg set ended = true where order_id = new.order_id;
    end if;
    update gatehouse.proposal set last_seq = e.seq where proposal = new.proposal;
    return null;
end $$;

update gatehouse.event_kind set version = 2 where event_type = 'OrderReleased';

insert into gatehouse.event_kind (event_type, stream_prefix, law) values
    ('ReplaceRequested', 'order/', 'law_replace_requested'),
    ('OrderReplaced', 'order/', 'law_replace_ended'),
    ('ReplaceRefused', 'order/', 'law_replace_ended'),
    ('ReplacementSized', 'order/', 'law_replacement_sized');

insert into gatehouse.event_right (event_type, role)
    select event_type, 'gh_gate' from unnest(array[
        'ReplaceRequested', 'OrderReplaced', 'ReplaceRefused', 'ReplacementSized']) as gate (event_type);

revoke all on all functions in schema gatehouse from public;
