-- The law of people's decisions, whole: tier 3 takes a principal and compliance, each proven once more; independence
-- at that moment; delegates; comments on single lines.

-- How whoever decided had stepped up, where she had.
alter table gatehouse.decision add column stepped_up text check (stepped_up in ('totp', 'password'));
-- Comments of whoever returned it, by leg: [{leg, text}].
alter table gatehouse.proposal add column leg_comments jsonb not null default '[]';
-- Whose idea it was and why it is done, as whoever submitted it said: {text, drafted_in}.
alter table gatehouse.proposal add column solicited text check (solicited in ('solicited', 'unsolicited'));
alter table gatehouse.proposal add column rationale jsonb;
create index proposal_household on gatehouse.proposal (household, drafted_seq);

-- What a proposal was drafted to replace, as its draft says, which is that entry of the journal.
create function gatehouse.predecessor(drafted_seq bigint) returns text language sql stable as $$
    select j.text::jsonb->'payload'->>'supersedes' from gatehouse.journal j where j.seq = drafted_seq
$$;

-- What that proposal replaces, and the newest that replaces it, for whoever sees it.
create function gatehouse.lineage(of_proposal text, out supersedes text, out successor text)
    language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
    select gatehouse.predecessor(p.drafted_seq),
           (select q.proposal from gatehouse.proposal q
            where q.household = p.household and q.drafted_seq > p.drafted_seq
              and gatehouse.predecessor(q.drafted_seq) = p.proposal
            order by q.drafted_seq desc limit 1)
    from gatehouse.proposal p
    where p.proposal = of_proposal
      and (gatehouse.asker_sees_all() or p.advisor = any (gatehouse.asker_books()))
$$;

-- Whether this person may submit it: the account's advisor, or who stands in for her on its day and is registered
-- to take orders herself.
create or replace function gatehouse.may_submit(of_person text, p gatehouse.proposal) returns boolean
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select of_person = p.advisor
        or p.advisor in (select gatehouse.stands_in_for(of_person, p.session))
           and gatehouse.registered(of_person, '{S7}', p.session)
$$;

-- Whose act it is, or could have been: who drafted it or submitted it, its advisor and whoever stands in for her, and
-- the same of every proposal that it replaces. Null: there are more of these than anybody reads back.
create function gatehouse.acting_on(p gatehouse.proposal) returns text[]
    language plpgsql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    acting text[] := array[p.drafted_by, p.advisor, coalesce(p.submitted_by, p.advisor)];
    at_seq bigint := p.drafted_seq;
    before text;
    names text[];
begin
    acting := acting || array(
        select d.delegate from gatehouse.delegation d
        where d.advisor = p.advisor and d.status = 'NAMED' and p.session between d.from_day and d.until_day);
    for depth in 1..100 loop
        before := gatehouse.predecessor(at_seq);
        if before is null then
            return acting;
        end if;
        select q.drafted_seq, array[q.drafted_by, q.advisor, coalesce(q.submitted_by, q.advisor)]
            into at_seq, names from gatehouse.proposal q where q.proposal = before;
        if not found then
            return acting;
        end if;
        acting := acting || names;
    end loop;
    return null;
end $$;

-- Everybody to whom that person reports, directly or through others. A circle ends where it closes.
create function gatehouse.superiors(of_person text) returns text[]
    language plpgsql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    above text[] := '{}';
    next text := (select w.reports_to from gatehouse.person w where w.person = of_person);
begin
    while next is not null and not next = any (above) loop
        above := above || next;
        next := (select w.reports_to from gatehouse.person w where w.person = next);
    end loop;
    return above;
end $$;

-- Independent means, at that moment: did not ask for, draft, edit, submit or record consent for it; is not its
-- advisor, nor stands in for her, nor reports to any of them; is not paid from the account, the household or by
-- them; is not related; and holds the registration on that day. Who is of compliance decides on tier 3 alone.
-- Source: FINRA Rules 3110(b)(6)(C), 1220(a)(2) (S24) and 1220(a)(3) (S14).
create or replace function gatehouse.independence_fault(of_person text, p gatehouse.proposal) returns text
    language plpgsql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    who gatehouse.person;
    acting text[];
begin
    select * into who from gatehouse.person where person = of_person;
    if of_person in (p.submitted_by, p.drafted_by, p.advisor) then
        return 'self_approval';
    end if;
    if who.role <> 'principal' and (who.role <> 'compliance' or p.tier is distinct from 3) then
        return 'not_a_principal';
    end if;
    if exists (select from gatehouse.decision d
               where d.proposal = p.proposal and d.kind = 'consent' and d.person = of_person) then
        return 'not_independent';
    end if;
    acting := gatehouse.acting_on(p);
    if acting is null or of_person = any (acting) or acting && gatehouse.superiors(of_person) then
        return 'not_independent';
    end if;
    if p.household = any (who.related_households) then
        return 'not_independent';
    end if;
    if exists (select from gatehouse.pay y where y.person = of_person and (
            p.household = any (y.households) or acting && y.advisors
            or exists (select from gatehouse.leg l where l.proposal = p.proposal and l.account = any (y.accounts)))) then
        return 'not_independent';
    end if;
    if not gatehouse.registered(
            of_person, case who.role when 'principal' then '{S24}' else '{S14,S24}' end::text[], p.session) then
        return 'not_registered';
    end if;
    return null;
end $$;

-- In whose roles this digest is approved, by people who still may: of tier 3 only by whoever had stepped up.
create function gatehouse.approved_as(p gatehouse.proposal) returns setof text
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select w.role from gatehouse.decision d join gatehouse.person w on w.person = d.person
    where d.proposal = p.proposal and d.kind = 'approval' and d.digest = p.digest
      and (p.tier < 3 or d.stepped_up is not null)
      and gatehouse.independence_fault(d.person, p) is null
$$;

-- Whether the approvals that the tier asks for are there, of this digest, by distinct people who still may: null,
-- or the code of what is missing. A household that became one of somebody here is tier 3 from then on, and so is what
-- the firm has restricted since.
create or replace function gatehouse.approvals_fault(p gatehouse.proposal) returns text
    language plpgsql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    given text[] := array(select gatehouse.approved_as(p));
begin
    if not 'principal' = any (given) then
        return 'approval_missing';
    end if;
    if not 'compliance' = any (given)
       and (p.tier > 2 or (select h.related from gatehouse.household h where h.household = p.household)
            or exists (select from gatehouse.leg l join gatehouse.stream_head h on h.stream = 'restricted/' || l.symbol
                       where l.proposal = p.proposal)) then
        return 'compliance_missing';
    end if;
    return null;
end $$;

-- Why that person cannot approve what waits for approval, or null: she is not independent, has approved it before,
-- somebody in her role has, or the other role's approval counts no more, so that hers would complete nothing.
create function gatehouse.approval_bar(of_person text, p gatehouse.proposal) returns text
    language plpgsql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    mine text := (select w.role from gatehouse.person w where w.person = of_person);
    given text[] := array(select gatehouse.approved_as(p));
    fault text := gatehouse.independence_fault(of_person, p);
begin
    if fault is not null then
        return fault;
    end if;
    if exists (select from gatehouse.decision d
               where d.proposal = p.proposal and d.kind = 'approval' and d.person = of_person) then
        return 'already_decided';
    end if;
    if mine = any (given) then
        fault := case mine when 'principal' then 'compliance_missing' else 'principal_missing' end;
        return fault;
    end if;
    if cardinality(given) = 0 and exists (
            select from gatehouse.decision d join gatehouse.person w on w.person = d.person
            where d.proposal = p.proposal and d.kind = 'approval' and w.role <> mine) then
        return 'other_approval_ended';
    end if;
    return null;
end $$;

-- The same for the asker, of a proposal that waits for approval; null of any other.
create function gatehouse.my_bar(of_proposal text) returns text
    language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
    select gatehouse.approval_bar(gatehouse.asker_person(), p) from gatehouse.proposal p
    where p.proposal = of_proposal and p.status = 'SUBMITTED'
      and (gatehouse.asker_sees_all() or p.advisor = any (gatehouse.asker_books()))
$$;

-- Who approved these, in which role and how proven; `counts`: she still may.
create function gatehouse.approvals_of(proposals text[])
    returns table (proposal text, person text, role text, stepped_up text, decided_at timestamptz, counts boolean)
    language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
    select p.proposal, d.person, w.role, d.stepped_up, d.decided_at, gatehouse.independence_fault(d.person, p) is null
    from gatehouse.proposal p
    join gatehouse.decision d on d.proposal = p.proposal and d.kind = 'approval' and d.digest = p.digest
    join gatehouse.person w on w.person = d.person
    where p.proposal = any (proposals)
      and (session_user = 'gh_gate' or gatehouse.asker_sees_all() or p.advisor = any (gatehouse.asker_books()))
    order by d.seq
$$;

-- What is wrong with what she says of it: null, or the code. The firm's own plan is nobody's idea but the firm's. What
-- is restricted is not bought, and its sale is no recommendation: it is the client's own idea, and compliance decides.
-- A model's draft of the rationale is one that the copilot gave her in the very conversation that it was drafted in.
-- Source: SEC Release IA-5248 and 17 CFR 240.15l-1(a)(2)(ii) (a recommendation is the firm's); Securities Exchange Act
-- section 15(g) (information barriers).
create function gatehouse.said_fault(p gatehouse.proposal, said jsonb) returns text
    language plpgsql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    why jsonb := nullif(said->'rationale', 'null');
begin
    if said->>'solicited' = 'unsolicited' and p.kind <> 'order' then
        return 'not_unsolicited';
    end if;
    if exists (select from gatehouse.leg l join gatehouse.stream_head h on h.stream = 'restricted/' || l.symbol
               where l.proposal = p.proposal
                 and (l.side = 'buy' or said->>'solicited' is distinct from 'unsolicited')) then
        return 'not_recommended_now';
    end if;
    if why is not null and why->'text'->>'subject' is distinct from p.household then
        return 'malformed_payload';
    end if;
    if why->>'drafted_in' is not null and not exists (
        select from gatehouse.journal j
        where j.trace_id = p.trace and j.event_type = 'AnswerGiven' and j.stream = 'thread/' || p.thread
          and j.text::jsonb->'payload'->>'message' = why->>'drafted_in') then
        return 'rationale_not_drafted';
    end if;
    return null;
end $$;

create or replace function gatehouse.law_proposal_submitted(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    p gatehouse.proposal;
    fault text;
begin
    select * into p from gatehouse.proposal where proposal = e.payload->>'proposal';
    if gatehouse.may_submit(e.person, p) is not true then
        return 'not_the_advisor';
    end if;
    fault := gatehouse.decision_fault(e, p, '{ASSESSED}');
    if fault is not null then
        return fault;
    end if;
    if not gatehouse.reasons_complete(p.findings, e.payload->'reasons') then
        return 'reasons_missing';
    end if;
    fault := gatehouse.said_fault(p, e.payload);
    if fault is not null then
        return fault;
    end if;
    fault := gatehouse.reserve(p.proposal);
    if fault is not null then
        return fault;
    end if;
    insert into gatehouse.decision values (
        p.proposal, 'submission', e.person, p.advisor, p.digest, e.payload->'reasons', e.recorded_at, e.seq);
    update gatehouse.proposal set status = 'SUBMITTED', submitted_by = e.person, last_seq = e.seq,
        solicited = e.payload->>'solicited', rationale = nullif(e.payload->'rationale', 'null')
        where proposal = p.proposal;
    return null;
end $$;

create or replace function gatehouse.law_consent_recorded(e gatehouse.incoming) returns text language plpgsql
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
    if not gatehouse.may_submit(e.person, p)
       and (select role from gatehouse.person where person = e.person) <> 'operations' then
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

-- One approval. Of tier 3 there are two, by a principal and by somebody of compliance: it is approved with the
-- second, and while the first still counts.
create or replace function gatehouse.law_proposal_approved(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    p gatehouse.proposal;
    mine text := (select w.role from gatehouse.person w where w.person = e.person);
    given text[];  -- the roles in which it is approved already
    method text;
    fault text;
begin
    select * into p from gatehouse.proposal where proposal = e.payload->>'proposal';
    if p.status = 'ASSESSED' then
        return case when e.person in (p.advisor, p.drafted_by) then 'self_approval' else 'not_submitted' end;
    end if;
    fault := gatehouse.decision_fault(e, p, '{SUBMITTED}');
    if fault is null then
        fault := gatehouse.approval_bar(e.person, p);
    end if;
    if fault is not null then
        return fault;
    end if;
    if e.payload->>'capacity' <> mine or p.tier < 3 and e.payload->>'step_up' is not null then
        return 'malformed_payload';
    end if;
    if not gatehouse.reasons_complete(p.findings, e.payload->'reasons') then
        return 'reasons_missing';
    end if;
    if p.tier > 2 then
        method := gatehouse.batch_proof(e.person, p);
        if method is null then
            select t.method, t.fault into method, fault
                from gatehouse.take_step_up(e.person, e.stream, p.digest, e.seq) t;
            if fault is not null then
                return fault;
            end if;
        end if;
    end if;
    if e.payload->>'step_up' is distinct from method then
        return 'step_up_missing';
    end if;
    given := array(select gatehouse.approved_as(p));
    insert into gatehouse.decision values (
        p.proposal, 'approval', e.person, p.advisor, p.digest, e.payload->'reasons', e.recorded_at, e.seq, '', method);
    update gatehouse.proposal set last_seq = e.seq,
        status = case when p.tier < 3 or cardinality(given) > 0 then 'APPROVED' else status end
        where proposal = p.proposal;
    return null;
end $$;

create or replace function gatehouse.law_proposal_turned_down(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    p gatehouse.proposal;
    lines jsonb := coalesce(e.payload->'comments', '[]');
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
    -- A comment is on a line that there is, one a line.
    if (select count(distinct l.leg) from jsonb_array_elements(lines) as c (comment)
        join gatehouse.leg l on l.proposal = p.proposal and l.leg = (c.comment->>'leg')::int)
       <> jsonb_array_length(lines) then
        return 'no_such_leg';
    end if;
    perform gatehouse.end_proposal(p.proposal,
        case e.event_type when 'ProposalReturned' then 'RETURNED' else 'DECLINED' end, e);
    update gatehouse.proposal set leg_comments = lines where proposal = p.proposal;
    return null;
end $$;

create or replace function gatehouse.law_proposal_withdrawn(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    p gatehouse.proposal;
begin
    select * into p from gatehouse.proposal where proposal = e.payload->>'proposal';
    if p.proposal is null or e.stream <> 'proposal/' || p.proposal then
        return 'wrong_stream';
    end if;
    if not gatehouse.may_submit(e.person, p) then
        return 'not_the_advisor';
    end if;
    if p.status not in ('DRAFTED', 'ASSESSED', 'SUBMITTED', 'APPROVED') then
        return 'already_decided';
    end if;
    perform gatehouse.end_proposal(p.proposal, 'WITHDRAWN', e);
    return null;
end $$;

update gatehouse.event_kind set version = 2 where event_type in ('ProposalSubmitted', 'ProposalApproved', 'ProposalReturned');

revoke all on all functions in schema gatehouse from public;
grant execute on function gatehouse.lineage(text), gatehouse.my_bar(text) to gh_intake, gh_approver;
grant execute on function gatehouse.approvals_of(text[]) to gh_agent, gh_intake, gh_approver, gh_gate;
