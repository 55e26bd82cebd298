-- What a run of the copilot was made of, and what an advisor prefers.

-- A preference is a place in one of her own messages: there are no words here but that message, still sealed. `said`
-- is null once it is erased. The message itself stays in the record, as every message does.
create table gatehouse.preference (
    preference text        primary key,
    person     text        not null references gatehouse.person,
    household  text,
    thread     text        not null references gatehouse.thread,
    message    text        not null,
    first      int         not null check (first >= 0),
    past       int         not null check (past > first),
    said       jsonb,
    kept_at    timestamptz not null,
    kept_seq   bigint      not null,
    erased_at  timestamptz,
    erased_seq bigint,
    check ((said is null) = (erased_seq is not null))
);
create unique index preference_kept_once on gatehouse.preference (person, message, first, past) where said is not null;
alter table gatehouse.preference enable row level security;
create policy own on gatehouse.preference for select to gh_intake
    using (person = (select gatehouse.asker_person()));
revoke all on gatehouse.preference from public;
grant select on gatehouse.preference to gh_intake;

-- The sealed text of a message that this person wrote in this thread; null: she wrote none such.
create function gatehouse.message_of(of_thread text, of_person text, of_message text) returns jsonb
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select j.text::jsonb->'payload'->'text' from gatehouse.thread t
    join gatehouse.journal j on j.stream = 'thread/' || t.thread and j.event_type = 'MessageReceived'
    where t.thread = of_thread and t.person = of_person and j.text::jsonb->'payload'->>'message' = of_message
$$;

-- By the copilot, with the ticket of her thread, of a message of hers in that very thread. No document, note, tool
-- or model has such a message, and none can name words that she did not write.
create function gatehouse.law_preference_kept(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    span jsonb := e.payload->'said';
    message jsonb;
begin
    if e.stream <> 'preference/' || (e.payload->>'preference') or e.stream_version <> 1
       or e.payload->>'preference' !~ '^prf-[0-9a-f]{32}$' or e.payload->>'agent' !~ '^[a-z-]{1,40}$' then
        return 'wrong_stream';
    end if;
    if gatehouse.span_well_formed(span) is not true or span->>'field' <> 'preference'
       or (span->>'end')::int <= (span->>'start')::int or (span->>'end')::int - (span->>'start')::int > 500 then
        return 'malformed_payload';
    end if;
    if e.payload->>'thread' is distinct from e.thread then
        return 'wrong_author';
    end if;
    message := gatehouse.message_of(e.thread, e.person, span->>'message');
    -- Base64 of a nonce, the words and a tag: 28 bytes beside the words, and a character is at least one.
    if message is null or (span->>'end')::int > length(message->>'sealed') * 3 / 4 - 28 then
        return 'not_her_words';
    end if;
    if gatehouse.halted('agent:' || (e.payload->>'agent')) then
        return 'halted';
    end if;
    if exists (select from gatehouse.preference p where p.person = e.person and p.message = span->>'message'
               and p.first = (span->>'start')::int and p.past = (span->>'end')::int and p.said is not null) then
        return 'preference_kept';
    end if;
    if (select count(*) from gatehouse.preference p where p.person = e.person and p.said is not null) >= 50 then
        return 'too_many_preferences';
    end if;
    insert into gatehouse.preference values (
        e.payload->>'preference', e.person,
        (select t.household from gatehouse.thread t where t.thread = e.thread), e.thread, span->>'message',
        (span->>'start')::int, (span->>'end')::int, message, e.recorded_at, e.seq, null, null);
    return null;
end $$;

-- By herself; or by the copilot, where a message of hers in the ticket's thread asks for it.
create function gatehouse.law_preference_erased(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    asked jsonb := nullif(e.payload->'asked', 'null');
    kept gatehouse.preference;
begin
    if e.stream <> 'preference/' || (e.payload->>'preference') then
        return 'wrong_stream';
    end if;
    select * into kept from gatehouse.preference p where p.preference = e.payload->>'preference';
    if kept.preference is null or kept.person <> e.person then
        return 'no_such_preference';
    end if;
    if e.role = 'gh_agent' then
        if asked is null or gatehouse.span_well_formed(asked) is not true
           or coalesce(e.payload->>'agent', '') !~ '^[a-z-]{1,40}$' then
            return 'malformed_payload';
        end if;
        if gatehouse.message_of(e.thread, e.person, asked->>'message') is null then
            return 'not_her_words';
        end if;
        if gatehouse.halted('agent:' || (e.payload->>'agent')) then
            return 'halted';
        end if;
    elsif asked is not null or e.payload->>'agent' is not null then
        return 'wrong_author';
    end if;
    if kept.said is null then
        return 'preference_erased';
    end if;
    update gatehouse.preference p set said = null, erased_at = e.recorded_at, erased_seq = e.seq
        where p.preference = kept.preference;
    return null;
end $$;

insert into gatehouse.event_kind (event_type, stream_prefix, law) values
    ('RunBegun', 'thread/', 'law_in_thread'),
    ('PreferenceKept', 'preference/', 'law_preference_kept'),
    ('PreferenceErased', 'preference/', 'law_preference_erased');

insert into gatehouse.event_right (event_type, role)
    select event_type, 'gh_agent' from unnest(array[
        'RunBegun', 'PreferenceKept', 'PreferenceErased']) as agents (event_type)
    union all select event_type, 'gh_intake' from unnest(array[
        'PreferenceErased']) as intake (event_type);

revoke all on all functions in schema gatehouse from public;
