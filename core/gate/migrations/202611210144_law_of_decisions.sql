-- The law of people's decisions: submission, consent, approval, return, decline, withdrawal, lapse, denial.

-- What every decision needs: the proposal in one of these states, today, and the digest that the person saw.
create function gatehouse.decision_fault(e gatehouse.incoming, p gatehouse.proposal, states text[]) returns text
    language plpgsql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    day gatehouse.market_day;
begin
    if p.proposal is null or e.stream <> 'proposal/' || p.proposal then
        return 'wrong_stream';
    end if;
    if p.status = 'DRAFTED' then
        return 'not_assessed';
    end if;
    if not p.status = any (states) then
        return 'already_decided';
    end if;
    if e.payload->>'digest' is distinct from p.digest then
        return 'digest_mismatch';
    end if;
    select * into day from gatehouse.market_day;
    if day.state <> 'open' or day.session <> p.session then
        return 'lapsed';
    end if;
    return null;
end $$;

-- Every soft finding has this person's written reason.
create function gatehouse.reasons_complete(findings jsonb, reasons jsonb) returns boolean
    language sql immutable set search_path = pg_catalog, pg_temp as $$
    select not exists (
        select from jsonb_array_elements(findings) as f (finding)
        where f.finding->>'result' = 'finding'
          and not exists (select from jsonb_array_elements(reasons) as r (reason)
                          where r.reason->>'policy' = f.finding->>'policy'))
$$;

create function gatehouse.law_proposal_submitted(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    p gatehouse.proposal;
    fault text;
begin
    select * into p from gatehouse.proposal where proposal = e.payload->>'proposal';
    if p.advisor is distinct from e.person then
        return 'not_the_advisor';
    end if;
    fault := gatehouse.decision_fault(e, p, '{ASSESSED}');
    if fault is not null then
        return fault;
    end if;
    if p.tier > 2 then
        return 'tier_not_offered';
    end if;
    if not gatehouse.reasons_complete(p.findings, e.payload->'reasons') then
        return 'reasons_missing';
    end if;
    fault := gatehouse.reserve(p.proposal);
    if fault is not null then
        return fault;
    end if;
    insert into gatehouse.decision values (
        p.proposal, 'submission', e.person, p.advisor, p.digest, e.payload->'reasons', e.recorded_at, e.seq);
    update gatehouse.proposal set status = 'SUBMITTED', submitted_by = e.person, last_seq = e.seq
        where proposal = p.proposal;
    return null;
end $$;

-- Whether an owner of each account that needs it has consented to exactly what the proposal now holds.
create function gatehouse.consented(of_proposal text) returns boolean
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select not exists (
        select from gatehouse.leg l
        join gatehouse.account a on a.account = l.account
        join gatehouse.proposal p on p.proposal = l.proposal
        where l.proposal = of_proposal and not a.discretionary
          and not exists (select from gatehouse.decision d
                          where d.proposal = of_proposal and d.kind = 'consent' and d.digest = p.digest
                            and d.client = any (a.owners)))
$$;

create function gatehouse.law_consent_recorded(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    p gatehouse.proposal;
    fault text;
begin
    select * into p from gatehouse.proposal where proposal = e.payload->>'proposal';
    fault := gatehouse.decision_fault(e, p, '{SUBMITTED,APPROVED}');
    if fault is not null then
        return fault;
    end if;
    if not p.needs_consent then
        return 'consent_not_needed';
    end if;
    if e.person <> p.advisor and (select role from gatehouse.person where person = e.person) <> 'operations' then
        return 'not_the_advisor';
    end if;
    -- Who approved it cannot be the one who says that the client agreed.
    if exists (select from gatehouse.decision d
               where d.proposal = p.proposal and d.kind = 'approval' and d.person = e.person) then
        return 'not_independent';
    end if;
    if not exists (select from gatehouse.leg l join gatehouse.account a on a.account = l.account
                   where l.proposal = p.proposal and not a.discretionary
                     and (e.payload->>'client') = any (a.owners)) then
        return 'not_an_owner';
    end if;
    insert into gatehouse.decision values (
        p.proposal, 'consent', e.person, p.advisor, p.digest, '[]', e.recorded_at, e.seq, e.payload->>'client');
    update gatehouse.proposal set last_seq = e.seq where proposal = p.proposal;
    return null;
end $$;

-- Independent means: did not draft, submit or record consent for it, is not its advisor, does not report to
-- the submitter, is not related, and holds the registration on that day. Source: FINRA Rule 3110(b)(6).
create function gatehouse.independence_fault(of_person text, p gatehouse.proposal) returns text
    language plpgsql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    who gatehouse.person;
begin
    select * into who from gatehouse.person where person = of_person;
    if of_person in (p.submitted_by, p.drafted_by, p.advisor) then
        return 'self_approval';
    end if;
    if who.role <> 'principal' then
        return 'not_a_principal';
    end if;
    if exists (select from gatehouse.decision d
               where d.proposal = p.proposal and d.kind = 'consent' and d.person = of_person) then
        return 'not_independent';
    end if;
    if who.reports_to = p.submitted_by or p.household = any (who.related_households) then
        return 'not_independent';
    end if;
    if not exists (select from gatehouse.registration r
                   where r.person = of_person and r.registration = 'S24' and r.valid_from <= p.session
                     and (r.valid_until is null or r.valid_until >= p.session)) then
        return 'not_registered';
    end if;
    return null;
end $$;

create function gatehouse.law_proposal_approved(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    p gatehouse.proposal;
    fault text;
begin
    select * into p from gatehouse.proposal where proposal = e.payload->>'proposal';
    if p.status = 'ASSESSED' then
        return case when e.person in (p.advisor, p.drafted_by) then 'self_approval' else 'not_submitted' end;
    end if;
    fault := gatehouse.decision_fault(e, p, '{SUBMITTED}');
    if fault is null then
        fault := gatehouse.independence_fault(e.person, p);
    end if;
    if fault is null and not gatehouse.reasons_complete(p.findings, e.payload->'reasons') then
        fault := 'reasons_missing';
    end if;
    if fault is not null then
        return fault;
    end if;
    insert into gatehouse.decision values (
        p.proposal, 'approval', e.person, p.advisor, p.digest, e.payload->'reasons', e.recorded_at, e.seq);
    update gatehouse.proposal set status = 'APPROVED', last_seq = e.seq where proposal = p.proposal;
    return null;
end $$;

create function gatehouse.law_proposal_turned_down(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    p gatehouse.proposal;
    fault text;
begin
    select * into p from gatehouse.proposal where proposal = e.payload->>'proposal';
    fault := gatehouse.decision_fault(e, p, '{SUBMITTED,APPROVED}');
    if fault is not null then
        return fault;
    end if;
    if (select role from gatehouse.person where person = e.person) not in ('principal', 'compliance') then
        return 'not_a_principal';
    end if;
    perform gatehouse.end_proposal(p.proposal,
        case e.event_type when 'ProposalReturned' then 'RETURNED' else 'DECLINED' end, e);
    return null;
end $$;

create function gatehouse.law_proposal_withdrawn(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    p gatehouse.proposal;
begin
    select * into p from gatehouse.proposal where proposal = e.payload->>'proposal';
    if p.proposal is null or e.stream <> 'proposal/' || p.proposal then
        return 'wrong_stream';
    end if;
    if p.advisor <> e.person then
        return 'not_the_advisor';
    end if;
    if p.status not in ('DRAFTED', 'ASSESSED', 'SUBMITTED', 'APPROVED') then
        return 'already_decided';
    end if;
    perform gatehouse.end_proposal(p.proposal, 'WITHDRAWN', e);
    return null;
end $$;

create function gatehouse.law_proposal_lapsed(e gatehouse.incoming) returns text language plpgsql
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
    if p.status not in ('DRAFTED', 'ASSESSED', 'SUBMITTED', 'APPROVED') then
        return 'already_decided';
    end if;
    if day.session < p.session or day.session = p.session and day.state = 'open' then
        return 'not_yet';
    end if;
    perform gatehouse.end_proposal(p.proposal, 'LAPSED', e);
    return null;
end $$;

create function gatehouse.law_proposal_denied(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    p gatehouse.proposal;
begin
    select * into p from gatehouse.proposal where proposal = e.payload->>'proposal';
    if p.proposal is null or e.stream <> 'proposal/' || p.proposal then
        return 'wrong_stream';
    end if;
    if p.status <> (case e.payload->>'at' when 'draft' then 'DRAFTED' else 'APPROVED' end) then
        return 'already_decided';
    end if;
    perform gatehouse.end_proposal(p.proposal, 'DENIED', e);
    update gatehouse.proposal set denied_at = e.payload->>'at', differences = e.payload->'differences',
        findings = e.payload->'findings' where proposal = p.proposal;
    return null;
end $$;

revoke all on all functions in schema gatehouse from public;
grant execute on function gatehouse.consented(text) to gh_agent, gh_intake, gh_approver, gh_gate;
