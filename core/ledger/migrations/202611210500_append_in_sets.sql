-- The append, for many callers at once: what can be asked of all entries together is asked once; what depends on
-- the entry before is asked in turn. Same contract, same answers as before.

drop function gatehouse.append(jsonb);
drop function gatehouse.admit(jsonb);
drop function gatehouse.chain_entry(gatehouse.incoming, text, uuid, int);
drop function gatehouse.record_refusal(text, text, text, text, text);
drop function gatehouse.leaf(bigint, timestamptz, text, text, text);

-- A kind that is nothing by itself: the next entry of its group, in the same stream, is of the kind that it names.
alter table gatehouse.event_kind add column followed_by text references gatehouse.event_kind;

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

-- The one text that an envelope of these fields has, and null where one of them is of the wrong form (its type aside:
-- that is looked up). Raises where a value cannot even be read as its type. One expression without a search path and
-- with plain words as arguments, so that it can be put in line; few functions in it, for a transaction makes each of
-- them ready again.
drop function gatehouse.envelope_text(jsonb);
create function gatehouse.envelope_text(
    event_id uuid, event_type text, event_version text, mono_ns text, occurred_at text, moment timestamptz,
    payload jsonb, payload_text text, decisions jsonb, stream text, stream_version text, trace_id text
) returns text
    language sql stable as $$
    select case when jsonb_typeof(payload) = 'object' and jsonb_typeof(decisions) = 'array'
            and event_version::int between 1 and 9999
            and stream_version::bigint between 1 and 999999999999999
            and stream ~ '^[a-z]+(/[A-Za-z0-9_.:-]+){0,2}$' and length(stream) <= 180
            and length(trace_id) = 32 and trace_id ~ '^[0-9a-f]*$'
            -- every reader's calendar has these years, in every zone
            and length(occurred_at) = 27 and left(occurred_at, 2) in ('19', '20', '21')
            and length(mono_ns) between 1 and 20 and mono_ns ~ '^[0-9]*$'
            and event_id is not null and event_type is not null
        -- `payload_text` stands here once: a costly word that stood twice would keep all this from being put in line.
        then concat(
            '{"event_id":"', event_id, '","event_type":"', event_type, '","event_version":', event_version::int,
            ',"mono_ns":"', mono_ns, '","occurred_at":"',
            to_char(moment at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '","payload":') || payload_text || concat(
            ',"policy_decisions":', case when decisions = '[]' then '[]' else gatehouse.decisions_text(decisions) end,
            ',"stream":"', stream, '","stream_version":', stream_version::bigint, ',"trace_id":"', trace_id, '"}') end
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

-- One entry, looked at: what its own text says. No table is asked, so nobody needs to hold the head for it.
create type gatehouse.looked_at as (
    n              int,
    entry_text     text,
    ticket_hash    bytea,
    key            text,
    body           bytea,  -- what a key stands for
    "group"        text,
    event_id       uuid,   -- this and what follows: of a text that is well formed, or whose payload alone is not
    event_type     text,
    event_version  text,
    stream         text,
    stream_version bigint,
    trace_id       text,
    occurred_at    timestamptz,
    payload        jsonb,
    well           boolean,
    fault          text    -- of its form, its payload aside
);

-- Raises where a value cannot even be read as its type.
create function gatehouse.look_together(entries jsonb) returns gatehouse.looked_at[]
    language plpgsql stable as $$
begin
    -- `offset 0` keeps the planner from working out the same thing twice.
    return array_agg(row(
            w.n, w.text, sha256(convert_to(w.ticket, 'UTF8')), w.key,
            case when w.key is not null
                 then sha256(convert_to(w.event_type || ' ' || w.stream || ' ' || w.payload::text, 'UTF8')) end,
            w."group", case when w.well then w.event_id end, w.event_type, w.event_version, w.stream,
            case when w.well then w.stream_version::bigint end, w.trace_id, case when w.well then w.moment end,
            w.payload, w.well,
            case when not w.well or w.formed is null then gatehouse.envelope_fault(w.e, w.text) end
        )::gatehouse.looked_at)
    from (
        select p.*, coalesce(gatehouse.envelope_text(
                   p.event_id, p.event_type, p.event_version, p.mono_ns, p.occurred_at, p.moment, p.payload,
                   coalesce(p.formed, gatehouse.canonical_if_small(p.payload)), p.decisions, p.stream,
                   p.stream_version, p.trace_id) = p.text, false) as well
        from (
            select f.*, gatehouse.form_text(f.event_type, f.payload) as formed, f.occurred_at::timestamptz as moment
            from (
                select i.*, (i.e->>'event_id')::uuid as event_id, i.e->>'event_type' as event_type,
                       i.e->>'event_version' as event_version, i.e->>'mono_ns' as mono_ns,
                       i.e->>'occurred_at' as occurred_at, i.e->'payload' as payload,
                       i.e->'policy_decisions' as decisions, i.e->>'stream' as stream,
                       i.e->>'stream_version' as stream_version, i.e->>'trace_id' as trace_id
                from (
                    select r.n::int, r.text, r.ticket, r.key, r."group",
                           case when octet_length(r.text) <= 262144 then r.text::jsonb end as e
                    from rows from (jsonb_to_recordset(entries) as (text text, ticket text, key text, "group" text))
                        with ordinality as r (text, ticket, key, "group", n)
                    offset 0
                ) as i
                offset 0
            ) as f
            offset 0
        ) as p
        offset 0
    ) as w;
end $$;

-- The same of one entry, in plain steps: to begin a statement for it takes longer than all of them.
create function gatehouse.look_at_one(item jsonb) returns gatehouse.looked_at
    language plpgsql stable as $$
declare
    entry_text text := item->>'text';
    key text := item->>'key';
    e jsonb := case when octet_length(entry_text) <= 262144 then entry_text::jsonb end;
    event_id uuid := e->>'event_id';
    event_type text := e->>'event_type';
    version text := e->>'event_version';
    stream text := e->>'stream';
    stream_version text := e->>'stream_version';
    trace_id text := e->>'trace_id';
    occurred_at text := e->>'occurred_at';
    moment timestamptz := occurred_at;
    payload jsonb := e->'payload';
    formed text := gatehouse.form_text(event_type, payload);
    well boolean := coalesce(gatehouse.envelope_text(
        event_id, event_type, version, e->>'mono_ns', occurred_at, moment, payload,
        coalesce(formed, gatehouse.canonical_if_small(payload)), e->'policy_decisions', stream, stream_version,
        trace_id) = entry_text, false);
    fault text;
    body bytea;
begin
    if not well or formed is null then
        fault := gatehouse.envelope_fault(e, entry_text);
    end if;
    if key is not null then
        body := sha256(convert_to(event_type || ' ' || stream || ' ' || payload::text, 'UTF8'));
    end if;
    return row(
        1, entry_text, sha256(convert_to(item->>'ticket', 'UTF8')), key, body, item->>'group',
        case when well then event_id end, event_type, version, stream, case when well then stream_version::bigint end,
        trace_id, case when well then moment end, payload, well, fault)::gatehouse.looked_at;
end $$;

-- The same, and what cannot be read is said of the one entry alone.
create function gatehouse.look(entries jsonb) returns gatehouse.looked_at[]
    language plpgsql stable as $$
declare
    items gatehouse.looked_at[] := '{}';
    one gatehouse.looked_at;
begin
    begin
        if jsonb_array_length(entries) = 1 then
            return array[gatehouse.look_at_one(entries->0)];
        end if;
        return gatehouse.look_together(entries);
    exception when data_exception or integrity_constraint_violation or program_limit_exceeded then
        null;  -- once more, one by one
    end;
    for k in 1..jsonb_array_length(entries) loop
        begin
            one := gatehouse.look_at_one(entries->(k - 1));
            one.n := k;
            items := items || one;
        exception when data_exception or integrity_constraint_violation or program_limit_exceeded then
            items := items || gatehouse.looked_at_badly(entries->(k - 1), k);
        end;
    end loop;
    return items;
end $$;

-- An entry whose values cannot be read as their types, and what is wrong with it: null where only its payload is.
create function gatehouse.looked_at_badly(item jsonb, n int) returns gatehouse.looked_at
    language plpgsql stable as $$
declare
    seen gatehouse.looked_at;
    e jsonb;
begin
    seen.n := n;
    seen.entry_text := item->>'text';
    seen.ticket_hash := sha256(convert_to(item->>'ticket', 'UTF8'));
    seen.key := item->>'key';
    seen."group" := item->>'group';
    seen.well := false;
    begin
        if octet_length(seen.entry_text) <= 262144 then
            e := seen.entry_text::jsonb;
        end if;
        seen.event_type := e->>'event_type';
        seen.event_version := e->>'event_version';
        seen.stream := e->>'stream';
        seen.trace_id := e->>'trace_id';
        seen.fault := gatehouse.envelope_fault(e, seen.entry_text);
    exception when data_exception or program_limit_exceeded then  -- no JSON, or deeper than the stack
        seen.fault := 'malformed';
    end;
    return seen;
end $$;

-- What the law says of an entry: null, or the code of the refusal. The laws that most entries meet are called by
-- name, which the server prepares once; the others are looked up.
create function gatehouse.law_says(law text, e gatehouse.incoming) returns text language plpgsql as $$
declare
    code text;
begin
    case law
        when 'law_in_thread' then code := gatehouse.law_in_thread(e);
        when 'law_proposal_drafted' then code := gatehouse.law_proposal_drafted(e);
        when 'law_proposal_assessed' then code := gatehouse.law_proposal_assessed(e);
        when 'law_proposal_submitted' then code := gatehouse.law_proposal_submitted(e);
        when 'law_batch_row_approved' then code := gatehouse.law_batch_row_approved(e);
        when 'law_limits_at_release' then code := gatehouse.law_limits_at_release(e);
        when 'law_after_release' then code := gatehouse.law_after_release(e);
        when 'law_order_filled' then code := gatehouse.law_order_filled(e);
        else execute format('select gatehouse.%I($1)', law) into code using e;
    end case;
    return code;
end $$;

create function gatehouse.law_says_carefully(law text, e gatehouse.incoming) returns text language plpgsql as $$
begin
    return gatehouse.law_says(law, e);
exception when data_exception or integrity_constraint_violation then
    return 'malformed_payload';
end $$;

-- A refused call is itself an entry, of the head's own moment. Its text is RFC 8785 by construction: sorted keys,
-- plain ASCII.
create function gatehouse.refusal(
    at_head gatehouse.head, version bigint, role text, actor text, attempted text, code text, refused_text text
) returns gatehouse.journal
    language plpgsql volatile as $$
declare
    entry gatehouse.journal;
begin
    entry.seq := at_head.seq + 1;
    entry.recorded_at := at_head.recorded_at;
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

-- Why an entry is refused before anybody asks its law, or null. `session` is of its ticket and live; `known` is its
-- kind, where its login may write that. One expression without a search path, so that it can be put in line.
create function gatehouse.no_of(
    fault text, well boolean, ticket_hash bytea, event_version text, stream text, key text, for_person boolean,
    session uuid, thread text, known text, version int, stream_prefix text
) returns text
    language sql stable as $$
    select case
        when fault is not null then fault
        when for_person and session is null then 'session_ended'
        when for_person and (thread is not null) <> (session_user = 'gh_agent') then 'wrong_ticket'
        when not for_person and ticket_hash is not null then 'wrong_ticket'
        when known is null then 'no_right'
        when event_version <> version::text then 'malformed_event_version'
        when not starts_with(stream, stream_prefix) then 'wrong_stream'
        when not well then 'malformed_payload'
        when octet_length(key) > 200 then 'malformed_key'
    end
$$;

-- What was taken goes into the tables, all of it at once: the entries, and the versions that their streams have then.
alter table gatehouse.stream_head set (fillfactor = 50);  -- its rows change in place
create function gatehouse.write_down(
    kept gatehouse.journal[], streams text[], versions bigint[], keyed gatehouse.idempotency[]
) returns void
    language plpgsql as $$
begin
    if cardinality(kept) = 0 then
        return;
    end if;
    insert into gatehouse.journal select * from unnest(kept);
    insert into gatehouse.stream_head
        select s.stream, max(s.version) from unnest(streams, versions) as s (stream, version) group by s.stream
        on conflict (stream) do update set version = excluded.version;
    if cardinality(keyed) > 0 then
        insert into gatehouse.idempotency select * from unnest(keyed);
    end if;
end $$;

-- What came of some entries, each with its number in the call, and the head behind the last that was taken.
create type gatehouse.answered as (n int, answer text, at_seq bigint, code text);
create type gatehouse.taken as (answers gatehouse.answered[], head gatehouse.head);

-- Takes these in turn, behind `at_head`, whose row the caller holds locked and moves on. Where one of a group is not
-- taken, nothing is: GH001, with that one's number, answer and code. `carefully`: what a law cannot read is refused, and
-- does not raise; else what is odd may raise, and is taken carefully then.
create function gatehouse.take(items gatehouse.looked_at[], at_head gatehouse.head, carefully boolean)
    returns gatehouse.taken
    language plpgsql as $$
declare
    login text := session_user;
    for_person boolean := session_user in ('gh_agent', 'gh_intake', 'gh_approver');
    kinds text[] := array(select distinct i.event_type from unnest(items) as i);
    stamp bytea;  -- what all leaves of this call have behind their numbers
    item record;
    n int := 0;
    answer text;
    at_seq bigint;
    code text;
    actor_now text;
    entry gatehouse.incoming;
    earlier gatehouse.idempotency;
    answers gatehouse.answered[] := '{}';
    kept gatehouse.journal[] := '{}';
    streams text[] := '{}';  -- of what is kept, with their versions
    versions bigint[] := '{}';
    keyed gatehouse.idempotency[] := '{}';
    keys text[] := '{}';
    refused_version bigint;
begin
    at_head.recorded_at := greatest(clock_timestamp(), at_head.recorded_at);  -- one moment for one call
    stamp := int8send((extract(epoch from at_head.recorded_at) * 1000000)::bigint)
        || int4send(octet_length(login)) || convert_to(login, 'UTF8');
    for item in
        with kind as materialized (
            select k.* from gatehouse.event_kind k join gatehouse.event_right r on r.event_type = k.event_type
            where r.role = login and k.event_type = any (kinds)
        )
        select i.*, k.law, k.followed_by, s.person, s.thread, coalesce(h.version, 0) as version, t.person as holder,
               y.seq as earlier_seq, y.body_digest as earlier_body,
               gatehouse.no_of(
                   i.fault, i.well, i.ticket_hash, i.event_version, i.stream, i.key, for_person, s.session, s.thread,
                   k.event_type, k.version, k.stream_prefix) as no
        -- `offset 0` makes each of these one look at an index for one entry after another, in their order.
        from unnest(items) as i
        left join lateral (
            select l.* from gatehouse.live l where for_person and l.ticket_hash = i.ticket_hash offset 0) as s on true
        left join lateral (select k.* from kind k where k.event_type = i.event_type offset 0) as k on true
        left join lateral (select h.version from gatehouse.stream_head h where h.stream = i.stream offset 0) as h on true
        left join lateral (
            select t.person from gatehouse.thread t
            where k.law = 'law_in_thread' and t.thread = i.payload->>'thread' offset 0) as t on true
        left join lateral (
            select y.seq, y.body_digest from gatehouse.idempotency y
            where i.key is not null and y.role = login and y.actor = coalesce(s.person, login) and y.key = i.key
            offset 0) as y on true
    loop
        if item.n < n then
            raise exception 'the entries of one call came out of their order';
        end if;
        n := item.n;
        at_seq := null;
        code := item.no;
        answer := case when code is null then 'ok' else 'refused' end;
        actor_now := coalesce(item.person, login);
        if code is null and item.key is not null then
            earlier.seq := item.earlier_seq;
            earlier.body_digest := item.earlier_body;
            if earlier.seq is null and item.key = any (keys) then
                select y.* into earlier from unnest(keyed) as y where y.key = item.key and y.actor = actor_now;
            end if;
            if earlier.seq is not null then
                at_seq := earlier.seq;
                answer := case when earlier.body_digest = item.body then 'duplicate' else 'conflict' end;
                code := case answer when 'conflict' then 'key_reused' end;
            end if;
        end if;
        if answer = 'ok' then
            -- One of a stream that came before stands behind that. Where both want one place, an index says so.
            if (carefully or item.stream_version <> item.version + 1) and item.stream_version
                    <> item.version + 1 + cardinality(array_positions(streams, item.stream)) then
                answer := 'conflict';
                code := 'version';
            elsif carefully and gatehouse.event_id_used(item.event_id, kept) then
                answer := 'conflict';
                code := 'event_id_used';
            elsif item.followed_by is not null and not exists (
                    select from unnest(items) as i where i.n = item.n + 1 and i."group" = item."group"
                        and i.event_type = item.followed_by and i.stream = item.stream) then
                code := 'stands_alone';
            elsif item.law = 'law_in_thread' and item.holder = item.person and not carefully then
                -- What this law looks up was asked with all the others'. It only ever says yes here.
                code := gatehouse.no_of_thread(item.stream, item.payload, item.thread, item.person, item.holder);
            elsif item.law is not null then
                entry := row(at_head.seq + 1, at_head.recorded_at, login, actor_now, item.person, item.thread,
                             item.event_type, item.stream, item.stream_version, item.trace_id, item.occurred_at,
                             item.payload)::gatehouse.incoming;
                if carefully then
                    code := gatehouse.law_says_carefully(item.law, entry);
                else
                    code := gatehouse.law_says(item.law, entry);
                end if;
            end if;
            if code is not null and answer = 'ok' then
                answer := 'refused';
                if not carefully and gatehouse.event_id_used(item.event_id, kept) then
                    answer := 'conflict';  -- of a taken one its index says so
                    code := 'event_id_used';
                end if;
            end if;
        end if;
        if answer = 'ok' then
            at_seq := at_head.seq + 1;
            at_head.seq := at_seq;
            at_head.digest := sha256(at_head.digest || sha256(
                '\x00'::bytea || int8send(at_seq) || stamp
                || int4send(octet_length(actor_now)) || convert_to(actor_now, 'UTF8')
                || int4send(octet_length(item.entry_text)) || convert_to(item.entry_text, 'UTF8')));
            kept := kept || row(
                at_seq, at_head.recorded_at, login, actor_now, item.entry_text, item.event_id,
                item.event_type, item.event_version, item.stream, item.stream_version, item.trace_id,
                item.occurred_at, at_head.digest)::gatehouse.journal;
            streams := streams || item.stream;
            versions := versions || item.stream_version;
            if item.key is not null then
                keys := keys || item.key;
                keyed := keyed || row(login, actor_now, item.key, item.body, at_seq)::gatehouse.idempotency;
            end if;
        else
            if item."group" is not null and answer <> 'duplicate' and exists (
                    select from unnest(items) as i where i.n in (item.n - 1, item.n + 1) and i."group" = item."group") then
                raise exception using errcode = 'GH001', message = n || ' ' || answer || ' ' || code;
            end if;
            if answer = 'refused' then
                refused_version := 1 + coalesce(refused_version, (
                    select s.version from gatehouse.stream_head s where s.stream = 'refused/' || login), 0);
                kept := kept || gatehouse.refusal(at_head, refused_version, login, actor_now,
                                                  item.event_type, code, item.entry_text);
                at_head.seq := kept[cardinality(kept)].seq;
                at_head.digest := kept[cardinality(kept)].digest;
                streams := streams || ('refused/' || login);
                versions := versions || refused_version;
            end if;
        end if;
        answers := answers || row(n, answer, at_seq, code)::gatehouse.answered;
    end loop;
    perform gatehouse.write_down(kept, streams, versions, keyed);
    return row(answers, at_head)::gatehouse.taken;
end $$;

-- The short way for one entry that is plainly good: the head behind it, or null where another way must say what it is.
create function gatehouse.take_one(item gatehouse.looked_at, at_head gatehouse.head) returns gatehouse.head
    language plpgsql as $$
declare
    login text := session_user;
    for_person boolean := session_user in ('gh_agent', 'gh_intake', 'gh_approver');
    asked record;
    actor_now text;
begin
    select s.session, s.person, s.thread, k.event_type as known, k.version as kind_version, k.stream_prefix, k.law,
           k.followed_by, h.version, t.person as holder into asked
        from (select) as one
        left join gatehouse.live s on for_person and s.ticket_hash = item.ticket_hash
        left join gatehouse.event_kind k on k.event_type = item.event_type and exists (
            select from gatehouse.event_right r where r.event_type = item.event_type and r.role = login)
        left join gatehouse.stream_head h on h.stream = item.stream
        left join gatehouse.thread t on k.law = 'law_in_thread' and t.thread = item.payload->>'thread';
    if gatehouse.no_of(item.fault, item.well, item.ticket_hash, item.event_version, item.stream, item.key, for_person,
                       asked.session, asked.thread, asked.known, asked.kind_version, asked.stream_prefix) is not null
       or item.stream_version <> coalesce(asked.version, 0) + 1 or asked.followed_by is not null then
        return null;
    end if;
    actor_now := coalesce(asked.person, login);
    if item.key is not null and exists (
            select from gatehouse.idempotency y where y.role = login and y.actor = actor_now and y.key = item.key) then
        return null;
    end if;
    at_head.seq := at_head.seq + 1;
    at_head.recorded_at := greatest(clock_timestamp(), at_head.recorded_at);
    if asked.law = 'law_in_thread' and asked.holder = asked.person then
        if gatehouse.no_of_thread(item.stream, item.payload, asked.thread, asked.person, asked.holder) is not null then
            raise exception using errcode = 'GH001';
        end if;
    elsif asked.law is not null and gatehouse.law_says(asked.law, row(
            at_head.seq, at_head.recorded_at, login, actor_now, asked.person, asked.thread, item.event_type,
            item.stream, item.stream_version, item.trace_id, item.occurred_at, item.payload)::gatehouse.incoming)
            is not null then
        raise exception using errcode = 'GH001';
    end if;
    at_head.digest := sha256(at_head.digest || gatehouse.leaf(
        at_head.seq, at_head.recorded_at, login, actor_now, item.entry_text));
    insert into gatehouse.journal values (
        at_head.seq, at_head.recorded_at, login, actor_now, item.entry_text, item.event_id, item.event_type,
        item.event_version::int, item.stream, item.stream_version, item.trace_id, item.occurred_at, at_head.digest);
    if asked.version is null then
        insert into gatehouse.stream_head values (item.stream, item.stream_version);
    else
        update gatehouse.stream_head s set version = item.stream_version where s.stream = item.stream;
    end if;
    if item.key is not null then
        insert into gatehouse.idempotency values (login, actor_now, item.key, item.body, at_head.seq);
    end if;
    return at_head;
end $$;

create function gatehouse.event_id_used(id uuid, kept gatehouse.journal[]) returns boolean language sql stable as $$
    select exists (select from gatehouse.journal j where j.event_id = id)
        or exists (select from unnest(kept) as k where k.event_id = id)
$$;

-- One entry, or one group, that could not be taken with all others: its own transaction part, and its own answer.
create function gatehouse.take_carefully(items gatehouse.looked_at[], at_head gatehouse.head) returns gatehouse.taken
    language plpgsql as $$
declare
    broken text;
    failed gatehouse.looked_at;
    failed_answer text;
    failed_code text;
    refused gatehouse.journal;
begin
    begin
        return gatehouse.take(items, at_head, true);
    exception when sqlstate 'GH001' then
        get stacked diagnostics broken = message_text;
        failed := items[split_part(broken, ' ', 1)::int - items[1].n + 1];
        failed_answer := split_part(broken, ' ', 2);
        failed_code := split_part(broken, ' ', 3);
    end;
    if failed_answer = 'refused' then
        at_head.recorded_at := greatest(clock_timestamp(), at_head.recorded_at);
        refused := gatehouse.refusal(
            at_head,
            1 + coalesce((select s.version from gatehouse.stream_head s where s.stream = 'refused/' || session_user), 0),
            session_user, gatehouse.actor_of(failed.ticket_hash), failed.event_type, failed_code, failed.entry_text);
        perform gatehouse.write_down(array[refused], array[refused.stream], array[refused.stream_version], '{}');
        at_head.seq := refused.seq;
        at_head.digest := refused.digest;
    end if;
    return row(
        array(select row(i.n, failed_answer, null::bigint, case when i.n = failed.n then failed_code else 'group' end)
                     ::gatehouse.answered
              from unnest(items) as i),
        at_head)::gatehouse.taken;
end $$;

-- Whom the ticket names to logins that come for a person; the others come for themselves.
drop function gatehouse.actor_of(text);
create function gatehouse.actor_of(ticket_hash bytea) returns text language sql stable as $$
    select coalesce((select l.person from gatehouse.live l where l.ticket_hash = actor_of.ticket_hash
                     and session_user in ('gh_agent', 'gh_intake', 'gh_approver')), session_user::text)
$$;

-- `entries` is an array of {text, ticket?, key?, group?}. Neighbours that share a group are all or nothing. The law
-- compares days as texts, so their style is not the caller's. More entries, or larger ones, would hold the head
-- for longer than anybody may. The answers come in the entries' order. A plan is kept for a connection's life: made
-- while a table had few rows, it would read all of them for ever, so it goes by the indexes from the first entry on.
create function gatehouse.append(entries jsonb) returns table (n int, answer text, at_seq bigint, code text)
    language plpgsql security definer set search_path = pg_catalog, gatehouse, pg_temp set datestyle = 'ISO, YMD'
    set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off as $$
declare
    items gatehouse.looked_at[];
    at_head gatehouse.head;
    after gatehouse.head;
    done gatehouse.taken;  -- all together
    careful gatehouse.taken;
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
    -- waits in front of these locks: one at a time goes to the head, while one more is looked at. Whoever keeps
    -- them keeps them from agents alone, and what may be written does not depend on it.
    if session_user = 'gh_agent' then
        if not pg_try_advisory_xact_lock(1786642433) then
            perform pg_advisory_xact_lock(1786642435);
        end if;
        items := gatehouse.look(entries);
        perform pg_advisory_xact_lock(1786642434);
    else
        items := gatehouse.look(entries);
    end if;
    -- The head is locked here and moved at the end, both outside the transaction part between, which may fail. A head
    -- that was touched inside it would have a multixact for its holder, and the watchdog would not see who holds it.
    select h.* into at_head from gatehouse.head h for no key update;
    begin
        if cardinality(items) = 1 then
            after := gatehouse.take_one(items[1], at_head);
        else
            done := gatehouse.take(items, at_head, false);
        end if;
    exception when sqlstate 'GH001' or data_exception or integrity_constraint_violation or program_limit_exceeded then
        null;  -- nothing of it happened: once more, one by one
    end;
    if after.seq is not null then
        n := 1;
        answer := 'ok';
        at_seq := after.seq;
        return next;
    else
        if done.answers is null then
            done := row('{}'::gatehouse.answered[], at_head)::gatehouse.taken;
            while first <= cardinality(items) loop
                last := first;
                while items[first]."group" = items[last + 1]."group" loop
                    last := last + 1;
                end loop;
                careful := gatehouse.take_carefully(items[first:last], done.head);
                done := row(done.answers || careful.answers, careful.head)::gatehouse.taken;
                first := last + 1;
            end loop;
        end if;
        after := done.head;
        return query select a.* from unnest(done.answers) as a;
    end if;
    if after.seq > at_head.seq then
        update gatehouse.head set seq = after.seq, digest = after.digest, recorded_at = after.recorded_at;
    end if;
end $$;

alter function gatehouse.stream_versions(text[]) set enable_seqscan = off;

revoke all on all functions in schema gatehouse from public;
grant execute on function gatehouse.append(jsonb) to gh_agent, gh_intake, gh_approver, gh_gate;
