-- Held drafts of e-mails to clients. The copilot drafts; the household's advisor makes a text hers; a principal who is
-- not its author reviews it or returns it. No event says that one was sent: nothing here sends.
-- Source: FINRA Rules 2210(b)(2) and 3110(b)(4) with Supplementary Material .07 and .09; SEC 17a-4(b)(4).

create table gatehouse.held_email (
    email       text        primary key,
    household   text        not null references gatehouse.household,
    advisor     text        not null references gatehouse.person,
    thread      text        not null references gatehouse.thread,
    agent       text        not null,
    manifest    text,  -- what the copilot was made of when it drafted, and the model that it thought with
    model       text,
    trace       text        not null,
    status      text        not null check (status in ('HELD', 'ADOPTED', 'REVIEWED', 'RETURNED', 'WITHDRAWN')),
    version     int         not null,  -- 1 is the copilot's own; each adoption is the next
    subject     jsonb       not null,
    text        jsonb       not null,
    digest      text        not null,
    findings    text[]      not null default '{}',  -- of the adopted text
    adopted_by  text references gatehouse.person,
    decided_by  text references gatehouse.person,
    decided_at  timestamptz,
    comment     jsonb,
    drafted_at  timestamptz not null,
    changed_at  timestamptz not null,
    session     date        not null,
    last_seq    bigint      not null
);
create index held_email_advisor on gatehouse.held_email (advisor, status);
create index held_email_household on gatehouse.held_email (household);
alter table gatehouse.held_email enable row level security;
create policy book on gatehouse.held_email for select to gh_approver
    using ((select gatehouse.asker_sees_all()) or advisor = any ((select gatehouse.asker_books())::text[]));
revoke all on gatehouse.held_email from public;
grant select on gatehouse.held_email to gh_approver;

-- What people decide on: exactly this text to exactly this household, in its sealed form.
create function gatehouse.email_digest(of_email text, of_household text, subject jsonb, text jsonb) returns text
    language sql immutable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select encode(sha256(convert_to(gatehouse.canonical(jsonb_build_object(
        'email', of_email, 'household', of_household, 'subject', subject, 'text', text)), 'UTF8')), 'hex')
$$;

create function gatehouse.email_well_formed(of_household text, subject jsonb, text jsonb) returns boolean
    language sql immutable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select gatehouse.sealed_well_formed(subject, of_household) and gatehouse.sealed_well_formed(text, of_household)
       and length(subject->>'sealed') <= 1200 and length(text->>'sealed') <= 60000
$$;

-- In the thread of its ticket, to a household of that advisor's own book, at most 40 that wait at a time.
create function gatehouse.law_email_drafted(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    about text := e.payload->>'household';
    pinned text;
    run jsonb;
begin
    if e.stream <> 'email/' || (e.payload->>'email') or e.stream_version <> 1
       or e.payload->>'email' !~ '^eml-[0-9a-f]{32}$' or e.payload->>'agent' !~ '^[a-z-]{1,40}$' then
        return 'wrong_stream';
    end if;
    if gatehouse.email_well_formed(about, e.payload->'subject', e.payload->'text') is not true then
        return 'malformed_payload';
    end if;
    if e.payload->>'thread' is distinct from e.thread then
        return 'wrong_author';
    end if;
    select t.household into pinned from gatehouse.thread t where t.thread = e.thread;
    if pinned <> about
       or not exists (select from gatehouse.household h where h.household = about and h.advisor = e.person) then
        return 'outside_book';
    end if;
    if gatehouse.halted('agent:' || (e.payload->>'agent')) then
        return 'halted';
    end if;
    if (select count(*) from gatehouse.held_email m where m.advisor = e.person and m.status = 'HELD') >= 40 then
        return 'too_many_emails';
    end if;
    select j.text::jsonb->'payload' into run from gatehouse.journal j
        where j.stream = 'thread/' || e.thread and j.event_type = 'RunBegun' order by j.stream_version desc limit 1;
    insert into gatehouse.held_email values (
        e.payload->>'email', about, e.person, e.thread, e.payload->>'agent', run->>'manifest', run->>'model',
        e.trace_id, 'HELD', 1, e.payload->'subject', e.payload->'text',
        gatehouse.email_digest(e.payload->>'email', about, e.payload->'subject', e.payload->'text'), '{}',
        null, null, null, null, e.recorded_at, e.recorded_at, (select d.session from gatehouse.market_day d), e.seq);
    return null;
end $$;

-- That entry's own e-mail, and that it is still there to act on.
create function gatehouse.email_fault(e gatehouse.incoming, m gatehouse.held_email) returns text language plpgsql
    stable set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
    if m.email is null or m.household is distinct from e.payload->>'household' then
        return 'no_such_email';
    end if;
    if e.stream <> 'email/' || m.email then
        return 'wrong_stream';
    end if;
    if m.status = 'WITHDRAWN' then
        return 'email_withdrawn';
    end if;
    return null;
end $$;

-- Her own act, from the text that she saw. Whatever was decided on another text does not hold for this one.
create function gatehouse.law_email_adopted(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    m gatehouse.held_email;
    fault text;
    fresh text;
    found text[] := array(select jsonb_array_elements_text(e.payload->'findings'));
begin
    select * into m from gatehouse.held_email where email = e.payload->>'email';
    fault := gatehouse.email_fault(e, m);
    if fault is not null then
        return fault;
    end if;
    if e.person is distinct from m.advisor then
        return 'not_her_email';
    end if;
    if gatehouse.email_well_formed(m.household, e.payload->'subject', e.payload->'text') is not true
       or not found <@ array['promise', 'address', 'risk_missing', 'no_offer_missing', 'sources_missing', 'name_missing'] then
        return 'malformed_payload';
    end if;
    if e.payload->>'seen' is distinct from m.digest then
        return 'email_changed';
    end if;
    fresh := gatehouse.email_digest(m.email, m.household, e.payload->'subject', e.payload->'text');
    if fresh = m.digest and m.status in ('ADOPTED', 'REVIEWED') then
        return 'email_decided';
    end if;
    update gatehouse.held_email set status = 'ADOPTED', version = m.version + 1, subject = e.payload->'subject',
        text = e.payload->'text', digest = fresh, findings = found, adopted_by = e.person, decided_by = null,
        decided_at = null, comment = null, changed_at = e.recorded_at,
        session = (select d.session from gatehouse.market_day d), last_seq = e.seq
        where email = m.email;
    return null;
end $$;

-- A registered principal; not whoever asked for it, wrote or adopted it, nor who reports to her, is paid by her or from
-- that household, or is related to it. What is returned may be the copilot's own text; what is reviewed is a person's.
create function gatehouse.law_email_decided(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    m gatehouse.held_email;
    who gatehouse.person;
    fault text;
    words jsonb := nullif(e.payload->'comment', 'null');
    today date := (select d.session from gatehouse.market_day d);
begin
    select * into m from gatehouse.held_email where email = e.payload->>'email';
    fault := gatehouse.email_fault(e, m);
    if fault is not null then
        return fault;
    end if;
    if words is not null and (gatehouse.sealed_well_formed(words, m.household) is not true
                              or length(words->>'sealed') > 24000) then
        return 'malformed_payload';
    end if;
    select * into who from gatehouse.person where person = e.person;
    if e.person in (m.advisor, m.adopted_by) then
        return 'own_email';
    end if;
    if who.role <> 'principal' then
        return 'not_a_principal';
    end if;
    if m.advisor = any (gatehouse.superiors(e.person)) or m.household = any (who.related_households)
       or exists (select from gatehouse.pay y where y.person = e.person and (
               m.household = any (y.households) or m.advisor = any (y.advisors)
               or exists (select from gatehouse.account a
                          where a.household = m.household and a.account = any (y.accounts)))) then
        return 'not_independent';
    end if;
    if gatehouse.registered(e.person, '{S24}', today) is not true then
        return 'not_registered';
    end if;
    if e.payload->>'digest' is distinct from m.digest then
        return 'email_changed';
    end if;
    if m.status = 'HELD' and e.event_type = 'EmailReviewed' then
        return 'email_not_adopted';
    end if;
    if m.status not in ('HELD', 'ADOPTED') then
        return 'email_decided';
    end if;
    if e.event_type = 'EmailReviewed' and words is null and m.findings <> '{}' then
        return 'email_comment_missing';
    end if;
    update gatehouse.held_email set
        status = case e.event_type when 'EmailReviewed' then 'REVIEWED' else 'RETURNED' end,
        decided_by = e.person, decided_at = e.recorded_at, comment = words, changed_at = e.recorded_at,
        session = today, last_seq = e.seq
        where email = m.email;
    return null;
end $$;

create function gatehouse.law_email_withdrawn(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    m gatehouse.held_email;
    fault text;
begin
    select * into m from gatehouse.held_email where email = e.payload->>'email';
    fault := gatehouse.email_fault(e, m);
    if fault is not null then
        return fault;
    end if;
    if e.person is distinct from m.advisor then
        return 'not_her_email';
    end if;
    if m.status = 'REVIEWED' then
        return 'email_decided';
    end if;
    update gatehouse.held_email set status = 'WITHDRAWN', changed_at = e.recorded_at, last_seq = e.seq
        where email = m.email;
    return null;
end $$;

insert into gatehouse.event_kind (event_type, stream_prefix, law) values
    ('EmailDrafted', 'email/', 'law_email_drafted'),
    ('EmailAdopted', 'email/', 'law_email_adopted'),
    ('EmailReviewed', 'email/', 'law_email_decided'),
    ('EmailReturned', 'email/', 'law_email_decided'),
    ('EmailWithdrawn', 'email/', 'law_email_withdrawn');

insert into gatehouse.event_right (event_type, role)
    select event_type, 'gh_agent' from unnest(array[
        'EmailDrafted']) as agents (event_type)
    union all select event_type, 'gh_approver' from unnest(array[
        'EmailAdopted', 'EmailReviewed', 'EmailReturned', 'EmailWithdrawn']) as approver (event_type);

-- As before, and the advisor reads what became of her own held e-mails.
create or replace view gatehouse.journal_line with (security_barrier) as
    select j.seq, j.recorded_at, j.role, j.actor, j.event_type, j.stream, j.trace_id, j.text
    from gatehouse.journal j
    where ((select gatehouse.asker_sees_all())
           or j.actor = (select gatehouse.asker_person())
           or j.stream in (select 'proposal/' || p.proposal from gatehouse.proposal p
                           where p.advisor = any ((select gatehouse.asker_books())::text[]))
           or j.stream like 'email/%'
              and j.stream in (select 'email/' || m.email from gatehouse.held_email m
                               where m.advisor = any ((select gatehouse.asker_books())::text[]))
           or (j.stream like 'order/%' or j.stream like 'trade/%')
              and split_part(j.stream, '/', 2) in (select l.order_id from gatehouse.leg l
                                                   where l.advisor = any ((select gatehouse.asker_books())::text[])))
      and (j.event_type not in ('WatchListed', 'WatchUnlisted', 'AttemptRefused')
           or (select gatehouse.asker_is_compliance())
           or j.event_type = 'AttemptRefused' and j.text not like '%"attempted":"Watch%');

insert into gatehouse.retention_class values ('correspondence', 3, 'entry');

-- As before, and what a person has adopted or decided on of e-mails is kept from its last act.
create or replace function gatehouse.kept(of_subject text) returns table (kind text, until date)
    language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
    with mine as (
        select a.account, a.household, c.closed_on
        from gatehouse.account a left join gatehouse.account_closing c on c.account = a.account
        where of_subject in (a.household, a.advisor) or of_subject = any (a.owners)
    ), decided as (
        select p.proposal, p.session
        from gatehouse.proposal p
        where p.submitted_by is not null
          and (of_subject in (p.household, p.advisor, p.drafted_by)
               or exists (select from gatehouse.leg l join mine m on m.account = l.account
                          where l.proposal = p.proposal)
               or exists (select from gatehouse.decision d where d.proposal = p.proposal and d.person = of_subject))
    ), latest as (
        select 'order_ticket' as kind, max(d.session) as day from decided d
        union all
        select 'ledger', max(d.session) from decided d
            join gatehouse.leg l on l.proposal = d.proposal where l.filled > 0
        union all
        select 'consent', max(d.session) from decided d
            join gatehouse.decision c on c.proposal = d.proposal where c.kind = 'consent'
        union all
        select 'approval', max(d.session) from decided d
            join gatehouse.decision a on a.proposal = d.proposal where a.kind in ('submission', 'approval')
        union all
        select 'correspondence', max(w.session) from gatehouse.held_email w
            where (w.adopted_by is not null or w.decided_by is not null)
              and (of_subject in (w.household, w.advisor, w.decided_by)
                   or exists (select from mine m where m.household = w.household))
        union all
        select 'account_record', case when bool_or(m.closed_on is null) then date 'infinity' else max(m.closed_on) end
            from mine m having count(*) > 0
    )
    select l.kind, case
            when l.day = 'infinity' then null
            when c.runs_from = 'fiscal_year_end'
                then make_date(extract(year from l.day)::int + c.years, 12, 31)
            else (l.day + make_interval(years => c.years))::date end
    from latest l join gatehouse.retention_class c on c.kind = l.kind where l.day is not null
$$;

revoke all on all functions in schema gatehouse from public;
