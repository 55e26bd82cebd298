-- present --
select gatehouse.present(%(ticket)s) as person;

-- whoami --
select p.person, p.login, p.role,
       (select r.state->'name' from gatehouse.reference r where r.kind = 'person' and r.id = p.person) as name,
       coalesce((select array_agg(g.registration order by g.registration) from gatehouse.registration g
                 where g.person = p.person), '{}') as registrations
from gatehouse.person p where p.person = gatehouse.asker_person();

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
