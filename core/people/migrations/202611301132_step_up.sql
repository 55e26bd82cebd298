-- Stepping up: somebody who is signed in proves once more, for one decision, that it is she. What is proven is
-- compared here and nowhere else, and a decision consumes it.
--
-- Only the functions below read these tables. What the append changes in them, nobody else does: a client that keeps
-- a transaction open cannot make the head wait.

create table gatehouse.authenticator (
    person       text primary key references gatehouse.person,
    secret       bytea not null,
    enrolled_seq bigint not null
);
-- A secret that was shown and not yet proven.
create table gatehouse.authenticator_offer (
    offer      uuid primary key default gen_random_uuid(),
    person     text not null references gatehouse.person,
    secret     bytea not null,
    offered_at timestamptz not null
);
create table gatehouse.step_up (
    step_up    uuid primary key default gen_random_uuid(),
    person     text not null references gatehouse.person,
    about      text not null,
    digest     text not null,
    method     text not null check (method in ('totp', 'password')),
    offer      uuid,  -- the secret that the code was of, where that was not an enrolled one
    was_right  boolean not null,
    opened_at  timestamptz not null,
    expires_at timestamptz not null,
    used_seq   bigint
);
create index step_up_person on gatehouse.step_up (person, about, opened_at);
create table gatehouse.step_used (person text primary key references gatehouse.person, step bigint not null);

alter table gatehouse.authenticator enable row level security;
alter table gatehouse.authenticator_offer enable row level security;
alter table gatehouse.step_up enable row level security;
alter table gatehouse.step_used enable row level security;
revoke all on gatehouse.authenticator, gatehouse.authenticator_offer, gatehouse.step_up, gatehouse.step_used from public;

-- How often somebody may try. A row can be rolled back by whoever guesses, a sequence cannot: its value is the
-- moment, in milliseconds, up to which tries are paid for. People share 64 of them by the digest of their id.
create table gatehouse.pace (slot int primary key check (slot between 0 and 63));
insert into gatehouse.pace select n from generate_series(0, 63) as n;
alter table gatehouse.pace enable row level security;
revoke all on gatehouse.pace from public;
do $$ begin
    for n in 0..63 loop
        execute format('create sequence gatehouse.pace_%s', n);
    end loop;
end $$;

-- FIPS 180-4 section 6.1.2. PostgreSQL has no SHA-1 of its own, and authenticators know hardly anything else.
create function gatehouse.sha1(message bytea) returns bytea
    language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
declare
    word constant bigint := 4294967295;
    padded bytea := message || '\x80'::bytea || decode(repeat('00', (119 - length(message) % 64) % 64), 'hex')
        || int8send(length(message)::bigint * 8);
    h bigint[] := '{1732584193,4023233417,2562383102,271733878,3285377520}';
    w bigint[];
    a bigint; b bigint; c bigint; d bigint; e bigint; f bigint; k bigint; x bigint;
begin
    for block in 0..length(padded) / 64 - 1 loop
        for t in 0..15 loop
            x := block * 64 + t * 4;
            w[t] := (get_byte(padded, x::int)::bigint << 24) | (get_byte(padded, x::int + 1) << 16)
                | (get_byte(padded, x::int + 2) << 8) | get_byte(padded, x::int + 3);
        end loop;
        for t in 16..79 loop
            x := w[t - 3] # w[t - 8] # w[t - 14] # w[t - 16];
            w[t] := ((x << 1) | (x >> 31)) & word;
        end loop;
        a := h[1]; b := h[2]; c := h[3]; d := h[4]; e := h[5];
        for t in 0..79 loop
            if t < 20 then
                f := (b & c) | ((b # word) & d); k := 1518500249;
            elsif t < 40 then
                f := b # c # d; k := 1859775393;
            elsif t < 60 then
                f := (b & c) | (b & d) | (c & d); k := 2400959708;
            else
                f := b # c # d; k := 3395469782;
            end if;
            x := (((a << 5) | (a >> 27)) + f + e + k + w[t]) & word;
            e := d; d := c; c := ((b << 30) | (b >> 2)) & word; b := a; a := x;
        end loop;
        h := array[(h[1] + a) & word, (h[2] + b) & word, (h[3] + c) & word, (h[4] + d) & word, (h[5] + e) & word];
    end loop;
    return substring(int8send(h[1]) from 5) || substring(int8send(h[2]) from 5) || substring(int8send(h[3]) from 5)
        || substring(int8send(h[4]) from 5) || substring(int8send(h[5]) from 5);
end $$;

-- RFC 2104.
create function gatehouse.hmac_sha1(key bytea, message bytea) returns bytea
    language plpgsql immutable set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    block bytea := case when length(key) > 64 then gatehouse.sha1(key) else key end;
    inner_pad bytea;
    outer_pad bytea;
begin
    block := block || decode(repeat('00', 64 - length(block)), 'hex');
    inner_pad := block;
    outer_pad := block;
    for n in 0..63 loop
        inner_pad := set_byte(inner_pad, n, get_byte(block, n) # 54);
        outer_pad := set_byte(outer_pad, n, get_byte(block, n) # 92);
    end loop;
    return gatehouse.sha1(outer_pad || gatehouse.sha1(inner_pad || message));
end $$;

-- The code of one step of 30 seconds. RFC 6238, and RFC 4226 section 5.3 for the digits.
create function gatehouse.totp(secret bytea, step bigint, digits int) returns text
    language plpgsql immutable set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    mac bytea := gatehouse.hmac_sha1(secret, int8send(step));
    at int := get_byte(mac, 19) & 15;
    number bigint := ((get_byte(mac, at) & 127)::bigint << 24) | (get_byte(mac, at + 1) << 16)
        | (get_byte(mac, at + 2) << 8) | get_byte(mac, at + 3);
begin
    return lpad((number % (10::numeric ^ digits)::bigint)::text, digits, '0');
end $$;

-- Takes one try: five at once, then one every three minutes. Answers what to give back after a right one, or null
-- where there is none left. The caller's row lock makes tries of one slot wait for each other.
create function gatehouse.take_try(of_person text) returns bigint
    language plpgsql volatile set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    mine int := get_byte(sha256(convert_to(of_person, 'UTF8')), 0) & 63;
    moment bigint := (extract(epoch from clock_timestamp()) * 1000)::bigint;
    paid bigint;
begin
    perform from gatehouse.pace p where p.slot = mine for update;
    execute format('select last_value from gatehouse.pace_%s', mine) into paid;
    if paid > moment + 4 * 180000 then
        return null;
    end if;
    perform setval(format('gatehouse.pace_%s', mine)::regclass, greatest(paid, moment) + 180000);
    return paid;
end $$;

create function gatehouse.give_try_back(of_person text, paid bigint) returns void
    language sql volatile set search_path = pg_catalog, gatehouse, pg_temp as $$
    select setval(format('gatehouse.pace_%s', get_byte(sha256(convert_to(of_person, 'UTF8')), 0) & 63)::regclass, paid)
$$;

-- What somebody who is signed in can step up with: the salt of her password, and whether she has an authenticator.
create function gatehouse.step_up_asks(ticket text, out salt bytea, out enrolled boolean)
    language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
    select c.salt, exists (select from gatehouse.authenticator a where a.person = s.person)
    from gatehouse.live_session(ticket) s left join gatehouse.credential c on c.person = s.person
    where s.session is not null and s.thread is null
$$;

-- A new secret for an authenticator, shown once, to whoever knows the password. `refused`: 'session_ended',
-- 'too_many', 'wrong', 'enrolled'.
create function gatehouse.offer_authenticator(ticket text, proof bytea, out secret bytea, out refused text)
    language plpgsql volatile security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    s gatehouse.session := gatehouse.live_session(ticket);
    paid bigint;
begin
    if s.session is null or s.thread is not null then
        refused := 'session_ended';
        return;
    end if;
    if exists (select from gatehouse.authenticator a where a.person = s.person) then
        refused := 'enrolled';
        return;
    end if;
    paid := gatehouse.take_try(s.person);
    if paid is null then
        refused := 'too_many';
    elsif not exists (select from gatehouse.credential c where c.person = s.person and c.verifier = sha256(proof)) then
        refused := 'wrong';
    else
        perform gatehouse.give_try_back(s.person, paid);
        delete from gatehouse.authenticator_offer o
            where o.person = s.person and o.offered_at < clock_timestamp() - interval '1 day';
        secret := substring(sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())) for 20);
        insert into gatehouse.authenticator_offer (person, secret, offered_at)
            values (s.person, offer_authenticator.secret, clock_timestamp());
    end if;
end $$;

-- Proves, for one thing alone: with a code, or with the password where there is no authenticator. `about` is the
-- stream of what she is going to decide on, and `digest` that of what she saw; to enrol an authenticator it is
-- 'authenticator/enrol', with a code of the newest secret that was offered. Good for two minutes, once.
-- Answers 'right', 'wrong', 'too_many', 'not_enrolled', 'code_needed' or 'session_ended'.
create function gatehouse.step_up(ticket text, about text, digest text, proof bytea, code text) returns text
    language plpgsql volatile security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    s gatehouse.session := gatehouse.live_session(ticket);
    moment timestamptz := clock_timestamp();
    this_step bigint := floor(extract(epoch from moment) / 30);
    enrols boolean := coalesce(about = 'authenticator/enrol', false);
    offered gatehouse.authenticator_offer;
    known bytea;
    used bigint;
    paid bigint;
    was_right boolean := false;
begin
    if s.session is null or s.thread is not null or about is null or digest is null or length(about || digest) > 400 then
        return 'session_ended';
    end if;
    select a.secret into known from gatehouse.authenticator a where a.person = s.person;
    if enrols then
        select * into offered from gatehouse.authenticator_offer o
            where o.person = s.person and o.offered_at > moment - interval '10 minutes'
            order by o.offered_at desc limit 1;
        known := offered.secret;
    elsif known is not null and code is null then
        return 'code_needed';
    end if;
    if code is not null and known is null then
        return 'not_enrolled';
    end if;
    paid := gatehouse.take_try(s.person);
    if paid is null then
        return 'too_many';
    end if;
    if code is not null then
        insert into gatehouse.step_used values (s.person, 0) on conflict do nothing;
        select u.step into used from gatehouse.step_used u where u.person = s.person for update;
        for n in -1..1 loop
            -- A code counts once: none of a step that was used, nor of one before it. A new secret has none yet.
            if (enrols or this_step + n > used) and gatehouse.totp(known, this_step + n, 6) = code then
                was_right := true;
                update gatehouse.step_used u set step = greatest(u.step, this_step + n) where u.person = s.person;
                exit;
            end if;
        end loop;
    else
        was_right := exists (
            select from gatehouse.credential c where c.person = s.person and c.verifier = sha256(proof));
    end if;
    if was_right then
        perform gatehouse.give_try_back(s.person, paid);
    end if;
    delete from gatehouse.step_up u where u.person = s.person and u.expires_at < moment - interval '1 day';
    insert into gatehouse.step_up (person, about, digest, method, offer, was_right, opened_at, expires_at) values (
        s.person, about, digest, case when code is null then 'password' else 'totp' end, offered.offer, was_right,
        moment, moment + interval '2 minutes');
    return case when was_right then 'right' else 'wrong' end;
end $$;

-- The append's side of it: takes a proof for that, once. `fault`: a wrong one alone, or none that is still good. A
-- second click with the same code is wrong, and takes nothing from the first.
create function gatehouse.take_step_up(
    of_person text, for_what text, of_digest text, at_seq bigint, out method text, out offer uuid, out fault text
) language plpgsql volatile set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    newest gatehouse.step_up;
begin
    select * into newest from gatehouse.step_up u
        where u.person = of_person and u.about = for_what and u.digest = of_digest
          and u.used_seq is null and u.expires_at >= clock_timestamp()
        order by u.was_right desc, u.opened_at desc limit 1;
    if newest.step_up is null then
        fault := 'step_up_missing';
        return;
    end if;
    update gatehouse.step_up u set used_seq = at_seq where u.step_up = newest.step_up;
    if newest.was_right then
        method := newest.method;
        offer := newest.offer;
    else
        fault := 'step_up_wrong';
    end if;
end $$;

create function gatehouse.law_authenticator_enrolled(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    proven record;
begin
    if e.stream <> 'person/' || e.person or e.payload->>'person' <> e.person then
        return 'wrong_stream';
    end if;
    if exists (select from gatehouse.authenticator a where a.person = e.person) then
        return 'authenticator_enrolled';
    end if;
    select * into proven from gatehouse.take_step_up(e.person, 'authenticator/enrol', '', e.seq);
    if proven.fault is not null then
        return proven.fault;
    end if;
    insert into gatehouse.authenticator
        select o.person, o.secret, e.seq from gatehouse.authenticator_offer o where o.offer = proven.offer;
    return null;
end $$;

-- She takes hers away with a code of it. Of a lost one the owner's login does, on the machine.
create function gatehouse.law_authenticator_removed(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    about text := e.payload->>'person';
    fault text;
begin
    if e.stream <> 'person/' || about or e.role <> 'gh_owner' and about <> e.person then
        return 'wrong_stream';
    end if;
    if not exists (select from gatehouse.authenticator a where a.person = about) then
        return 'no_authenticator';
    end if;
    if e.role <> 'gh_owner' then
        select t.fault into fault from gatehouse.take_step_up(e.person, 'authenticator/remove', '', e.seq) t;
        if fault is not null then
            return fault;
        end if;
    end if;
    delete from gatehouse.authenticator a where a.person = about;
    return null;
end $$;

insert into gatehouse.event_kind (event_type, stream_prefix, law) values
    ('AuthenticatorEnrolled', 'person/', 'law_authenticator_enrolled'),
    ('AuthenticatorRemoved', 'person/', 'law_authenticator_removed');
insert into gatehouse.event_right (event_type, role)
    select event_type, 'gh_approver' from unnest(array[
        'AuthenticatorEnrolled', 'AuthenticatorRemoved']) as own (event_type)
    union all select event_type, 'gh_owner' from unnest(array['AuthenticatorRemoved']) as lost (event_type);

revoke all on all functions in schema gatehouse from public;
grant execute on function gatehouse.step_up_asks(text), gatehouse.offer_authenticator(text, bytea),
    gatehouse.step_up(text, text, text, bytea, text) to gh_approver;
