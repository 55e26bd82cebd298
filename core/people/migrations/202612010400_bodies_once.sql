-- A large body costs what it weighs: each is digested once, and its keeper's count is moved once, by what was new.

-- Keeps these bodies of one subject, each once. `code` is null, or why none was kept; the digests are worked out
-- here. Twenty thousand new bodies and 256 MiB a person and day are far beyond what an honest copilot leaves.
create or replace function gatehouse.keep_bodies(ticket text, of_subject text, keys int[], bodies bytea[]) returns text
    language plpgsql security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    code text;
    session gatehouse.session := gatehouse.live_session(ticket);
    who gatehouse.person;
    fresh record;
begin
    if session.session is null then
        code := 'session_ended';
    elsif (session.thread is not null) <> (session_user = 'gh_agent') then
        code := 'wrong_ticket';
    end if;
    if code is not null then
        return code;
    end if;
    select * into who from gatehouse.person p where p.person = session.person;
    if not (of_subject = who.person
            or exists (select from gatehouse.household h where h.household = of_subject and h.advisor = who.person)
            or who.role in ('principal', 'compliance', 'operations', 'auditor') and (
                exists (select from gatehouse.household h where h.household = of_subject)
                or exists (select from gatehouse.person p where p.person = of_subject))) then
        code := 'outside_book';
    elsif exists (select from gatehouse.forgetting f
                  where f.subject = of_subject and f.status in ('BEGUN', 'FORGOTTEN')) then
        code := 'forgotten_before';
    elsif cardinality(keys) <> cardinality(bodies) or cardinality(bodies) > 64 or array_ndims(bodies) > 1 then
        code := 'malformed_bodies';
    end if;
    if code is not null then
        return code;
    end if;
    begin
        with kept as (
            insert into gatehouse.body
                select of_subject, sha256(b.sealed), b.key, b.sealed, who.person, clock_timestamp()
                from unnest(keys, bodies) as b (key, sealed)
                on conflict (subject, digest) do nothing
                returning octet_length(sealed) as length)
        select count(*) as bodies, coalesce(sum(k.length), 0) as bytes into fresh from kept k;
        if fresh.bodies = 0 then
            return null;
        end if;
        -- One at a time for each person, so that the counts hold: whoever comes second waits here for the first.
        insert into gatehouse.body_use as u values (who.person, (now() at time zone 'UTC')::date, fresh.bodies, fresh.bytes)
            on conflict (person, day) do update set bodies = u.bodies + fresh.bodies, bytes = u.bytes + fresh.bytes
                where u.bodies + fresh.bodies <= 20000 and u.bytes + fresh.bytes <= 268435456;
        if not found or fresh.bytes > 268435456 then
            raise exception 'too many bodies' using errcode = 'GH001';  -- what was kept above is taken back
        end if;
    exception
        when data_exception or integrity_constraint_violation then
            return 'malformed_bodies';
        when sqlstate 'GH001' then
            return 'too_many_bodies';
    end;
    return null;
end $$;

-- What is sealed does not compress: it is not tried. (What was stored before stays as it is.)
alter table gatehouse.body alter column sealed set storage external;
alter table copilot.checkpoint alter column body set storage external;

revoke all on all functions in schema gatehouse from public;
