-- The law of halts and alerts: who may stop what, who may resume it, and what a halt refuses.

create table gatehouse.alert (
    alert            text primary key,
    severity         text not null check (severity in ('warning', 'critical')),
    scope            text not null,
    kind             text not null,
    order_id         text,
    venue            text,
    raised_at        timestamptz not null,
    acknowledged_by  text references gatehouse.person,
    acknowledged_seq bigint,
    halted_seq       bigint,  -- nobody did, and it halted its scope
    seq              bigint not null
);
create index alert_open on gatehouse.alert (raised_at) where acknowledged_seq is null;

-- One row a halt: of one scope there may be several, by different people. `person` null: no person's.
create table gatehouse.halt (
    halt       text primary key,
    scope      text not null,
    cause      text not null check (cause in ('person', 'machine', 'alert', 'file')),
    person     text references gatehouse.person,
    named      text,  -- who was signed in at the machine, by its own word: bars, and gives nothing
    alert      text references gatehouse.alert,
    reason     jsonb,
    halted_at  timestamptz not null,
    seq        bigint not null,
    lifted_by  text references gatehouse.person,
    lifted_seq bigint
);
create index halt_standing on gatehouse.halt (scope) where lifted_seq is null;

alter table gatehouse.alert enable row level security;
alter table gatehouse.halt enable row level security;

-- What stops everybody is shown to everybody; what names an account, a household or an advisor, to whose it is.
create function gatehouse.shown(of_scope text) returns boolean
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select case split_part(of_scope, ':', 1)
        when 'account' then exists (select from gatehouse.account a where a.account = substr(of_scope, 9))
        when 'household' then exists (select from gatehouse.household h where h.household = substr(of_scope, 11))
        when 'advisor' then gatehouse.asker_sees_all() or gatehouse.asker_person() = substr(of_scope, 9)
        else true end
$$;
create policy shown on gatehouse.halt for select to gh_agent, gh_intake, gh_approver using (gatehouse.shown(scope));
create policy shown on gatehouse.alert for select to gh_intake, gh_approver using (gatehouse.shown(scope));
create policy everything on gatehouse.halt for select to gh_gate using (true);
create policy everything on gatehouse.alert for select to gh_gate using (true);

-- Whether exactly this scope is halted now. `all` is a scope like any other: who asks for an account and means
-- everything that covers it asks for both.
create function gatehouse.halted(of_scope text) returns boolean
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select exists (select from gatehouse.halt h where h.scope = of_scope and h.lifted_seq is null)
$$;

-- Every scope that covers this leg of this proposal; a program that drafts is a strategy. The venue is not among them: it is not known before routing,
-- and is asked for there and before each send.
create function gatehouse.scopes_of(p gatehouse.proposal, l gatehouse.leg) returns text[]
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select array_remove(array['all', 'account:' || l.account, 'household:' || p.household, 'advisor:' || p.advisor,
                              'symbol:' || l.symbol, 'agent:' || p.agent, case when p.drafted_by like 'mch-%' then 'strategy:' || p.drafted_by end], null)
$$;

create or replace function gatehouse.halt_fault(p gatehouse.proposal, l gatehouse.leg) returns text
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select case when exists (select from gatehouse.halt h
                             where h.lifted_seq is null and h.scope = any (gatehouse.scopes_of(p, l))) then 'halted' end
$$;

-- Whether this person may stop this scope, or answer for an alert about it: an advisor what is hers.
create function gatehouse.may_halt(of_person text, of_scope text) returns boolean
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select coalesce((select p.role in ('principal', 'compliance', 'operations')
            or p.role = 'advisor' and (
                of_scope = 'advisor:' || p.person
                or exists (select from gatehouse.account a where 'account:' || a.account = of_scope and a.advisor = p.person)
                or exists (select from gatehouse.household h
                           where 'household:' || h.household = of_scope and h.advisor = p.person))
        from gatehouse.person p where p.person = of_person), false)
$$;

-- Whether there is such a thing, as far as the record knows things of that kind: agents, tools and strategies it
-- knows by name alone.
create function gatehouse.scope_known(of_scope text) returns boolean
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select case split_part(of_scope, ':', 1)
        when 'account' then exists (select from gatehouse.account a where a.account = split_part(of_scope, ':', 2))
        when 'household' then exists (select from gatehouse.household h where h.household = split_part(of_scope, ':', 2))
        when 'advisor' then exists (select from gatehouse.person p
                                    where p.person = split_part(of_scope, ':', 2) and p.role = 'advisor')
        when 'symbol' then exists (select from gatehouse.stream_head s
                                   where s.stream = 'instrument/' || split_part(of_scope, ':', 2))
        when 'venue' then exists (
            select from (select distinct 'custodian/' || a.custodian as stream from gatehouse.account a) c
            join gatehouse.journal j on j.stream = c.stream and j.event_type = 'CustodianAppointed'
            where j.text::jsonb->'payload'->'venues' ? split_part(of_scope, ':', 2))
        else true end
$$;

create function gatehouse.scope_well_formed(of_scope text) returns boolean
    language sql immutable set search_path = pg_catalog, pg_temp as $$
    select coalesce(of_scope, '') ~
        '^(all|(venue|account|household|advisor|agent|tool|strategy|symbol):[A-Za-z0-9_.-]{1,80})$'
$$;

create function gatehouse.law_trading_halted(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    about text := e.payload->>'scope';
    of_person boolean := e.role = 'gh_approver';
    a gatehouse.alert;
begin
    if gatehouse.scope_well_formed(about) is not true or e.stream <> 'halt/' || about then
        return 'wrong_stream';
    end if;
    if coalesce(e.payload->>'halt', '') !~ '^hlt-[0-9a-f]{32}$' or of_person <> (e.payload->>'cause' = 'person')
       or of_person and (e.payload->>'halted_at', e.payload->>'named', e.payload->>'alert') is distinct from (null, null, null)
       or (e.payload->>'cause' = 'alert') <> (e.payload->>'alert' is not null)
       or e.payload->>'reason' is not null and gatehouse.sealed_well_formed(
              e.payload->'reason', coalesce(e.person, 'machine')) is not true
       or (e.payload->>'halted_at')::timestamptz > e.recorded_at + interval '1 minute' then
        return 'malformed_payload';
    end if;
    if of_person and not gatehouse.may_halt(e.person, about) then
        return 'may_not_halt';
    end if;
    -- What stops more than was meant harms nobody: what no person's session says is taken as it comes.
    if of_person and not gatehouse.scope_known(about) then
        return 'no_such_scope';
    end if;
    if e.payload->>'alert' is not null then
        select * into a from gatehouse.alert where alert = e.payload->>'alert';
        if a.alert is null or a.severity <> 'critical' or a.scope <> about or a.acknowledged_seq is not null
           or a.halted_seq is not null then
            return 'no_such_alert';
        end if;
    end if;
    if exists (select from gatehouse.halt h
               where h.halt = e.payload->>'halt'
                  or h.scope = about and h.lifted_seq is null and (of_person and h.person = e.person
                     or e.payload->>'cause' = 'file' and h.cause = 'file')) then
        return 'halted_before';
    end if;
    update gatehouse.alert set halted_seq = e.seq where alert = a.alert;
    insert into gatehouse.halt (halt, scope, cause, person, named, alert, reason, halted_at, seq)
        values (e.payload->>'halt', about, e.payload->>'cause', e.person, e.payload->>'named', a.alert,
                nullif(e.payload->'reason', 'null'),
                coalesce((e.payload->>'halted_at')::timestamptz, e.recorded_at), e.seq);
    return null;
end $$;

-- Resuming takes somebody who supervises and who has not stopped it: none of its halts may be hers. She resumes
-- what she saw: a halt that came meanwhile is not lifted by a person who does not know of it.
create function gatehouse.law_trading_resumed(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    about text := e.payload->>'scope';
    who gatehouse.person;
    seen text[] := array(select jsonb_array_elements_text(e.payload->'halts') order by 1);
    standing text[] := array(select h.halt from gatehouse.halt h
                             where h.scope = about and h.lifted_seq is null order by 1);
begin
    if gatehouse.scope_well_formed(about) is not true or e.stream <> 'halt/' || about then
        return 'wrong_stream';
    end if;
    select * into who from gatehouse.person where person = e.person;
    if coalesce(who.role not in ('principal', 'compliance', 'operations'), true) then
        return 'may_not_resume';
    end if;
    if who.role = 'principal' and not exists (
        select from gatehouse.registration r, gatehouse.market_day d
        where r.person = who.person and r.registration = 'S24' and r.valid_from <= d.session
          and (r.valid_until is null or r.valid_until >= d.session)) then
        return 'not_registered';
    end if;
    if cardinality(standing) = 0 then
        return 'not_halted';
    end if;
    if seen <> standing then
        return 'halts_changed';
    end if;
    if exists (select from gatehouse.halt h
               where h.halt = any (standing) and e.person in (h.person, h.named)) then
        return 'halted_by_you';
    end if;
    update gatehouse.halt set lifted_by = e.person, lifted_seq = e.seq where halt = any (standing);
    return null;
end $$;

create function gatehouse.law_halt_alert_raised(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
    if coalesce(e.payload->>'alert', '') !~ '^alt-[0-9a-f]{32}$' or e.stream <> 'alert/' || (e.payload->>'alert')
       or e.stream_version <> 1 then
        return 'wrong_stream';
    end if;
    if gatehouse.scope_well_formed(e.payload->>'scope') is not true then
        return 'malformed_payload';
    end if;
    insert into gatehouse.alert (alert, severity, scope, kind, order_id, venue, raised_at, seq)
        values (e.payload->>'alert', e.payload->>'severity', e.payload->>'scope', e.payload->>'kind',
                e.payload->>'order', e.payload->>'venue', e.recorded_at, e.seq);
    return null;
end $$;

create function gatehouse.law_halt_alert_acknowledged(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    a gatehouse.alert;
begin
    select * into a from gatehouse.alert where alert = e.payload->>'alert';
    if a.alert is null or e.stream <> 'alert/' || a.alert then
        return 'no_such_alert';
    end if;
    if not gatehouse.may_halt(e.person, a.scope) then
        return 'may_not_halt';
    end if;
    if a.acknowledged_seq is not null then
        return 'alert_answered';
    end if;
    update gatehouse.alert set acknowledged_by = e.person, acknowledged_seq = e.seq where alert = a.alert;
    return null;
end $$;

insert into gatehouse.event_kind (event_type, stream_prefix, law) values
    ('TradingHalted', 'halt/', 'law_trading_halted'),
    ('TradingResumed', 'halt/', 'law_trading_resumed'),
    ('AlertRaised', 'alert/', 'law_halt_alert_raised'),
    ('AlertAcknowledged', 'alert/', 'law_halt_alert_acknowledged');

insert into gatehouse.event_right (event_type, role)
    select event_type, 'gh_approver' from unnest(array[
        'TradingHalted', 'TradingResumed', 'AlertAcknowledged']) as approver (event_type)
    union all select event_type, 'gh_gate' from unnest(array[
        'TradingHalted', 'AlertRaised']) as gate (event_type);

revoke all on gatehouse.halt, gatehouse.alert from public;
revoke all on all functions in schema gatehouse from public;
grant select on gatehouse.halt to gh_agent, gh_intake, gh_approver, gh_gate;
grant select on gatehouse.alert to gh_intake, gh_approver, gh_gate;
grant execute on function gatehouse.shown(text), gatehouse.halted(text) to gh_agent, gh_intake, gh_approver, gh_gate;
grant execute on function gatehouse.scopes_of(gatehouse.proposal, gatehouse.leg) to gh_approver, gh_gate;
grant execute on function gatehouse.halt_fault(gatehouse.proposal, gatehouse.leg) to gh_gate;
