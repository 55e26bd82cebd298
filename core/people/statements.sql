-- present --
select gatehouse.present(%(ticket)s) as person;

-- whoami --
select p.person, p.login, p.role,
       (select r.state->'name' from gatehouse.reference r where r.kind = 'person' and r.id = p.person) as name,
       coalesce((select array_agg(g.registration order by g.registration) from gatehouse.registration g
                 where g.person = p.person), '{}') as registrations
from gatehouse.person p where p.person = gatehouse.asker_person();

-- whose --
-- Who asks, and whose household that is.
select h.advisor, gatehouse.asker_person() as person from gatehouse.household h where h.household = %(household)s;

-- colleagues --
-- Everybody who works here; the names are sealed.
select r.id as person, r.state->'name' as name from gatehouse.reference r where r.kind = 'person' order by r.id;

-- sign_in_salt --
select gatehouse.sign_in_salt(%(login)s) as salt;

-- open_session --
select person, expires_at, refused
from gatehouse.open_session(%(login)s, %(proof)s, %(session)s, %(ticket_hash)s);

-- open_thread_session --
select gatehouse.open_thread_session(%(ticket)s, %(thread)s, %(session)s, %(ticket_hash)s) as expires_at;

-- close_session --
select gatehouse.close_session(%(ticket)s);

-- set_credential --
-- The owner's login alone.
insert into gatehouse.credential (login, person, salt, verifier, changed_at)
select p.login, p.person, %(salt)s, %(verifier)s, clock_timestamp()
from gatehouse.person p where p.login = %(login)s
on conflict (login) do update set salt = excluded.salt, verifier = excluded.verifier, changed_at = excluded.changed_at
returning person;

-- end_sessions --
update gatehouse.session set closed_at = clock_timestamp() where person = %(person)s and closed_at is null;

-- threads --
select t.thread, t.household, t.opened_at from gatehouse.thread t order by t.opened_at desc limit 200;

-- thread_messages --
-- What was said in a thread, as its owner may read it.
select seq, recorded_at, event_type, text from gatehouse.journal_line
where stream = %(stream)s and event_type in ('MessageReceived', 'AnswerGiven') order by seq;

-- conversation_lines --
-- A trace's conversation from its first entry to the last of that trace, as far as the asker may read it.
with asked as (
    select stream, max(seq) as last from gatehouse.journal_line
    where trace_id = %(trace)s and starts_with(stream, 'thread/') group by stream order by last limit 1)
select l.seq, l.recorded_at, l.role, l.actor, l.event_type, l.stream, l.trace_id, l.text
from gatehouse.journal_line l join asked a using (stream)
where l.seq <= a.last order by l.seq limit %(limit)s;

-- trace_lines --
select seq, recorded_at, role, actor, event_type, stream, trace_id, text from gatehouse.journal_line
where trace_id = %(trace)s order by seq;

-- subjects_in_book --
-- Whose words an asker may read: herself, and the clients and households that the row policies show her.
select gatehouse.asker_person() as subject
union select r.id from gatehouse.reference r where r.kind = 'household'
union select c.client->>'client' from gatehouse.reference r, jsonb_array_elements(r.state->'clients') as c (client)
      where r.kind = 'household'
union select p.person from gatehouse.person p where %(names)s;

-- present_any --
-- A person's own ticket, or a copilot's: for opening words of the book that either names.
select gatehouse.present_for_words(%(ticket)s) as person;
