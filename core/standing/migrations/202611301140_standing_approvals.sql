-- The law of standing approvals: off until two people adopt one, bounded, drawn in the append, reviewed.
-- A draw replaces the principal's act only: the advisor's submission and the client's consent are asked as ever.

insert into gatehouse.event_kind (event_type, stream_prefix, law) values
    ('StandingApprovalProposed', 'standing/', 'law_standing_proposed'),
    ('StandingApprovalConfirmed', 'standing/', 'law_standing_confirmed'),
    ('StandingApprovalRevoked', 'standing/', 'law_standing_revoked'),
    ('StandingReviewed', 'standing/', 'law_standing_reviewed'),
    ('StandingApprovalDrawn', 'proposal/', 'law_standing_drawn'),
    ('StandingDrawVoided', 'proposal/', 'law_standing_draw_voided');

insert into gatehouse.event_right (event_type, role)
    select event_type, 'gh_approver' from unnest(array[
        'StandingApprovalProposed', 'StandingApprovalConfirmed', 'StandingApprovalRevoked',
        'StandingReviewed']) as approver (event_type)
    union all select event_type, 'gh_gate' from unnest(array[
        'StandingApprovalDrawn', 'StandingDrawVoided']) as gate (event_type);

-- What was drawn in all stands beside what may be, so that no sum can go over it, whatever writes it.
create table gatehouse.standing_approval (
    standing       text primary key,
    terms          jsonb not null,
    digest         text not null,
    given_by       text not null references gatehouse.person,
    confirmed_by   text references gatehouse.person check (confirmed_by <> given_by),
    revoked_by     text references gatehouse.person,
    status         text not null check (status in ('PROPOSED', 'CONFIRMED', 'REVOKED')),
    valid_from     date not null,
    valid_until    date not null,
    drawn          int not null default 0,
    dollars        numeric not null default 0,
    dollars_in_all numeric not null,
    last_seq       bigint not null,
    check (dollars <= dollars_in_all)
);

-- A business day of one: what was drawn on it, and who reviewed the list.
create table gatehouse.standing_day (
    standing        text not null references gatehouse.standing_approval,
    session         date not null,
    drawn           int not null,
    dollars         numeric not null,
    proposals_a_day int not null,
    dollars_a_day   numeric not null,
    reviewed_by     text references gatehouse.person,
    reviewed_seq    bigint,
    primary key (standing, session),
    check (drawn <= proposals_a_day),
    check (dollars <= dollars_a_day)
);
create index standing_day_unreviewed on gatehouse.standing_day (session) where reviewed_by is null;

-- Once a proposal, for ever: what has come back is a principal's.
create table gatehouse.standing_draw (
    proposal     text primary key references gatehouse.proposal,
    standing     text not null references gatehouse.standing_approval,
    advisor      text not null,
    session      date not null,
    digest       text not null,
    terms_digest text not null,
    dollars      numeric not null,
    drawn_seq    bigint not null,
    voided_seq   bigint
);
create index standing_draw_day on gatehouse.standing_draw (standing, session);

alter table gatehouse.standing_approval enable row level security;
alter table gatehouse.standing_day enable row level security;
alter table gatehouse.standing_draw enable row level security;
create policy supervise on gatehouse.standing_approval for select to gh_intake, gh_approver
    using ((select gatehouse.asker_sees_all()) or terms->'advisors' ? (select gatehouse.asker_person()));
create policy supervise on gatehouse.standing_day for select to gh_intake, gh_approver
    using ((select gatehouse.asker_sees_all()));
create policy book on gatehouse.standing_draw for select to gh_agent, gh_intake, gh_approver
    using ((select gatehouse.asker_sees_all()) or advisor = (select gatehouse.asker_person()));
create policy everything on gatehouse.standing_approval for select to gh_gate using (true);
create policy everything on gatehouse.standing_day for select to gh_gate using (true);
create policy everything on gatehouse.standing_draw for select to gh_gate using (true);

-- What a proposal's orders may move: each at its worst price, or at its reference price where that is more.
create function gatehouse.standing_dollars(of_proposal text) returns numeric
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select sum(l.quantity * greatest(l.reference_price, coalesce(
        l.limit_price, case l.side when 'buy' then l.band_high else l.band_low end)))
    from gatehouse.leg l where l.proposal = of_proposal
$$;

-- Whether the account's own model portfolio holds that symbol, by what the record says of both.
create function gatehouse.standing_in_model(of_account text, of_symbol text) returns boolean
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select exists (
        select from jsonb_array_elements((
            select m.text::jsonb #> '{payload,targets}' from gatehouse.journal m
            where m.event_type = 'ModelPublished' and m.stream = 'model/' || (
                select a.text::jsonb #>> '{payload,model}' from gatehouse.journal a
                where a.stream = 'account/' || of_account and a.event_type = 'AccountOpened'
                order by a.stream_version desc limit 1)
            order by m.stream_version desc limit 1)) as t (target)
        where t.target->>'symbol' = of_symbol)
$$;

-- Who may give, confirm and review: a principal who holds the registration on the firm's day. `or_compliance`:
-- or somebody of compliance.
create function gatehouse.standing_person_fault(of_person text, or_compliance boolean) returns text
    language plpgsql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    who gatehouse.person;
begin
    select * into who from gatehouse.person where person = of_person;
    if or_compliance and who.role = 'compliance' then
        return null;
    end if;
    if who.role is distinct from 'principal' then
        return 'not_a_principal';
    end if;
    if not exists (select from gatehouse.registration r join gatehouse.market_day d on true
                   where r.person = of_person and r.registration = 'S24' and r.valid_from <= d.session
                     and (r.valid_until is null or r.valid_until >= d.session)) then
        return 'not_registered';
    end if;
    return null;
end $$;

-- Nobody gives or confirms one that covers herself, whom she reports to, or her own family.
create function gatehouse.standing_cover_fault(of_person text, terms jsonb) returns text
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select case when exists (
        select from gatehouse.person p
        where p.person = of_person
          and (terms->'advisors' ?| array[p.person, coalesce(p.reports_to, '')]
               or terms->'households' ?| p.related_households
               or exists (select from gatehouse.household h
                          where terms->'households' ? h.household
                            and h.advisor in (p.person, coalesce(p.reports_to, '')))))
        then 'not_independent' end
$$;

-- What the confirmer must still be on the day of a draw, as `independence_fault` asks it of the giver.
create function gatehouse.standing_confirmer_fault(s gatehouse.standing_approval, p gatehouse.proposal) returns text
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select coalesce(gatehouse.standing_person_fault(s.confirmed_by, true), (
        select 'not_independent' from gatehouse.person c
        where c.person = s.confirmed_by
          and (c.person in (p.advisor, p.submitted_by, p.drafted_by) or c.reports_to = p.submitted_by
               or p.household = any (c.related_households))))
$$;

-- Whether a list that is due has not been reviewed: its day is over, and so is the one that came after it.
create function gatehouse.standing_overdue(of_standing text) returns boolean
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select exists (
        select from gatehouse.standing_day u, gatehouse.market_day d
        where u.standing = of_standing and u.reviewed_by is null and u.session < d.session
          and (d.state = 'closed' or exists (
                select from gatehouse.journal j
                where j.stream = 'market' and j.event_type = 'BusinessDayOpened'
                  and (j.text::jsonb #>> '{payload,session}')::date > u.session
                  and (j.text::jsonb #>> '{payload,session}')::date < d.session)))
$$;

-- Whether this one may be drawn for what the proposal now holds: null, or what is in the way.
create function gatehouse.standing_fault(p gatehouse.proposal, s gatehouse.standing_approval) returns text
    language plpgsql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    day gatehouse.market_day;
    today gatehouse.standing_day;
    asked numeric := gatehouse.standing_dollars(p.proposal);
    fault text;
begin
    select * into day from gatehouse.market_day;
    if s.standing is null then
        return 'no_such_standing';
    end if;
    if s.status <> 'CONFIRMED' or day.session not between s.valid_from and s.valid_until or day.state <> 'open'
       or encode(sha256(convert_to(gatehouse.canonical(s.terms), 'UTF8')), 'hex') is distinct from s.digest then
        return 'standing_not_in_force';
    end if;
    fault := coalesce(gatehouse.independence_fault(s.given_by, p), gatehouse.standing_confirmer_fault(s, p));
    if fault is not null then
        return fault;
    end if;
    if p.tier is distinct from 1 or p.needs_consent
       or jsonb_path_exists(p.findings, '$[*] ? (@.result != "pass")')
       or (select h.related from gatehouse.household h where h.household = p.household)
       or exists (select from gatehouse.leg l join gatehouse.account a on a.account = l.account
                  where l.proposal = p.proposal and not a.discretionary) then
        return 'not_routine';
    end if;
    if p.kind is distinct from s.terms->>'kind'
       or not (s.terms->'advisors' ? p.advisor or s.terms->'households' ? p.household)
       or exists (select from gatehouse.leg l where l.proposal = p.proposal and not (
            case when jsonb_array_length(s.terms->'symbols') > 0 then s.terms->'symbols' ? l.symbol
                 else l.side = 'sell' or gatehouse.standing_in_model(l.account, l.symbol) end)) then
        return 'not_covered';
    end if;
    if gatehouse.standing_overdue(s.standing) then
        return 'review_overdue';
    end if;
    select * into today from gatehouse.standing_day t where t.standing = s.standing and t.session = day.session;
    if (asked > (s.terms->>'dollars_each')::numeric
        or coalesce(today.dollars, 0) + asked > (s.terms->>'dollars_a_day')::numeric
        or s.dollars + asked > (s.terms->>'dollars_in_all')::numeric
        or coalesce(today.drawn, 0) + 1 > (s.terms->>'proposals_a_day')::int) is not false then
        return 'bounds_reached';
    end if;
    return null;
end $$;

create function gatehouse.law_standing_proposed(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    terms jsonb := e.payload->'terms';
    fault text := gatehouse.standing_person_fault(e.person, false);
    today date := (select d.session from gatehouse.market_day d);
    first_day date := (terms->>'valid_from')::date;
    last_day date := (terms->>'valid_until')::date;
begin
    if e.stream <> 'standing/' || (e.payload->>'standing') or e.stream_version <> 1 then
        return 'wrong_stream';
    end if;
    fault := coalesce(fault, gatehouse.standing_cover_fault(e.person, terms));
    if fault is not null then
        return fault;
    end if;
    if encode(sha256(convert_to(gatehouse.canonical(terms), 'UTF8')), 'hex') is distinct from e.payload->>'digest' then
        return 'digest_mismatch';
    end if;
    if jsonb_array_length(terms->'advisors') + jsonb_array_length(terms->'households') not between 1 and 200
       or jsonb_array_length(terms->'symbols') > 200
       or exists (select from jsonb_array_elements_text(terms->'advisors') as named (person)
                  where not exists (select from gatehouse.person p
                                    where p.person = named.person and p.role = 'advisor'))
       or exists (select from jsonb_array_elements_text(terms->'households') as named (household)
                  where not exists (select from gatehouse.household h
                                    where h.household = named.household and not h.related))
       or (0 < (terms->>'dollars_each')::numeric
           and (terms->>'dollars_each')::numeric <= (terms->>'dollars_a_day')::numeric
           and (terms->>'dollars_a_day')::numeric <= (terms->>'dollars_in_all')::numeric) is not true
       or (today <= first_day and first_day <= last_day and last_day <= first_day + 90) is not true then
        return 'terms_out_of_bounds';
    end if;
    insert into gatehouse.standing_approval (standing, terms, digest, given_by, status, valid_from, valid_until,
                                             dollars_in_all, last_seq)
        values (e.payload->>'standing', terms, e.payload->>'digest', e.person, 'PROPOSED', first_day, last_day,
                (terms->>'dollars_in_all')::numeric, e.seq);
    return null;
end $$;

create function gatehouse.law_standing_confirmed(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    s gatehouse.standing_approval;
    fault text := gatehouse.standing_person_fault(e.person, true);
begin
    select * into s from gatehouse.standing_approval where standing = e.payload->>'standing';
    if s.standing is null or e.stream <> 'standing/' || s.standing then
        return 'no_such_standing';
    end if;
    if fault is not null then
        return fault;
    end if;
    if s.status <> 'PROPOSED' then
        return 'standing_decided';
    end if;
    if e.person = s.given_by then
        return 'same_person';
    end if;
    fault := coalesce(
        (select 'not_independent' from gatehouse.person p
         where p.person = e.person and p.reports_to = s.given_by
            or p.person = s.given_by and p.reports_to = e.person limit 1),
        gatehouse.standing_cover_fault(e.person, s.terms));
    if fault is not null then
        return fault;
    end if;
    if e.payload->>'digest' is distinct from s.digest then
        return 'digest_mismatch';
    end if;
    if s.valid_until < (select d.session from gatehouse.market_day d) then
        return 'standing_not_in_force';
    end if;
    update gatehouse.standing_approval set status = 'CONFIRMED', confirmed_by = e.person, last_seq = e.seq
        where standing = s.standing;
    return null;
end $$;

-- Any principal, with or without a registration today, or compliance: stopping takes one person.
create function gatehouse.law_standing_revoked(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    s gatehouse.standing_approval;
begin
    select * into s from gatehouse.standing_approval where standing = e.payload->>'standing';
    if s.standing is null or e.stream <> 'standing/' || s.standing then
        return 'no_such_standing';
    end if;
    if (select p.role from gatehouse.person p where p.person = e.person) not in ('principal', 'compliance') then
        return 'not_a_principal';
    end if;
    if s.status = 'REVOKED' then
        return 'standing_decided';
    end if;
    update gatehouse.standing_approval set status = 'REVOKED', revoked_by = e.person, last_seq = e.seq
        where standing = s.standing;
    return null;
end $$;

-- The worker's word that this one covers it is no more than an offer: everything is asked here.
create function gatehouse.law_standing_drawn(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    p gatehouse.proposal;
    s gatehouse.standing_approval;
    asked numeric;
    fault text;
begin
    select * into p from gatehouse.proposal where proposal = e.payload->>'proposal';
    select * into s from gatehouse.standing_approval where standing = e.payload->>'standing';
    fault := gatehouse.decision_fault(e, p, '{SUBMITTED}');
    if fault is not null then
        return fault;
    end if;
    if exists (select from gatehouse.standing_draw d where d.proposal = p.proposal) then
        return 'drawn_before';
    end if;
    if encode(sha256(convert_to(p.content, 'UTF8')), 'hex') <> p.digest then
        return 'digest_mismatch';
    end if;
    if not exists (select from gatehouse.decision d where d.proposal = p.proposal and d.kind = 'submission'
                   and d.digest = p.digest and gatehouse.may_submit(d.person, p)) then
        return 'submission_missing';
    end if;
    fault := gatehouse.standing_fault(p, s);
    if fault is not null then
        return fault;
    end if;
    select gatehouse.halt_fault(p, l) into fault from gatehouse.leg l
        where l.proposal = p.proposal and gatehouse.halt_fault(p, l) is not null limit 1;
    if fault is not null then
        return fault;
    end if;
    asked := gatehouse.standing_dollars(p.proposal);
    if (e.payload->>'terms_digest', e.payload->>'session', (e.payload->>'dollars')::numeric)
       is distinct from (s.digest, p.session::text, asked) then
        return 'draw_misstated';
    end if;
    insert into gatehouse.standing_day as t (standing, session, drawn, dollars, proposals_a_day, dollars_a_day)
        values (s.standing, p.session, 1, asked, (s.terms->>'proposals_a_day')::int,
                (s.terms->>'dollars_a_day')::numeric)
        on conflict (standing, session) do update set drawn = t.drawn + 1, dollars = t.dollars + excluded.dollars;
    update gatehouse.standing_approval set drawn = drawn + 1, dollars = dollars + asked, last_seq = e.seq
        where standing = s.standing;
    insert into gatehouse.standing_draw values (
        p.proposal, s.standing, p.advisor, p.session, p.digest, s.digest, asked, e.seq);
    update gatehouse.proposal set status = 'APPROVED', last_seq = e.seq where proposal = p.proposal;
    return null;
end $$;

-- Whether a standing approval was drawn for exactly what the proposal now holds, and still holds itself: neither
-- revoked nor over, and of two people who still may.
create or replace function gatehouse.drawn(p gatehouse.proposal) returns boolean
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select exists (
        select from gatehouse.standing_draw d
        join gatehouse.standing_approval s on s.standing = d.standing
        join gatehouse.market_day m on true
        where d.proposal = p.proposal and d.digest = p.digest and d.voided_seq is null and d.session = p.session
          and p.tier = 1 and s.status = 'CONFIRMED' and s.digest = d.terms_digest
          and m.session between s.valid_from and s.valid_until
          and gatehouse.independence_fault(s.given_by, p) is null
          and gatehouse.standing_confirmer_fault(s, p) is null)
$$;

create function gatehouse.law_standing_draw_voided(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    p gatehouse.proposal;
    day gatehouse.market_day;
begin
    select * into p from gatehouse.proposal where proposal = e.payload->>'proposal';
    select * into day from gatehouse.market_day;
    if p.proposal is null or e.stream <> 'proposal/' || p.proposal then
        return 'wrong_stream';
    end if;
    if not exists (select from gatehouse.standing_draw d
                   where d.proposal = p.proposal and d.standing = e.payload->>'standing' and d.voided_seq is null) then
        return 'no_such_standing';
    end if;
    if p.status <> 'APPROVED' then
        return 'already_decided';
    end if;
    if day.state <> 'open' or day.session <> p.session then
        return 'lapsed';
    end if;
    if gatehouse.drawn(p) then
        return 'draw_holds';
    end if;
    update gatehouse.standing_draw set voided_seq = e.seq where proposal = p.proposal;
    update gatehouse.proposal set status = 'SUBMITTED', last_seq = e.seq where proposal = p.proposal;
    return null;
end $$;

create function gatehouse.standing_list_digest(of_standing text, of_session date) returns text
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select encode(sha256(convert_to(string_agg(d.proposal || ' ' || d.digest, E'\n' order by d.drawn_seq), 'UTF8')), 'hex')
    from gatehouse.standing_draw d where d.standing = of_standing and d.session = of_session
$$;

create function gatehouse.law_standing_reviewed(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    t gatehouse.standing_day;
    day gatehouse.market_day;
    fault text := gatehouse.standing_person_fault(e.person, false);
begin
    select * into t from gatehouse.standing_day
        where standing = e.payload->>'standing' and session = (e.payload->>'session')::date;
    select * into day from gatehouse.market_day;
    if t.standing is null or e.stream <> 'standing/' || t.standing then
        return 'nothing_to_review';
    end if;
    if fault is not null then
        return fault;
    end if;
    if t.reviewed_by is not null then
        return 'standing_decided';
    end if;
    if day.session < t.session or day.session = t.session and day.state = 'open' then
        return 'not_yet';
    end if;
    select gatehouse.independence_fault(e.person, p) into fault
        from gatehouse.standing_draw d join gatehouse.proposal p on p.proposal = d.proposal
        where d.standing = t.standing and d.session = t.session
          and gatehouse.independence_fault(e.person, p) is not null limit 1;
    if fault is not null then
        return fault;
    end if;
    if e.payload->>'digest' is distinct from gatehouse.standing_list_digest(t.standing, t.session) then
        return 'digest_mismatch';
    end if;
    update gatehouse.standing_day set reviewed_by = e.person, reviewed_seq = e.seq
        where standing = t.standing and session = t.session;
    return null;
end $$;

-- What the worker may offer: submitted proposals with the first standing approval that covers each now.
create function gatehouse.standing_candidates()
    returns table (proposal text, trace text, last_seq bigint, digest text, session date, standing text,
                   terms_digest text, dollars numeric)
    language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
    select distinct on (p.drafted_seq) p.proposal, p.trace, p.last_seq, p.digest, p.session, s.standing, s.digest,
           gatehouse.standing_dollars(p.proposal)
    from gatehouse.standing_approval s
    join gatehouse.proposal p on p.status = 'SUBMITTED' and p.tier = 1 and p.kind = s.terms->>'kind'
         and (s.terms->'advisors' ? p.advisor or s.terms->'households' ? p.household)
    where s.status = 'CONFIRMED'
      and not exists (select from gatehouse.standing_draw d where d.proposal = p.proposal)
      and not exists (select from gatehouse.leg l
                      where l.proposal = p.proposal and gatehouse.halt_fault(p, l) is not null)
      and gatehouse.standing_fault(p, s) is null
    order by p.drafted_seq, s.valid_until, s.standing
$$;

-- Draws that hold no more, of proposals that are not all out: the worker gives them back, or denies the rest.
create function gatehouse.standing_undone()
    returns table (proposal text, trace text, standing text, status text, leg int, order_id text)
    language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
    select p.proposal, p.trace, d.standing, p.status, l.leg, l.order_id
    from gatehouse.standing_draw d
    join gatehouse.proposal p on p.proposal = d.proposal and p.status in ('APPROVED', 'RELEASED')
    join gatehouse.leg l on l.proposal = p.proposal and l.released_seq is null and not l.ended
    join gatehouse.market_day m on m.state = 'open' and m.session = p.session
    where d.voided_seq is null and not gatehouse.drawn(p)
    order by d.drawn_seq, l.leg
$$;

-- Whether a list is overdue, and how much of each is used, for those who supervise; advisors see their own.
create function gatehouse.standing_is_overdue(of_standing text) returns boolean
    language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
    select gatehouse.asker_sees_all() and gatehouse.standing_overdue(of_standing)
$$;

revoke all on gatehouse.standing_approval, gatehouse.standing_day, gatehouse.standing_draw from public;
grant select on gatehouse.standing_approval, gatehouse.standing_day to gh_intake, gh_approver, gh_gate;
grant select on gatehouse.standing_draw to gh_agent, gh_intake, gh_approver, gh_gate;
revoke all on all functions in schema gatehouse from public;
grant execute on function gatehouse.standing_candidates(), gatehouse.standing_undone() to gh_gate;
grant execute on function gatehouse.standing_is_overdue(text) to gh_approver;
