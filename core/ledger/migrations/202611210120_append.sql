-- The append: the only way anything becomes a fact. One statement, autocommit; answers per entry.

-- One entry on its way in, as the law sees it. `ticketed` is the session of the person, where there is one.
create type gatehouse.incoming as (
    seq bigint, recorded_at timestamptz, role text, actor text, person text, thread text,
    event_type text, stream text, stream_version bigint, trace_id text, occurred_at timestamptz, payload jsonb
);

-- leaf = sha256(0x00, u64 seq, u64 recorded_us, len role, len actor, len text, each followed by its bytes);
-- lengths are u32, all numbers big-endian. `core.ledger.chain.leaf` is its twin.
create function gatehouse.leaf(seq bigint, recorded_at timestamptz, role text, actor text, text text) returns bytea
    language sql immutable set search_path = pg_catalog, pg_temp as $$
    select sha256('\x00'::bytea || int8send(seq) || int8send((extract(epoch from recorded_at) * 1000000)::bigint)
        || int4send(octet_length(role)) || convert_to(role, 'UTF8')
        || int4send(octet_length(actor)) || convert_to(actor, 'UTF8')
        || int4send(octet_length(text)) || convert_to(text, 'UTF8'))
$$;

-- RFC 8785 text of an object or array whose keys are plain ASCII and whose numbers are whole and below 10^15.
-- Of any other it is not the text that came in, which is all that the caller asks.
create function gatehouse.canonical(value jsonb) returns text
    language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
begin
    if jsonb_typeof(value) = 'object' then
        return '{' || coalesce((
            select case when bool_and(m.text is not null and m.key ~ '^[ -~]*$')
                        then string_agg(to_json(m.key)::text || ':' || m.text, ',' order by m.key collate "C") end
            from (select e.key, gatehouse.canonical_part(e.value) as text from jsonb_each(value) as e) as m), '') || '}';
    end if;
    return '[' || coalesce((
        select case when bool_and(m.text is not null) then string_agg(m.text, ',' order by m.n) end
        from (select e.n, gatehouse.canonical_part(e.value) as text
              from jsonb_array_elements(value) with ordinality as e (value, n)) as m), '') || ']';
end $$;
create function gatehouse.canonical_part(value jsonb) returns text
    language sql immutable as $$
    select case jsonb_typeof(value)
        when 'number' then substring(value::text from '^-?[0-9]{1,15}$')
        when 'object' then gatehouse.canonical(value)
        when 'array' then gatehouse.canonical(value)
        else value::text end
$$;

-- The one text that this envelope has. Its fields are of the right form: stable, so that the planner does not
-- work it out before that is known.
create function gatehouse.envelope_text(envelope jsonb) returns text
    language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
    return format(
        '{"event_id":"%s","event_type":"%s","event_version":%s,"mono_ns":"%s","occurred_at":"%s","payload":%s,'
        '"policy_decisions":%s,"stream":"%s","stream_version":%s,"trace_id":"%s"}',
        (envelope->>'event_id')::uuid, envelope->>'event_type', envelope->>'event_version', envelope->>'mono_ns',
        to_char((envelope->>'occurred_at')::timestamptz at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        gatehouse.canonical(envelope->'payload'), gatehouse.canonical(envelope->'policy_decisions'),
        envelope->>'stream', envelope->>'stream_version', envelope->>'trace_id');
end $$;

-- What is wrong with an envelope's form, or null. Who reads the journal relies on it to the last byte, and a
-- hostile login must not be able to leave there what readers stumble over: so the text must be the only one
-- that this envelope can have (`not_canonical`: blanks, order, a key twice, another spelling, an extra key).
create function gatehouse.envelope_fault(envelope jsonb, entry_text text) returns text
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select case
        when octet_length(entry_text) > 262144 then 'too_large'
        when jsonb_typeof(envelope) is distinct from 'object' then 'malformed'
        when not pg_input_is_valid(coalesce(envelope->>'event_id', ''), 'uuid') then 'malformed_event_id'
        when coalesce(envelope->>'event_type', '') !~ '^[A-Z][A-Za-z]{1,60}$' then 'malformed_event_type'
        when coalesce(envelope->>'event_version', '') !~ '^[1-9][0-9]{0,3}$' then 'malformed_event_version'
        when coalesce(envelope->>'stream', '') !~ '^[a-z]+(/[A-Za-z0-9_.:-]{1,80}){0,2}$' then 'malformed_stream'
        when coalesce(envelope->>'stream_version', '') !~ '^[1-9][0-9]{0,14}$' then 'malformed_stream_version'
        when coalesce(envelope->>'trace_id', '') !~ '^[0-9a-f]{32}$' then 'malformed_trace_id'
        when coalesce(envelope->>'occurred_at', '') !~ '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$'
             or not pg_input_is_valid(envelope->>'occurred_at', 'timestamptz') then 'malformed_occurred_at'
        when coalesce(envelope->>'mono_ns', '') !~ '^[0-9]{1,20}$' then 'malformed_mono_ns'
        when jsonb_typeof(envelope->'policy_decisions') is distinct from 'array' then 'malformed_policy_decisions'
        when jsonb_typeof(envelope->'payload') is distinct from 'object' then 'malformed_payload'
        when gatehouse.envelope_text(envelope) is distinct from entry_text then 'not_canonical'
    end
$$;

-- Writes one entry at the head, whose row the caller holds locked.
create function gatehouse.chain_entry(entry gatehouse.incoming, entry_text text, event_id uuid, event_version int)
    returns void
    language plpgsql security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    new_digest bytea;
begin
    update gatehouse.head set
        seq = entry.seq, recorded_at = entry.recorded_at,
        digest = sha256(digest || gatehouse.leaf(entry.seq, entry.recorded_at, entry.role, entry.actor, entry_text))
        returning digest into new_digest;
    insert into gatehouse.journal values (
        entry.seq, entry.recorded_at, entry.role, entry.actor, entry_text, event_id, entry.event_type,
        event_version, entry.stream, entry.stream_version, entry.trace_id, entry.occurred_at, new_digest);
    insert into gatehouse.stream_head values (entry.stream, entry.stream_version)
        on conflict (stream) do update set version = excluded.version;
end $$;

-- A refused call is itself an entry. Its text is RFC 8785 by construction: sorted keys, plain ASCII.
create function gatehouse.record_refusal(role text, actor text, event_type text, code text, refused_text text)
    returns void
    language plpgsql security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    at_head gatehouse.head;
    entry gatehouse.incoming;
    entry_text text;
    new_id uuid := gen_random_uuid();
    known_type text := case when event_type ~ '^[A-Z][A-Za-z]{1,60}$' then event_type else 'unknown' end;
begin
    select * into at_head from gatehouse.head;
    entry.seq := at_head.seq + 1;
    entry.recorded_at := greatest(clock_timestamp(), at_head.recorded_at);
    entry.role := role;
    entry.actor := actor;
    entry.event_type := 'AttemptRefused';
    entry.stream := 'refused/' || role;
    entry.stream_version := 1 + coalesce((select version from gatehouse.stream_head where stream = entry.stream), 0);
    entry.trace_id := replace(new_id::text, '-', '');
    entry.occurred_at := entry.recorded_at;
    entry_text := format(
        '{"event_id":"%s","event_type":"AttemptRefused","event_version":1,"mono_ns":"0","occurred_at":"%s",'
        '"payload":{"attempted":"%s","code":"%s","text_digest":"%s"},"policy_decisions":[],'
        '"stream":"%s","stream_version":%s,"trace_id":"%s"}',
        new_id, to_char(entry.occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        known_type, code, encode(sha256(convert_to(refused_text, 'UTF8')), 'hex'),
        entry.stream, entry.stream_version, entry.trace_id);
    perform gatehouse.chain_entry(entry, entry_text, new_id, 1);
end $$;

-- One entry: 'ok', 'duplicate', 'conflict' or 'refused'. Only 'ok' consumes a sequence.
create function gatehouse.admit(item jsonb, out answer text, out at_seq bigint, out code text, out event_type text)
    language plpgsql security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    entry_text text := item->>'text';
    envelope jsonb;
    entry gatehouse.incoming;
    session gatehouse.session;
    kind gatehouse.event_kind;
    body bytea;
    earlier gatehouse.idempotency;
begin
    entry.role := session_user;
    entry.actor := session_user;
    answer := 'refused';
    begin
        if entry_text is null or not pg_input_is_valid(entry_text, 'jsonb') then
            code := 'malformed';
            return;
        end if;
        envelope := entry_text::jsonb;
        event_type := envelope->>'event_type';
        code := gatehouse.envelope_fault(envelope, entry_text);
    exception when statement_too_complex then  -- nested deeper than the stack: nothing honest is
        code := 'malformed';
    end;
    if code is null and octet_length(item->>'key') > 200 then
        code := 'malformed_key';
    end if;
    if code is not null then
        return;
    end if;
    entry.event_type := event_type;

    if entry.role in ('gh_agent', 'gh_intake', 'gh_approver') then
        session := gatehouse.live_session(item->>'ticket');
        if session.session is null then
            code := 'session_ended';
            return;
        end if;
        if (session.thread is not null) <> (entry.role = 'gh_agent') then
            code := 'wrong_ticket';
            return;
        end if;
        entry.person := session.person;
        entry.actor := session.person;
        entry.thread := session.thread;
    elsif item->>'ticket' is not null then
        code := 'wrong_ticket';
        return;
    end if;

    select * into kind from gatehouse.event_kind k where k.event_type = entry.event_type;
    if kind.event_type is null or not exists (
        select from gatehouse.event_right r where r.event_type = entry.event_type and r.role = entry.role) then
        code := 'no_right';
        return;
    end if;
    if (envelope->>'event_version')::int <> kind.version then
        code := 'malformed_event_version';
        return;
    end if;
    entry.stream := envelope->>'stream';
    if not starts_with(entry.stream, kind.stream_prefix) then
        code := 'wrong_stream';
        return;
    end if;
    entry.stream_version := (envelope->>'stream_version')::bigint;
    entry.trace_id := envelope->>'trace_id';
    entry.occurred_at := (envelope->>'occurred_at')::timestamptz;
    entry.payload := envelope->'payload';

    if item->>'key' is not null then
        body := sha256(convert_to(entry.event_type || ' ' || entry.stream || ' ' || entry.payload::text, 'UTF8'));
        select * into earlier from gatehouse.idempotency i
            where i.role = entry.role and i.actor = entry.actor and i.key = item->>'key';
        if earlier.key is not null then
            answer := case when earlier.body_digest = body then 'duplicate' else 'conflict' end;
            code := case when earlier.body_digest = body then null else 'key_reused' end;
            at_seq := earlier.seq;
            return;
        end if;
    end if;
    if exists (select from gatehouse.journal j where j.event_id = (envelope->>'event_id')::uuid) then
        answer := 'conflict';
        code := 'event_id_used';
        return;
    end if;
    if entry.stream_version
       <> 1 + coalesce((select s.version from gatehouse.stream_head s where s.stream = entry.stream), 0) then
        answer := 'conflict';
        code := 'version';
        return;
    end if;

    select h.seq + 1, greatest(clock_timestamp(), h.recorded_at) into entry.seq, entry.recorded_at
        from gatehouse.head h;
    if kind.law is not null then
        begin
            execute format('select gatehouse.%I($1)', kind.law) into code using entry;
        exception when data_exception or integrity_constraint_violation then
            code := 'malformed_payload';
        end;
        if code is not null then
            return;
        end if;
    end if;
    perform gatehouse.chain_entry(entry, entry_text, (envelope->>'event_id')::uuid, (envelope->>'event_version')::int);
    if body is not null then
        insert into gatehouse.idempotency values (entry.role, entry.actor, item->>'key', body, entry.seq);
    end if;
    answer := 'ok';
    at_seq := entry.seq;
end $$;

-- `entries` is an array of {text, ticket?, key?, group?}. Neighbours that share a group are all or nothing.
create function gatehouse.append(entries jsonb) returns table (n int, answer text, at_seq bigint, code text)
    language plpgsql security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    items jsonb[];
    first int := 1;
    last int;
    k int;
    outcome record;
    failed_at int;
    group_answers text[];
    group_seqs bigint[];
begin
    -- The parts of one statement begin within moments of each other; a transaction that was opened before
    -- and did something else is older.
    if statement_timestamp() - transaction_timestamp() > interval '250 milliseconds'
       or pg_current_xact_id_if_assigned() is not null then
        raise exception 'append is one statement of its own: a transaction around it would hold the head for everybody'
            using errcode = 'invalid_transaction_state';
    end if;
    select array_agg(value order by ordinality) into items from jsonb_array_elements(entries) with ordinality;
    -- Whoever waits for the head is not served in turn, so a crowd starves the others. All that agents append
    -- waits in front of this lock, and sends one to the head. Whoever keeps the lock keeps it from agents alone,
    -- and what may be written does not depend on it.
    if session_user = 'gh_agent' then
        perform pg_advisory_xact_lock(1786642434);
    end if;
    -- An update, not a mere row lock: a group's entries are a subtransaction, which would turn a lock's xmax into
    -- a multixact, and the watchdog would not see who holds the head.
    update gatehouse.head set one = true;
    while first <= coalesce(array_length(items, 1), 0) loop
        last := first;
        while items[first]->>'group' is not null and last < array_length(items, 1)
              and items[last + 1]->>'group' = items[first]->>'group' loop
            last := last + 1;
        end loop;
        if last = first then
            outcome := gatehouse.admit(items[first]);
            if outcome.answer = 'refused' then
                perform gatehouse.record_refusal(session_user, gatehouse.actor_of(items[first]->>'ticket'),
                    outcome.event_type, outcome.code, coalesce(items[first]->>'text', ''));
            end if;
            return query select first, outcome.answer, outcome.at_seq, outcome.code;
        else
            failed_at := null;
            group_answers := '{}';
            group_seqs := '{}';
            begin
                for k in first..last loop
                    outcome := gatehouse.admit(items[k]);
                    if outcome.answer in ('refused', 'conflict') then
                        failed_at := k;
                        raise exception using errcode = 'GH001', message = 'group';
                    end if;
                    group_answers := group_answers || outcome.answer;
                    group_seqs := group_seqs || outcome.at_seq;
                end loop;
            exception when sqlstate 'GH001' then
                null; -- what the group did is undone; the loop below says so
            end;
            if failed_at is null then
                return query select first - 1 + g.i::int, g.a, g.s, null::text
                    from unnest(group_answers, group_seqs) with ordinality as g (a, s, i);
            else
                if outcome.answer = 'refused' then
                    perform gatehouse.record_refusal(session_user, gatehouse.actor_of(items[failed_at]->>'ticket'),
                        outcome.event_type, outcome.code, coalesce(items[failed_at]->>'text', ''));
                end if;
                for k in first..last loop
                    return query select k, outcome.answer, null::bigint,
                        case when k = failed_at then outcome.code else 'group' end;
                end loop;
            end if;
        end if;
        first := last + 1;
    end loop;
end $$;

create function gatehouse.actor_of(ticket text) returns text
    language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
    select coalesce((gatehouse.live_session(ticket)).person, session_user::text)
$$;
-- Who holds the head's row: the xmax of a locked row is its locker, as long as that transaction runs.
create function gatehouse.head_holder() returns bigint
    language sql volatile security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
    select h.xmax::text::bigint from gatehouse.head h
    where exists (select from pg_locks l where l.locktype = 'transactionid' and l.transactionid = h.xmax
                  and l.mode = 'ExclusiveLock' and l.granted and l.pid <> pg_backend_pid())
$$;

-- Ends the backend of that transaction if it still holds the head: a stopped or hostile client holds up nobody
-- for long. What it had not committed did not happen. Answers its process id, or null.
create function gatehouse.end_head_holder(holder bigint) returns int
    language plpgsql volatile security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    holder_pid int;
begin
    if gatehouse.head_holder() is distinct from holder then
        return null;
    end if;
    select l.pid into holder_pid from pg_locks l
        where l.locktype = 'transactionid' and l.transactionid::text::bigint = holder
          and l.mode = 'ExclusiveLock' and l.granted limit 1;
    perform pg_terminate_backend(holder_pid);
    return holder_pid;
end $$;

-- The versions of some streams, for callers that are about to append to them.
create function gatehouse.stream_versions(streams text[]) returns table (stream text, version bigint)
    language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
    select s.stream, s.version from gatehouse.stream_head s where s.stream = any (streams)
$$;

insert into gatehouse.event_kind values ('AttemptRefused', 'refused/', null);

revoke all on all functions in schema gatehouse from public;
grant execute on function gatehouse.append(jsonb), gatehouse.stream_versions(text[])
    to gh_agent, gh_intake, gh_approver, gh_gate;
grant execute on function gatehouse.head_holder(), gatehouse.end_head_holder(bigint) to gh_gate;
