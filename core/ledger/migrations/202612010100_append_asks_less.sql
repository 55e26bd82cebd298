-- The append asks less of the server for each call: no plain step of it is a statement of its own any more (a statement
-- costs ten microseconds before its first row), and what is asked of many is not sorted by their order, which they
-- have already: where they had another, another way would take them.

-- The short way for many that are plainly good: what is asked of each is asked in one statement, and what is written is
-- written in one. Laws are asked in turn, behind it. The head behind the last, or null where another way must say what
-- they are; GH001 where a law says no, for what the laws before it wrote must go.
create or replace function gatehouse.take_together(items gatehouse.looked_at[], at_head gatehouse.head) returns gatehouse.head
    language plpgsql as $$
declare
    login text := session_user;
    for_person boolean := session_user in ('gh_agent', 'gh_intake', 'gh_approver');
    recorded timestamptz := greatest(clock_timestamp(), at_head.recorded_at);  -- one moment for one call
    stamp bytea := int8send((extract(epoch from recorded) * 1000000)::bigint)
        || int4send(octet_length(login)) || convert_to(login, 'UTF8');
    asked record;
    item record;
    leaf bytea;
    digest bytea := at_head.digest;
    digests bytea[] := '{}';
begin
    with kind as materialized (
        select k.* from (select distinct i.event_type from unnest(items) as i offset 0) as i
        cross join lateral (
            select k.* from gatehouse.event_kind k where k.event_type = i.event_type and exists (
                select from gatehouse.event_right r where r.event_type = i.event_type and r.role = login)
            offset 0) as k
    )
    select bool_and(k.followed_by is null and y.seq is null and gatehouse.no_of(
               i.fault, i.well, i.ticket_hash, i.event_version, i.stream, i.key, for_person, s.session, s.thread,
               k.event_type, k.version, k.stream_prefix) is null) as good,
           -- Nothing here is sorted: what is put together in one statement comes in one order, and this says which.
           array_agg(i.n) = array(select g from generate_series(1, cardinality(items)) as g) as in_turn,
           bool_or(i.stream_version <> coalesce(h.version, 0) + 1) as ahead,
           bool_or(i.key is not null) as keyed,
           array_agg(coalesce(h.version, 0)) as versions,
           array_agg(s.person) as persons,
           array_agg(s.thread) as threads,
           -- What the law of threads looks up was asked with all the others'. It only ever says yes here.
           array_agg(case when k.law <> 'law_in_thread' or (t.person = s.person) is not true
                            or gatehouse.no_of_thread(i.stream, i.payload, s.thread, s.person, t.person) is not null
                          then k.law end) as laws,
           array_agg(sha256(
               '\x00'::bytea || int8send(at_head.seq + i.n) || stamp
               || int4send(octet_length(coalesce(s.person, login))) || convert_to(coalesce(s.person, login), 'UTF8')
               || int4send(octet_length(i.entry_text)) || convert_to(i.entry_text, 'UTF8'))) as leaves
        into asked
        -- `offset 0` makes each of these one look at an index for one entry after another.
        from unnest(items) as i
        left join lateral (
            select l.* from gatehouse.live l where for_person and l.ticket_hash = i.ticket_hash offset 0) as s on true
        left join lateral (select k.* from kind k where k.event_type = i.event_type offset 0) as k on true
        left join lateral (select h.version from gatehouse.stream_head h where h.stream = i.stream offset 0) as h on true
        left join lateral (
            select t.person from gatehouse.thread t
            where k.law = 'law_in_thread' and t.thread = i.payload->>'thread' offset 0) as t on true
        left join lateral (
            select y.seq from gatehouse.idempotency y
            where i.key is not null and y.role = login and y.actor = coalesce(s.person, login) and y.key = i.key
            offset 0) as y on true;
    if asked.good is not true or asked.in_turn is not true then
        return null;
    end if;
    if asked.ahead then  -- one of a stream that came before stands behind that
        if exists (
                select from (
                    select i.stream_version - i.version as ahead,
                           row_number() over (partition by i.stream order by i.n) as place
                    from rows from (unnest(items), unnest(asked.versions)) as i (
                        n, entry_text, ticket_hash, key, body, "group", event_id, event_type, event_version, stream,
                        stream_version, trace_id, occurred_at, payload, well, fault, version)) as p
                where p.ahead <> p.place) then
            return null;
        end if;
    end if;
    if cardinality(array_remove(asked.laws, null)) > 0 then
        for item in
            select i.* from rows from (unnest(items), unnest(asked.persons), unnest(asked.threads), unnest(asked.laws)) as i (
                n, entry_text, ticket_hash, key, body, "group", event_id, event_type, event_version, stream,
                stream_version, trace_id, occurred_at, payload, well, fault, person, thread, law)
            where i.law is not null order by i.n
        loop
            if gatehouse.law_says(item.law, row(
                    at_head.seq + item.n, recorded, login, coalesce(item.person, login), item.person, item.thread,
                    item.event_type, item.stream, item.stream_version, item.trace_id, item.occurred_at,
                    item.payload)::gatehouse.incoming) is not null then
                raise exception using errcode = 'GH001';
            end if;
        end loop;
    end if;
    foreach leaf in array asked.leaves loop
        digest := sha256(digest || leaf);
        digests := digests || digest;
    end loop;
    -- Two that want one place in a stream meet its unique index.
    with moved as (
        insert into gatehouse.stream_head
            select i.stream, max(i.stream_version) from unnest(items) as i group by i.stream
            on conflict (stream) do update set version = excluded.version
    )
    insert into gatehouse.journal
        select at_head.seq + i.n, recorded, login, coalesce(i.person, login), i.entry_text, i.event_id, i.event_type,
               i.event_version::int, i.stream, i.stream_version, i.trace_id, i.occurred_at, i.digest
        from rows from (unnest(items), unnest(asked.persons), unnest(digests)) as i (
            n, entry_text, ticket_hash, key, body, "group", event_id, event_type, event_version, stream,
            stream_version, trace_id, occurred_at, payload, well, fault, person, digest);
    if asked.keyed then
        insert into gatehouse.idempotency
            select login, coalesce(i.person, login), i.key, i.body, at_head.seq + i.n
            from rows from (unnest(items), unnest(asked.persons)) as i (
                n, entry_text, ticket_hash, key, body, "group", event_id, event_type, event_version, stream,
                stream_version, trace_id, occurred_at, payload, well, fault, person)
            where i.key is not null;
    end if;
    at_head.seq := at_head.seq + cardinality(items);
    at_head.recorded_at := recorded;
    at_head.digest := digest;
    return at_head;
end $$;

-- `entries` is an array of {text, ticket?, key?, group?}. Neighbours that share a group are all or nothing. The law
-- compares days as texts, so their style is not the caller's. More entries, or larger ones, would hold the head
-- for longer than anybody may. The answers come in the entries' order. A plan is kept for a connection's life: made
-- while a table had few rows, it would read all of them for ever, so it goes by the indexes from the first entry on.
create or replace function gatehouse.append(entries jsonb) returns table (n int, answer text, at_seq bigint, code text)
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
    in_pairs boolean := false;
    waited text;
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
            waited := pg_advisory_xact_lock(1786642435)::text;
        end if;
        items := gatehouse.look(entries);
        waited := pg_advisory_xact_lock(1786642434)::text;
    else
        items := gatehouse.look(entries);
    end if;
    -- The head is locked here and moved at the end, both outside the transaction part between, which may fail. A head
    -- that was touched inside it would have a multixact for its holder, and the watchdog would not see who holds it.
    select h.* into at_head from gatehouse.head h for no key update;
    -- A draft that its front has assessed comes with what is said of it; `take` knows how many of those go together.
    if session_user = 'gh_intake' then
        in_pairs := exists (select from unnest(items) as i where i.event_type = 'ProposalDrafted');
    end if;
    begin
        if cardinality(items) = 1 then
            after := gatehouse.take_one(items[1], at_head);
        elsif in_pairs then
            done := gatehouse.take(items, at_head, false);
        else
            after := gatehouse.take_together(items, at_head);
        end if;
    exception when sqlstate 'GH001' or data_exception or integrity_constraint_violation or program_limit_exceeded then
        null;  -- nothing of it happened: once more, in turn
    end;
    if after.seq is null and cardinality(items) > 1 and not in_pairs then
        begin
            done := gatehouse.take(items, at_head, false);
        exception when sqlstate 'GH001' or data_exception or integrity_constraint_violation or program_limit_exceeded then
            null;  -- nor of this: once more, one by one
        end;
    end if;
    if after.seq is not null then
        answer := 'ok';
        for k in 1..cardinality(items) loop
            n := k;
            at_seq := at_head.seq + k;
            return next;
        end loop;
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

revoke all on all functions in schema gatehouse from public;
grant execute on function gatehouse.append(jsonb) to gh_agent, gh_intake, gh_approver, gh_gate;
