-- What models may cost, reserved before each call. Two or ten copilots spend from the same rows, and none of them
-- can change a cap, a price or a count: caps and prices are the owner's, and the counts move by two functions.
--
-- What a copilot claims afterwards (tokens) can give back what it reserved and no more; a call is never given back
-- and the time is measured here. So whatever it claims, nobody exceeds the calls, each of at most its reservation.

create table gatehouse.model_budget (
    scope   text primary key check (scope in ('run', 'advisor', 'day')),
    calls   bigint  not null check (calls >= 0),
    tokens  bigint  not null check (tokens >= 0),
    seconds bigint  not null check (seconds >= 0),
    dollars numeric not null check (dollars >= 0)
);
insert into gatehouse.model_budget values
    ('run', 20, 400000, 600, 2), ('advisor', 2000, 10000000, 36000, 50), ('day', 20000, 100000000, 360000, 500);

-- Dollars per million tokens. The empty name: every model that has no row of its own.
create table gatehouse.model_price (
    model   text primary key,
    read    numeric not null check (read >= 0),
    written numeric not null check (written >= 0)
);

-- What each scope has used on that day: reserved and not settled, and spent. `holder`: a run is a thread and a
-- message, an advisor a person, the day everybody.
create table gatehouse.model_use (
    scope   text    not null references gatehouse.model_budget,
    holder  text    not null,
    day     date    not null,
    calls   bigint  not null default 0,
    tokens  bigint  not null default 0,
    ms      bigint  not null default 0,
    dollars numeric not null default 0,
    primary key (scope, holder, day)
);

-- One row a call of a model.
create table gatehouse.model_call (
    call       uuid primary key,
    person     text        not null references gatehouse.person,
    run        text        not null,
    day        date        not null,
    model      text        not null,
    tokens     bigint      not null,
    ms         bigint      not null,
    dollars    numeric     not null,
    begun_at   timestamptz not null,
    settled_at timestamptz
);
create index model_call_day on gatehouse.model_call (day);

alter table gatehouse.model_budget enable row level security;
alter table gatehouse.model_price enable row level security;
alter table gatehouse.model_use enable row level security;
alter table gatehouse.model_call enable row level security;
revoke all on gatehouse.model_budget, gatehouse.model_price, gatehouse.model_use, gatehouse.model_call from public;

-- A model that nobody set a price for costs what the dearest one does: another name is no way around dollars.
create function gatehouse.model_dollars(of_model text, tokens_read bigint, tokens_written bigint) returns numeric
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select coalesce((select (p.read * tokens_read + p.written * tokens_written) / 1000000
                     from gatehouse.model_price p
                     where p.model in (of_model, '') order by p.model = '' limit 1),
                    (select max(p.read * tokens_read + p.written * tokens_written) / 1000000
                     from gatehouse.model_price p), 0)
$$;

-- Takes one call out of the three budgets, or none of it: `ended` is then which one, as `advisor_tokens`, or what is wrong
-- with the question.
-- `message` is the one that is being answered; it must be there, so that no run is made up to begin anew.
create function gatehouse.reserve_thought(
    ticket text, message text, model text, tokens_read bigint, tokens_written bigint, for_ms bigint,
    out call uuid, out ended text)
    language plpgsql security definer set search_path = pg_catalog, gatehouse, pg_temp set lock_timeout = '1s' as $$
declare
    session gatehouse.session := gatehouse.live_session(ticket);
    today date := (clock_timestamp() at time zone 'UTC')::date;
    cost numeric;
    wanted bigint := tokens_read + tokens_written;
    run text;
    one record;
begin
    if session.session is null then
        ended := 'session_ended';
    elsif session.thread is null or session_user <> 'gh_agent' then
        ended := 'wrong_ticket';
    elsif tokens_read is null or tokens_written is null or for_ms is null or model is null
          or tokens_read not between 1 and 10000000 or tokens_written not between 1 and 1000000
          or for_ms not between 1 and 600000 or model !~ '^[A-Za-z0-9_.:/@+-]{1,100}$' then
        ended := 'malformed_reservation';
    elsif not exists (select from gatehouse.journal j
                      where j.stream = 'thread/' || session.thread and j.event_type = 'MessageReceived'
                        and j.text::jsonb->'payload'->>'message' = reserve_thought.message) then
        ended := 'no_such_message';
    end if;
    if ended is not null then
        return;
    end if;
    run := session.thread || '/' || message;
    cost := gatehouse.model_dollars(model, tokens_read, tokens_written);
    insert into gatehouse.model_use (scope, holder, day)
        values ('run', run, today), ('advisor', session.person, today), ('day', 'all', today)
        on conflict do nothing;
    -- In one order for everybody: the narrowest first, the one that all share last and shortest.
    for one in
        select s.scope, array_position(array[u.calls + 1 > b.calls, u.tokens + wanted > b.tokens,
                   u.ms + for_ms > b.seconds * 1000, u.dollars + cost > b.dollars], true) as over
        from (values (1, 'run', run), (2, 'advisor', session.person), (3, 'day', 'all')) as s (place, scope, holder)
        join gatehouse.model_budget b on b.scope = s.scope
        join gatehouse.model_use u on u.scope = s.scope and u.holder = s.holder and u.day = today
        order by s.place for update of u
    loop
        ended := coalesce(ended, one.scope || '_' || (array['calls', 'tokens', 'seconds', 'dollars'])[one.over]);
    end loop;
    if ended is not null then
        return;
    end if;
    update gatehouse.model_use u
        set calls = u.calls + 1, tokens = u.tokens + wanted, ms = u.ms + for_ms, dollars = u.dollars + cost
        where u.day = today and (u.scope, u.holder) in (('run', run), ('advisor', session.person), ('day', 'all'));
    call := gen_random_uuid();
    insert into gatehouse.model_call (call, person, run, day, model, tokens, ms, dollars, begun_at)
        values (call, session.person, run, today, model, wanted, for_ms, cost, clock_timestamp());
end $$;

-- What a call came to, once. Null tokens: nobody counted them, and the reservation stands. True: it was settled.
create function gatehouse.settle_thought(ticket text, of_call uuid, tokens_read bigint, tokens_written bigint)
    returns boolean
    language plpgsql security definer set search_path = pg_catalog, gatehouse, pg_temp set lock_timeout = '1s' as $$
declare
    session gatehouse.session := gatehouse.live_session(ticket);
    c gatehouse.model_call;
    counted boolean := tokens_read is not null and tokens_written is not null;
    had_read bigint := least(greatest(tokens_read, 0), 100000000);
    had_written bigint := least(greatest(tokens_written, 0), 100000000);
    spent bigint;
    took bigint;
    cost numeric;
begin
    if session.thread is null or session_user <> 'gh_agent' then
        return false;
    end if;
    update gatehouse.model_call m set settled_at = clock_timestamp()
        where m.call = of_call and m.person = session.person and m.settled_at is null returning * into c;
    if c.call is null then
        return false;
    end if;
    spent := case when counted then had_read + had_written else c.tokens end;
    cost := case when counted then gatehouse.model_dollars(c.model, had_read, had_written) else c.dollars end;
    took := ceil(extract(epoch from c.settled_at - c.begun_at) * 1000);
    -- In the order in which they are reserved.
    perform from gatehouse.model_use u
        where u.day = c.day and (u.scope, u.holder) in (('run', c.run), ('advisor', c.person), ('day', 'all'))
        order by array_position(array['run', 'advisor', 'day'], u.scope) for update;
    update gatehouse.model_use u
        set tokens = u.tokens - c.tokens + spent, ms = u.ms - c.ms + took, dollars = u.dollars - c.dollars + cost
        where u.day = c.day and (u.scope, u.holder) in (('run', c.run), ('advisor', c.person), ('day', 'all'));
    update gatehouse.model_call m set tokens = spent, ms = took, dollars = cost where m.call = of_call;
    return true;
end $$;

-- Everybody's use today, beside the caps.
create function gatehouse.model_use_today(
    out calls bigint, out tokens bigint, out ms bigint, out dollars numeric,
    out calls_cap bigint, out tokens_cap bigint, out seconds_cap bigint, out dollars_cap numeric)
    language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
    select coalesce(u.calls, 0), coalesce(u.tokens, 0), coalesce(u.ms, 0), coalesce(u.dollars, 0),
           b.calls, b.tokens, b.seconds, b.dollars
    from gatehouse.model_budget b
    left join gatehouse.model_use u on u.scope = 'day' and u.holder = 'all'
        and u.day = (clock_timestamp() at time zone 'UTC')::date
    where b.scope = 'day'
$$;

revoke all on all functions in schema gatehouse from public;
grant execute on function gatehouse.reserve_thought(text, text, text, bigint, bigint, bigint),
    gatehouse.settle_thought(text, uuid, bigint, bigint) to gh_agent;
grant execute on function gatehouse.model_use_today() to gh_agent, gh_intake;
