-- The append, for many callers at once: what can be asked of all entries together is asked once; what depends on
-- the entry before is asked in turn. Same contract, same answers as before.

drop function gatehouse.append(jsonb);
drop function gatehouse.admit(jsonb);
drop function gatehouse.chain_entry(gatehouse.incoming, text, uuid, int);
drop function gatehouse.record_refusal(text, text, text, text, text);
drop function gatehouse.leaf(bigint, timestamptz, text, text, text);

-- Sessions that are good now. `live_session` and the append ask here.
create view gatehouse.live as
    select s.session, s.ticket_hash, s.person, s.thread from gatehouse.session s
    where s.closed_at is null and s.expires_at > clock_timestamp()
      and not exists (select from gatehouse.session p
                      where p.session = s.parent and (p.closed_at is not null or p.expires_at <= clock_timestamp()));
revoke all on gatehouse.live from public;

create or replace function gatehouse.live_session(ticket text) returns gatehouse.session
    language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
    select s.* from gatehouse.session s join gatehouse.live l using (session)
    where s.ticket_hash = sha256(convert_to(ticket, 'UTF8'))
$$;

-- leaf = sha256(0x00, u64 seq, u64 recorded_us, len role, len actor, len text, each followed by its bytes);
-- lengths are u32, all numbers big-endian. `core.ledger.chain.leaf` is its twin. No search path of its own, so
-- that it can be put in line.
create function gatehouse.leaf(seq bigint, recorded_at timestamptz, role text, actor text, text text) returns bytea
    language sql stable as $$
    select sha256('\x00'::bytea || int8send(seq) || int8send((extract(epoch from recorded_at) * 1000000)::bigint)
        || int4send(octet_length(role)) || convert_to(role, 'UTF8')
        || int4send(octet_length(actor)) || convert_to(actor, 'UTF8')
        || int4send(octet_length(text)) || convert_to(text, 'UTF8'))
$$;

-- Every kind has a form, drawn from its fact by `core/ledger/forms.py` in a later migration of its own.
create function gatehouse.form_text(event_type text, payload jsonb) returns text
    language sql stable as $$ select null::text $$;

-- As before, in one pass: what is nested is written once, however deep it is.
create or replace function gatehouse.canonical(value jsonb) returns text
    language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
begin
    if jsonb_typeof(value) = 'object' then
        return '{' || coalesce((
            with m as materialized (select e.key, gatehouse.canonical_part(e.value) as text from jsonb_each(value) as e)
            select case when bool_and(m.text is not null and m.key ~ '^[ -~]*$')
                        then string_agg(to_json(m.key)::text || ':' || m.text, ',' order by m.key collate "C") end
            from m), '') || '}';
    end if;
    return '[' || coalesce((
        with m as materialized (select e.n, gatehouse.canonical_part(e.value) as text
                                from jsonb_array_elements(value) with ordinality as e (value, n))
        select case when bool_and(m.text is not null) then string_agg(m.text, ',' order by m.n) end from m), '') || ']';
end $$;

-- The same, and null of what takes long: nobody may hold the head by what is not taken anyway.
create function gatehouse.canonical_if_small(value jsonb) returns text
    language plpgsql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    plain text := left(value::text, 16385);
begin
    if length(plain) > 16384 or length(plain) - length(translate(plain, '[{', '')) > 64 then
        return null;
    end if;
    return gatehouse.canonical(value);
end $$;

-- Decisions are {policy, result} each, two words. Of any other list it is not the text that came in.
create function gatehouse.decisions_text(decisions jsonb) returns text
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select '[' || coalesce(string_agg(
        '{"policy":' || to_json(d.value->>'policy')::text || ',"result":' || to_json(d.value->>'result')::text || '}',
        ',' order by d.n), '') || ']'
    from jsonb_array_elements(decisions) with ordinality as d (value, n)
$$;

-- The one text that this envelope has, and null where a field is of the wrong form (its type aside: that is looked
-- up); its payload in its kind's form, where the kind has one. Raises where a value cannot even be read as its
-- type. One expression without a search path, so that it can be put in line.
create or replace function gatehouse.envelope_text(envelope jsonb) returns text
    language sql stable as $$
    select case when jsonb_typeof(envelope) = 'object'
            and jsonb_typeof(envelope->'payload') = 'object' and jsonb_typeof(envelope->'policy_decisions') = 'array'
            and (envelope->'event_version')::int between 1 and 9999
            and (envelope->'stream_version')::bigint between 1 and 999999999999999
            and envelope->>'stream' ~ '^[a-z]+(/[A-Za-z0-9_.:-]+){0,2}$' and length(envelope->>'stream') <= 180
            and length(envelope->>'trace_id') = 32 and translate(envelope->>'trace_id', '0123456789abcdef', '') = ''
            -- every reader's calendar has these years, in every zone
            and length(envelope->>'occurred_at') = 27 and left(envelope->>'occurred_at', 2) in ('19', '20', '21')
            and length(envelope->>'mono_ns') between 1 and 20 and translate(envelope->>'mono_ns', '0123456789', '') = ''
        then '{"event_id":"' || (envelope->>'event_id')::uuid || '","event_type":"' || (envelope->>'event_type')
            || '","event_version":' || (envelope->'event_version')::int || ',"mono_ns":"' || (envelope->>'mono_ns')
            || '","occurred_at":"'
            || to_char((envelope->>'occurred_at')::timestamptz at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
            || '","payload":'
            || coalesce(gatehouse.form_text(envelope->>'event_type', envelope->'payload'),
                        gatehouse.canonical_if_small(envelope->'payload'))
            || ',"policy_decisions":'
            || case when envelope->'policy_decisions' = '[]' then '[]'
                    else gatehouse.decisions_text(envelope->'policy_decisions') end
            || ',"stream":"' || (envelope->>'stream') || '","stream_version":'
            || (envelope->'stream_version')::bigint || ',"trace_id":"' || (envelope->>'trace_id') || '"}' end
$$;

-- The same of an envelope whose fields are known to be of the right form, whatever its payload. A function that is
-- not put in line, so that the planner does not work it out before that is known.
create function gatehouse.canonical_envelope(envelope jsonb) returns text
    language plpgsql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
    return format(
        '{"event_id":"%s","event_type":"%s","event_version":%s,"mono_ns":"%s","occurred_at":"%s","payload":%s,'
        '"policy_decisions":%s,"stream":"%s","stream_version":%s,"trace_id":"%s"}',
        (envelope->>'event_id')::uuid, envelope->>'event_type', envelope->>'event_version', envelope->>'mono_ns',
        to_char((envelope->>'occurred_at')::timestamptz at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        gatehouse.canonical_if_small(envelope->'payload'), gatehouse.decisions_text(envelope->'policy_decisions'),
        envelope->>'stream', envelope->>'stream_version', envelope->>'trace_id');
end $$;

-- What is wrong with an envelope that is not its one text, or null where only its payload is not in its kind's form
-- (or is not, and is too large to say more).
create or replace function gatehouse.envelope_fault(envelope jsonb, entry_text text) returns text
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select case
        when octet_length(entry_text) > 262144 then 'too_large'
        when entry_text is null or envelope is null then 'malformed'
        when jsonb_typeof(envelope) <> 'object' then 'malformed'
        when not pg_input_is_valid(coalesce(envelope->>'event_id', ''), 'uuid') then 'malformed_event_id'
        when coalesce(envelope->>'event_type', '') !~ '^[A-Z][A-Za-z]{1,60}$' then 'malformed_event_type'
        when coalesce(envelope->>'event_version', '') !~ '^[1-9][0-9]{0,3}$' then 'malformed_event_version'
        when coalesce(envelope->>'stream', '') !~ '^[a-z]+(/[A-Za-z0-9_.:-]+){0,2}$'
             or length(envelope->>'stream') > 180 then 'malformed_stream'
        when coalesce(envelope->>'stream_version', '') !~ '^[1-9][0-9]{0,14}$' then 'malformed_stream_version'
        when coalesce(envelope->>'trace_id', '') !~ '^[0-9a-f]{32}$' then 'malformed_trace_id'
        when coalesce(envelope->>'occurred_at', '') !~ '^(19|20|21)\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$'
             or not pg_input_is_valid(envelope->>'occurred_at', 'timestamptz') then 'malformed_occurred_at'
        when coalesce(envelope->>'mono_ns', '') !~ '^[0-9]{1,20}$' then 'malformed_mono_ns'
        when jsonb_typeof(envelope->'policy_decisions') is distinct from 'array' then 'malformed_policy_decisions'
        when exists (select from jsonb_array_elements(envelope->'policy_decisions') as d
                     where case when jsonb_typeof(d) = 'object'
                                then d - '{policy,result}'::text[] <> '{}' or jsonb_typeof(d->'policy') is distinct from 'string'
                                     or jsonb_typeof(d->'result') is distinct from 'string'
                                else true end) then 'malformed_policy_decisions'
        when jsonb_typeof(envelope->'payload') is distinct from 'object' then 'malformed_payload'
        when gatehouse.canonical_if_small(envelope->'payload') is not null
             and gatehouse.canonical_envelope(envelope) <> entry_text then 'not_canonical'
    end
$$;

-- One entry, looked at: everything that can be said of it without the entries in front of it in the same batch.
create type gatehouse.looked_at as (
    n              int,
    entry          gatehouse.incoming,
    entry_text     text,
    event_id       uuid,
    event_version  int,
    key            text,
    body           bytea,
    grouped        boolean, -- a neighbour shares its group
    law            text,
    code           text,    -- why it is refused, where it is
    next_version   bigint,  -- of its stream, if all in front of it in this batch are taken
    earlier_seq    bigint,  -- of its key
    earlier_body   bytea,
    key_again      boolean  -- the batch has this key before
);

create function gatehouse.look(entries jsonb) returns setof gatehouse.looked_at
    language plpgsql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    login text := session_user;
    has_person boolean := session_user in ('gh_agent', 'gh_intake', 'gh_approver');
begin
    return query
    with item as materialized (
        select i.n::int as n, i.text as entry_text, case when octet_length(i.text) <= 262144 then i.text::jsonb end as e, i.ticket, i.key,
               coalesce(i.grp in (lag(i.grp) over w, lead(i.grp) over w), false) as grouped
        from rows from (jsonb_to_recordset(entries) as (text text, ticket text, key text, "group" text))
            with ordinality as i (text, ticket, key, grp, n)
        window w as (order by i.n)
    ), asked as materialized (
        select i.*, i.e->>'event_type' as event_type, i.e->>'stream' as stream,
               k.law, l.person, l.thread,
               case
                   when has_person and l.session is null then 'session_ended'
                   when has_person and (l.thread is not null) <> (login = 'gh_agent') then 'wrong_ticket'
                   when not has_person and i.ticket is not null then 'wrong_ticket'
                   when r.role is null then 'no_right'
                   when i.e->>'event_version' <> k.version::text then 'malformed_event_version'
                   when not starts_with(i.e->>'stream', k.stream_prefix) then 'wrong_stream'
               end as no
        from item i
        left join gatehouse.live l on has_person and l.ticket_hash = sha256(convert_to(i.ticket, 'UTF8'))
        left join gatehouse.event_kind k on k.event_type = i.e->>'event_type'
        left join gatehouse.event_right r on r.event_type = k.event_type and r.role = login
    ), said as materialized (
        select f.*, case when f.no is null then coalesce(
                   gatehouse.envelope_text(f.e) = f.entry_text, false) end as well
        from asked f
    )
    select f.n,
        row(null, null, login, coalesce(f.person, login), f.person, f.thread, f.event_type, f.stream,
            case when f.well then (f.e->'stream_version')::bigint end, f.e->>'trace_id',
            case when f.well then (f.e->>'occurred_at')::timestamptz end, f.e->'payload')::gatehouse.incoming,
        f.entry_text,
        case when f.well then (f.e->>'event_id')::uuid end,
        case when f.well then (f.e->'event_version')::int end,
        f.key,
        case when f.key is not null
             then sha256(convert_to(f.event_type || ' ' || f.stream || ' ' || (f.e->'payload')::text, 'UTF8')) end,
        f.grouped,
        f.law,
        case when f.well and coalesce(octet_length(f.key), 0) > 200 then 'malformed_key'
             when f.well then null
             else coalesce(gatehouse.envelope_fault(f.e, f.entry_text), f.no, 'malformed_payload') end,
        coalesce(s.version, 0) + row_number() over (partition by f.stream order by f.n),
        i.seq, i.body_digest,
        f.key is not null and row_number() over (partition by f.key, f.person order by f.n) > 1
    from said f
    left join gatehouse.stream_head s on s.stream = f.stream
    left join gatehouse.idempotency i on i.role = login and i.actor = coalesce(f.person, login) and i.key = f.key;
end $$;

-- What the law says of an entry: null, or the code of the refusal. The laws that most entries meet are called by
-- name, which the server prepares once; the others are looked up.
create function gatehouse.law_says(law text, e gatehouse.incoming) returns text
    language plpgsql security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    code text;
begin
    case law
        when 'law_in_thread' then code := gatehouse.law_in_thread(e);
        when 'law_proposal_drafted' then code := gatehouse.law_proposal_drafted(e);
        when 'law_proposal_assessed' then code := gatehouse.law_proposal_assessed(e);
        when 'law_proposal_submitted' then code := gatehouse.law_proposal_submitted(e);
        when 'law_proposal_approved' then code := gatehouse.law_proposal_approved(e);
        when 'law_order_released' then code := gatehouse.law_order_released(e);
        when 'law_after_release' then code := gatehouse.law_after_release(e);
        when 'law_order_filled' then code := gatehouse.law_order_filled(e);
        else execute format('select gatehouse.%I($1)', law) into code using e;
    end case;
    return code;
end $$;

create function gatehouse.law_says_carefully(law text, e gatehouse.incoming) returns text
    language plpgsql security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
    return gatehouse.law_says(law, e);
exception when data_exception or integrity_constraint_violation then
    return 'malformed_payload';
end $$;

-- A refused call is itself an entry. Its text is RFC 8785 by construction: sorted keys, plain ASCII.
create function gatehouse.refusal(
    at_head gatehouse.head, version bigint, role text, actor text, attempted text, code text, refused_text text
) returns gatehouse.journal
    language plpgsql volatile security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    entry gatehouse.journal;
begin
    entry.seq := at_head.seq + 1;
    entry.recorded_at := greatest(clock_timestamp(), at_head.recorded_at);
    entry.role := role;
    entry.actor := actor;
    entry.event_id := gen_random_uuid();
    entry.event_type := 'AttemptRefused';
    entry.event_version := 1;
    entry.stream := 'refused/' || role;
    entry.stream_version := version;
    entry.trace_id := replace(entry.event_id::text, '-', '');
    entry.occurred_at := entry.recorded_at;
    entry.text := format(
        '{"event_id":"%s","event_type":"AttemptRefused","event_version":1,"mono_ns":"0","occurred_at":"%s",'
        '"payload":{"attempted":"%s","code":"%s","text_digest":"%s"},"policy_decisions":[],'
        '"stream":"%s","stream_version":%s,"trace_id":"%s"}',
        entry.event_id, to_char(entry.occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        case when attempted ~ '^[A-Z][A-Za-z]{1,60}$' then attempted else 'unknown' end, code,
        encode(sha256(convert_to(coalesce(refused_text, ''), 'UTF8')), 'hex'),
        entry.stream, entry.stream_version, entry.trace_id);
    entry.digest := sha256(at_head.digest || gatehouse.leaf(
        entry.seq, entry.recorded_at, entry.role, entry.actor, entry.text));
    return entry;
end $$;

-- What was taken goes into the tables, all of it at once.
alter table gatehouse.stream_head set (fillfactor = 50);  -- its rows change in place
create function gatehouse.write_down(kept gatehouse.journal[], keyed gatehouse.idempotency[]) returns void
    language plpgsql security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    newest gatehouse.journal := kept[cardinality(kept)];
begin
    if cardinality(kept) = 0 then
        return;
    end if;
    insert into gatehouse.journal select * from unnest(kept);
    insert into gatehouse.stream_head
        select k.stream, max(k.stream_version) from unnest(kept) as k group by k.stream
        on conflict (stream) do update set version = excluded.version;
    if cardinality(keyed) > 0 then
        insert into gatehouse.idempotency select * from unnest(keyed);
    end if;
    update gatehouse.head set seq = newest.seq, digest = newest.digest, recorded_at = newest.recorded_at;
end $$;

-- Takes these in turn, at the head, whose row the caller holds locked. Where one of a group is not taken, nothing
-- is: GH001, with that one's number, answer and code. `carefully`: what a law cannot read is refused, and does
-- not raise.
create function gatehouse.take(entries jsonb, carefully boolean)
    returns table (n int, answer text, at_seq bigint, code text)
    language plpgsql security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    at_head gatehouse.head;
    item gatehouse.looked_at;
    entry gatehouse.incoming;
    earlier gatehouse.idempotency;
    kept gatehouse.journal[] := '{}';
    keyed gatehouse.idempotency[] := '{}';
    ids uuid[] := '{}';  -- of `kept`, where it is careful
    passed_over text[] := '{}';  -- the streams of those that were not taken
    refused_version bigint;
begin
    select * into at_head from gatehouse.head;
    for item in select l.* from gatehouse.look(entries) as l order by l.n loop
        n := item.n;
        entry := item.entry;
        code := item.code;
        answer := case when code is null then 'ok' else 'refused' end;
        at_seq := null;
        if code is null and item.key is not null then
            earlier.seq := item.earlier_seq;
            earlier.body_digest := item.earlier_body;
            if item.key_again and earlier.seq is null then
                select y.* into earlier from unnest(keyed) as y where y.key = item.key and y.actor = entry.actor;
            end if;
            if earlier.seq is not null then
                at_seq := earlier.seq;
                answer := case when earlier.body_digest = item.body then 'duplicate' else 'conflict' end;
                code := case answer when 'conflict' then 'key_reused' end;
            end if;
        end if;
        if answer = 'ok' then
            if entry.stream_version <> item.next_version - cardinality(array_positions(passed_over, entry.stream)) then
                answer := 'conflict';
                code := 'version';
            elsif carefully and (item.event_id = any (ids) or exists (
                    select from gatehouse.journal j where j.event_id = item.event_id)) then
                answer := 'conflict';
                code := 'event_id_used';
            end if;
        end if;
        if answer = 'ok' then
            entry.seq := at_head.seq + 1;
            entry.recorded_at := greatest(clock_timestamp(), at_head.recorded_at);
            if item.law is not null then
                if carefully then
                    code := gatehouse.law_says_carefully(item.law, entry);
                else
                    code := gatehouse.law_says(item.law, entry);
                end if;
                if code is not null then
                    answer := 'refused';
                    -- Of a taken one its index says so.
                    if not carefully and (exists (select from gatehouse.journal j where j.event_id = item.event_id)
                                          or exists (select from unnest(kept) as y where y.event_id = item.event_id)) then
                        answer := 'conflict';
                        code := 'event_id_used';
                    end if;
                end if;
            end if;
        end if;
        if answer = 'ok' then
            at_head.seq := entry.seq;
            at_head.recorded_at := entry.recorded_at;
            at_head.digest := sha256(at_head.digest || gatehouse.leaf(
                entry.seq, entry.recorded_at, entry.role, entry.actor, item.entry_text));
            kept := kept || row(
                entry.seq, entry.recorded_at, entry.role, entry.actor, item.entry_text, item.event_id,
                entry.event_type, item.event_version, entry.stream, entry.stream_version, entry.trace_id,
                entry.occurred_at, at_head.digest)::gatehouse.journal;
            if item.key is not null then
                keyed := keyed
                    || row(entry.role, entry.actor, item.key, item.body, entry.seq)::gatehouse.idempotency;
            end if;
            if carefully then
                ids := ids || item.event_id;
            end if;
            at_seq := entry.seq;
        else
            passed_over := passed_over || entry.stream;
            if item.grouped and answer <> 'duplicate' then
                raise exception using errcode = 'GH001', message = n || ' ' || answer || ' ' || code;
            end if;
            if answer = 'refused' then
                refused_version := 1 + coalesce(refused_version, (
                    select s.version from gatehouse.stream_head s where s.stream = 'refused/' || entry.role), 0);
                kept := kept || gatehouse.refusal(at_head, refused_version, entry.role, entry.actor,
                                                  entry.event_type, code, item.entry_text);
                at_head.seq := kept[cardinality(kept)].seq;
                at_head.recorded_at := kept[cardinality(kept)].recorded_at;
                at_head.digest := kept[cardinality(kept)].digest;
            end if;
        end if;
        return next;
    end loop;
    perform gatehouse.write_down(kept, keyed);
end $$;

-- One entry, or one group, that could not be taken with all others: its own transaction part, and its own answer.
create function gatehouse.take_carefully(entries jsonb, first int)
    returns table (n int, answer text, at_seq bigint, code text)
    language plpgsql security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    broken text;
    failed_at int;
    failed_answer text;
    failed_code text;
    in_front record;
begin
    begin
        return query select first - 1 + t.n, t.answer, t.at_seq, t.code
            from gatehouse.take(entries, true) as t;
        return;
    exception
        when sqlstate 'GH001' then
            get stacked diagnostics broken = message_text;
            failed_at := split_part(broken, ' ', 1);
            failed_answer := split_part(broken, ' ', 2);
            failed_code := split_part(broken, ' ', 3);
        when data_exception or integrity_constraint_violation or program_limit_exceeded then
            failed_at := null;
    end;
    if failed_at is null then
        failed_answer := 'refused';
        select u.at, u.code into failed_at, failed_code from gatehouse.unreadable(entries) as u;
        begin  -- the first that is not taken is the one to name
            for in_front in
                select t.* from gatehouse.take(
                    (select jsonb_agg(entries->(k - 1) order by k) from generate_series(1, failed_at - 1) as k), true) as t
                where t.answer in ('refused', 'conflict')
            loop
                raise exception using errcode = 'GH001',
                    message = in_front.n || ' ' || in_front.answer || ' ' || in_front.code;
            end loop;
            raise exception using errcode = 'GH001', message = failed_at || ' refused ' || failed_code;
        exception when sqlstate 'GH001' then
            get stacked diagnostics broken = message_text;
            failed_at := split_part(broken, ' ', 1);
            failed_answer := split_part(broken, ' ', 2);
            failed_code := split_part(broken, ' ', 3);
        end;
    end if;
    if failed_answer = 'refused' then
        perform gatehouse.write_down(array[gatehouse.refusal(
            h, 1 + coalesce((select s.version from gatehouse.stream_head s where s.stream = 'refused/' || session_user), 0),
            session_user, gatehouse.actor_of(entries->(failed_at - 1)->>'ticket'),
            gatehouse.attempted(entries->(failed_at - 1)->>'text'), failed_code, entries->(failed_at - 1)->>'text')], '{}')
            from gatehouse.head h;
    end if;
    return query select first - 1 + k, failed_answer, null::bigint,
                        case when k = failed_at then failed_code else 'group' end
        from generate_series(1, jsonb_array_length(entries)) as k;
end $$;

-- The first of these whose values cannot even be read as their types, and what is wrong with it.
create function gatehouse.unreadable(entries jsonb, out at int, out code text)
    language plpgsql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    entry_text text;
begin
    for k in 1..jsonb_array_length(entries) loop
        at := k;
        entry_text := entries->(k - 1)->>'text';
        begin
            perform from gatehouse.look(jsonb_build_array(entries->(k - 1)));
        exception when data_exception or integrity_constraint_violation or program_limit_exceeded then
            begin
                code := coalesce(gatehouse.envelope_fault(entry_text::jsonb, entry_text), 'malformed_payload');
            exception when data_exception or program_limit_exceeded then  -- no JSON, or deeper than the stack
                code := 'malformed';
            end;
            return;
        end;
    end loop;
    at := 1;  -- each can be read alone
    code := 'malformed_payload';
end $$;

create function gatehouse.attempted(entry_text text) returns text
    language plpgsql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
    return case when octet_length(entry_text) <= 262144 then entry_text::jsonb->>'event_type' end;
exception when data_exception or program_limit_exceeded then
    return null;
end $$;

-- Whom the ticket names to logins that come for a person; the others come for themselves.
create or replace function gatehouse.actor_of(ticket text) returns text
    language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
    select coalesce(case when session_user in ('gh_agent', 'gh_intake', 'gh_approver')
                         then (gatehouse.live_session(ticket)).person end, session_user::text)
$$;

-- `entries` is an array of {text, ticket?, key?, group?}. Neighbours that share a group are all or nothing. The law
-- compares days as texts, so their style is not the caller's. More entries, or larger ones, would hold the head
-- for longer than anybody may.
create function gatehouse.append(entries jsonb) returns table (n int, answer text, at_seq bigint, code text)
    language plpgsql security definer set search_path = pg_catalog, gatehouse, pg_temp set datestyle = 'ISO, YMD' as $$
declare
    first int := 1;
    last int;
begin
    -- The parts of one statement begin within moments of each other; a transaction that was opened before
    -- and did something else is older.
    if statement_timestamp() - transaction_timestamp() > interval '250 milliseconds'
       or pg_current_xact_id_if_assigned() is not null then
        raise exception 'append is one statement of its own: a transaction around it would hold the head for everybody'
            using errcode = 'invalid_transaction_state';
    end if;
    if jsonb_array_length(entries) > 256 or pg_column_size(entries) > 4194304 then
        raise exception 'one append takes at most 256 entries, and 4 MiB of them together'
            using errcode = 'program_limit_exceeded';
    end if;
    -- Whoever waits for the head is not served in turn, so a crowd starves the others. All that agents append
    -- waits in front of this lock, and sends one to the head. Whoever keeps the lock keeps it from agents alone,
    -- and what may be written does not depend on it.
    if session_user = 'gh_agent' then
        perform pg_advisory_xact_lock(1786642434);
    end if;
    -- An update, not a mere row lock: what follows is a subtransaction, which would turn a lock's xmax into
    -- a multixact, and the watchdog would not see who holds the head.
    update gatehouse.head set one = true;
    begin
        return query select t.* from gatehouse.take(entries, false) as t;
        return;
    exception when sqlstate 'GH001' or data_exception or integrity_constraint_violation or program_limit_exceeded then
        null;  -- nothing of it happened: once more, one by one
    end;
    while first <= jsonb_array_length(entries) loop
        last := first;
        while entries->(first - 1)->>'group' = entries->last->>'group' loop
            last := last + 1;
        end loop;
        return query select t.* from gatehouse.take_carefully(
            (select jsonb_agg(entries->(k - 1) order by k) from generate_series(first, last) as k), first) as t;
        first := last + 1;
    end loop;
end $$;

revoke all on all functions in schema gatehouse from public;
grant execute on function gatehouse.append(jsonb) to gh_agent, gh_intake, gh_approver, gh_gate;
