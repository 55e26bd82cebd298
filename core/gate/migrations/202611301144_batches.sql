-- The law of batches: many proposals decided as one, each still by its own decisions of its own digest.

insert into gatehouse.event_kind (event_type, stream_prefix, law) values
    ('BatchAssembled', 'batch/', 'law_batch_assembled'),
    ('BatchSubmitted', 'batch/', 'law_batch_submitted'),
    ('BatchApproved', 'batch/', 'law_batch_approved'),
    ('BatchReturned', 'batch/', 'law_batch_turned_down'),
    ('BatchDeclined', 'batch/', 'law_batch_turned_down');

insert into gatehouse.event_right (event_type, role)
    select event_type, 'gh_approver' from unnest(array[
        'BatchAssembled', 'BatchSubmitted', 'BatchApproved', 'BatchReturned', 'BatchDeclined']) as approver (event_type);

create table gatehouse.batch (
    batch    text primary key,
    advisor  text not null references gatehouse.person,
    session  date not null,
    digest   text not null,
    tier     int not null check (tier between 1 and 3),
    dollars  numeric not null,
    status   text not null check (status in ('ASSEMBLED', 'SUBMITTED', 'APPROVED', 'RETURNED', 'DECLINED', 'REPLACED')),
    last_seq bigint not null
);
create table gatehouse.batch_row (
    batch    text not null references gatehouse.batch,
    place    int not null,
    proposal text not null references gatehouse.proposal,
    digest   text not null,
    advisor  text not null,
    primary key (batch, place),
    unique (batch, proposal)
);
create index batch_row_proposal on gatehouse.batch_row (proposal);
-- One a person: a principal, and for tier 3 somebody of compliance before.
create table gatehouse.batch_approval (
    batch   text not null references gatehouse.batch,
    person  text not null references gatehouse.person,
    role    text not null check (role in ('principal', 'compliance')),
    advisor text not null,
    digest  text not null,
    seq     bigint not null,
    stepped_up text check (stepped_up in ('totp', 'password')),
    primary key (batch, person)
);

alter table gatehouse.batch enable row level security;
alter table gatehouse.batch_row enable row level security;
alter table gatehouse.batch_approval enable row level security;
create policy book on gatehouse.batch for select to gh_intake, gh_approver
    using ((select gatehouse.asker_sees_all()) or advisor = (select gatehouse.asker_person()));
create policy book on gatehouse.batch_row for select to gh_intake, gh_approver
    using ((select gatehouse.asker_sees_all()) or advisor = (select gatehouse.asker_person()));
create policy book on gatehouse.batch_approval for select to gh_intake, gh_approver
    using ((select gatehouse.asker_sees_all()) or advisor = (select gatehouse.asker_person()));
create policy everything on gatehouse.batch for select to gh_gate using (true);
create policy everything on gatehouse.batch_row for select to gh_gate using (true);
create policy everything on gatehouse.batch_approval for select to gh_gate using (true);

-- What these proposals come to together: dollars at reference prices, and the tier of the worst, or of the total
-- where that is more, by the limits in force. `core.plan.tiers` has the same dollars.
create function gatehouse.batch_measure(proposals text[], out dollars numeric, out tier int)
    language plpgsql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    caps jsonb := (gatehouse.limits_in_force()).limits;
    worst int := (select coalesce(max(p.tier), 3) from gatehouse.proposal p where p.proposal = any (proposals));
begin
    dollars := (select coalesce(sum(l.quantity * l.reference_price), 0) from gatehouse.leg l
                where l.proposal = any (proposals));
    tier := greatest(worst, case when dollars > (caps->>'principal_dollars')::numeric then 3
                                 when dollars > (caps->>'routine_dollars')::numeric then 2 else 1 end);
end $$;

-- What every step on a batch needs: its stream, its state, its day and the digest that the person saw.
create function gatehouse.batch_fault(e gatehouse.incoming, b gatehouse.batch, state text) returns text
    language plpgsql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    day gatehouse.market_day;
begin
    if b.batch is null or e.stream <> 'batch/' || b.batch then
        return 'no_such_batch';
    end if;
    if b.status <> state then
        return 'batch_decided';
    end if;
    if e.payload->>'digest' is distinct from b.digest then
        return 'digest_mismatch';
    end if;
    select * into day from gatehouse.market_day;
    if day.state <> 'open' or day.session <> b.session then
        return 'lapsed';
    end if;
    return null;
end $$;

-- Whether every row still is what the batch holds, in that state.
create function gatehouse.batch_whole(of_batch text, state text) returns boolean
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select not exists (
        select from gatehouse.batch_row r join gatehouse.proposal p on p.proposal = r.proposal
        where r.batch = of_batch and (p.digest, p.status) is distinct from (r.digest, state))
$$;

create function gatehouse.law_batch_assembled(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    rows jsonb := e.payload->'rows';
    named text[] := array(select r.part->>'proposal' from jsonb_array_elements(rows) with ordinality as r (part, n)
                          order by r.n);
    together record;
    day gatehouse.market_day;
begin
    if e.stream <> 'batch/' || (e.payload->>'batch') or e.stream_version <> 1 then
        return 'wrong_stream';
    end if;
    if cardinality(named) not between 2 and 100
       or named is distinct from array(select distinct n collate "C" from unnest(named) as n order by 1) then
        return 'batch_malformed';
    end if;
    if encode(sha256(convert_to(gatehouse.canonical(rows), 'UTF8')), 'hex') is distinct from e.payload->>'digest' then
        return 'digest_mismatch';
    end if;
    select * into day from gatehouse.market_day;
    if day.state <> 'open' then
        return 'day_closed';
    end if;
    if exists (select from jsonb_array_elements(rows) as r (part)
               left join gatehouse.proposal p on p.proposal = r.part->>'proposal'
               where p.advisor is distinct from e.person) then
        return 'not_the_advisor';
    end if;
    if exists (select from jsonb_array_elements(rows) as r (part)
               join gatehouse.proposal p on p.proposal = r.part->>'proposal'
               where (p.status, p.digest, p.session) is distinct from ('ASSESSED', r.part->>'digest', day.session)) then
        return 'batch_void';
    end if;
    select * into together from gatehouse.batch_measure(named);
    if ((e.payload->>'tier')::int, (e.payload->>'dollars')::numeric) is distinct from (together.tier, together.dollars) then
        return 'batch_misstated';
    end if;
    -- One that was put together before and not submitted gives way.
    update gatehouse.batch b set status = 'REPLACED', last_seq = e.seq
        where b.status = 'ASSEMBLED' and exists (
            select from gatehouse.batch_row r where r.batch = b.batch and r.proposal = any (named));
    insert into gatehouse.batch values (e.payload->>'batch', e.person, day.session, e.payload->>'digest',
                                        together.tier, together.dollars, 'ASSEMBLED', e.seq);
    insert into gatehouse.batch_row
        select e.payload->>'batch', r.n, r.part->>'proposal', r.part->>'digest', e.person
        from jsonb_array_elements(rows) with ordinality as r (part, n);
    return null;
end $$;

-- The last of its group: by now she has submitted every row, each by its own law.
create function gatehouse.law_batch_submitted(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    b gatehouse.batch;
    fault text;
begin
    select * into b from gatehouse.batch where batch = e.payload->>'batch';
    fault := gatehouse.batch_fault(e, b, 'ASSEMBLED');
    if fault is not null then
        return fault;
    end if;
    if exists (select from gatehouse.batch_row r join gatehouse.proposal p on p.proposal = r.proposal
               where r.batch = b.batch and not gatehouse.may_submit(e.person, p)) then
        return 'not_the_advisor';
    end if;
    if not gatehouse.batch_whole(b.batch, 'SUBMITTED')
       or exists (select from gatehouse.batch_row r where r.batch = b.batch and not exists (
            select from gatehouse.decision d where d.proposal = r.proposal and d.kind = 'submission'
            and d.person = e.person and d.digest = r.digest)) then
        return 'batch_void';
    end if;
    update gatehouse.batch set status = 'SUBMITTED', last_seq = e.seq where batch = b.batch;
    return null;
end $$;

-- The first of its group: who signs is independent of every row. Tier 3 takes compliance before the principal;
-- the rows' own approvals follow and ask their own law.
create function gatehouse.law_batch_approved(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    b gatehouse.batch;
    who gatehouse.person;
    method text;
    fault text;
begin
    select * into b from gatehouse.batch where batch = e.payload->>'batch';
    select * into who from gatehouse.person where person = e.person;
    fault := gatehouse.batch_fault(e, b, 'SUBMITTED');
    if fault is not null then
        return fault;
    end if;
    if not gatehouse.batch_whole(b.batch, 'SUBMITTED') then
        return 'batch_void';
    end if;
    if who.role = 'compliance' and b.tier = 3 then
        select gatehouse.batch_signer_fault(who, p) into fault
            from gatehouse.batch_row r join gatehouse.proposal p on p.proposal = r.proposal
            where r.batch = b.batch and gatehouse.batch_signer_fault(who, p) is not null limit 1;
    else
        select gatehouse.independence_fault(e.person, p) into fault
            from gatehouse.batch_row r join gatehouse.proposal p on p.proposal = r.proposal
            where r.batch = b.batch and gatehouse.independence_fault(e.person, p) is not null limit 1;
    end if;
    if fault is not null then
        return fault;
    end if;
    if exists (select from gatehouse.batch_approval a where a.batch = b.batch and a.person = e.person) then
        return 'batch_decided';
    end if;
    if b.tier = 3 and who.role <> 'compliance' and not exists (
        select from gatehouse.batch_approval a
        where a.batch = b.batch and a.role = 'compliance' and a.digest = b.digest) then
        return 'second_approver_missing';
    end if;
    if b.tier > 2 then  -- its own, whatever its rows are
        select t.method, t.fault into method, fault
            from gatehouse.take_step_up(e.person, e.stream, b.digest, e.seq) t;
        if fault is not null then
            return fault;
        end if;
    end if;
    if e.payload->>'step_up' is distinct from method then
        return 'step_up_missing';
    end if;
    insert into gatehouse.batch_approval values (b.batch, e.person, who.role, b.advisor, b.digest, e.seq, method);
    update gatehouse.batch set last_seq = e.seq,
        status = case when who.role = 'principal' then 'APPROVED' else status end
        where batch = b.batch;
    return null;
end $$;

-- Compliance signs what it has no part in: as `independence_fault` asks it of a principal.
create function gatehouse.batch_signer_fault(who gatehouse.person, p gatehouse.proposal) returns text
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select case
        when who.person in (p.submitted_by, p.drafted_by, p.advisor) then 'self_approval'
        when who.reports_to = p.submitted_by or p.household = any (who.related_households)
             or exists (select from gatehouse.decision d
                        where d.proposal = p.proposal and d.kind = 'consent' and d.person = who.person)
            then 'not_independent' end
$$;

-- How that person proved who she is when she approved the batch that this very content is a row of: the batch's digest
-- binds it. Null: she has approved none, or had not to.
create function gatehouse.batch_proof(of_person text, p gatehouse.proposal) returns text
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select a.stepped_up from gatehouse.batch_row r
    join gatehouse.batch b on b.batch = r.batch and b.status in ('SUBMITTED', 'APPROVED')
    join gatehouse.batch_approval a on a.batch = b.batch and a.person = of_person and a.digest = b.digest
    where r.proposal = p.proposal and r.digest = p.digest
$$;

-- What is decided as one is not decided by rows: a row of a submitted batch takes the approval of who has
-- approved the batch, and no draw. Then the row's own law is asked.
create function gatehouse.law_batch_row_approved(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
    if exists (select from gatehouse.batch_row r join gatehouse.batch b on b.batch = r.batch
               where r.proposal = e.payload->>'proposal' and b.status in ('SUBMITTED', 'APPROVED')
                 and gatehouse.batch_whole_but(b.batch, r.proposal)
                 and not exists (select from gatehouse.batch_approval a
                                 where a.batch = b.batch and a.person = e.person and a.digest = b.digest)) then
        return 'batch_decides';
    end if;
    return gatehouse.law_proposal_approved(e);
end $$;
update gatehouse.event_kind set law = 'law_batch_row_approved' where event_type = 'ProposalApproved';

-- Whether the other rows still are what the batch holds and wait or are decided: one that ended or changed frees
-- the rest to be decided one by one.
create function gatehouse.batch_whole_but(of_batch text, of_proposal text) returns boolean
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select not exists (
        select from gatehouse.batch_row r join gatehouse.proposal p on p.proposal = r.proposal
        where r.batch = of_batch and r.proposal <> of_proposal
          and (p.digest is distinct from r.digest or p.status not in ('SUBMITTED', 'APPROVED', 'RELEASED')))
$$;

create function gatehouse.law_batch_row_drawn(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
    if gatehouse.batch_holds(e.payload->>'proposal') then
        return 'batch_decides';
    end if;
    return gatehouse.law_standing_drawn(e);
end $$;
update gatehouse.event_kind set law = 'law_batch_row_drawn' where event_type = 'StandingApprovalDrawn';

create function gatehouse.batch_holds(of_proposal text) returns boolean
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select exists (select from gatehouse.batch_row r join gatehouse.batch b on b.batch = r.batch
                   where r.proposal = of_proposal and b.status in ('SUBMITTED', 'APPROVED'))
$$;

-- As before, without rows of batches.
create or replace function gatehouse.standing_candidates()
    returns table (proposal text, trace text, last_seq bigint, digest text, session date, standing text,
                   terms_digest text, dollars numeric)
    language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
    select distinct on (p.drafted_seq) p.proposal, p.trace, p.last_seq, p.digest, p.session, s.standing, s.digest,
           gatehouse.standing_dollars(p.proposal)
    from gatehouse.standing_approval s
    join gatehouse.proposal p on p.status = 'SUBMITTED' and p.tier = 1 and p.kind = s.terms->>'kind'
         and (s.terms->'advisors' ? p.advisor or s.terms->'households' ? p.household)
    where s.status = 'CONFIRMED'
      and not gatehouse.batch_holds(p.proposal)
      and not exists (select from gatehouse.standing_draw d where d.proposal = p.proposal)
      and not exists (select from gatehouse.leg l
                      where l.proposal = p.proposal and gatehouse.halt_fault(p, l) is not null)
      and gatehouse.standing_fault(p, s) is null
    order by p.drafted_seq, s.valid_until, s.standing
$$;

-- The last of its group: by now every row has been turned down, each by its own law.
create function gatehouse.law_batch_turned_down(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    b gatehouse.batch;
    ended text := case e.event_type when 'BatchReturned' then 'RETURNED' else 'DECLINED' end;
    fault text;
begin
    select * into b from gatehouse.batch where batch = e.payload->>'batch';
    fault := gatehouse.batch_fault(e, b, 'SUBMITTED');
    if fault is not null then
        return fault;
    end if;
    if (select p.role from gatehouse.person p where p.person = e.person) not in ('principal', 'compliance') then
        return 'not_a_principal';
    end if;
    if not gatehouse.batch_whole(b.batch, ended) then
        return 'batch_void';
    end if;
    update gatehouse.batch set status = ended, last_seq = e.seq where batch = b.batch;
    return null;
end $$;

revoke all on gatehouse.batch, gatehouse.batch_row, gatehouse.batch_approval from public;
grant select on gatehouse.batch, gatehouse.batch_row, gatehouse.batch_approval to gh_intake, gh_approver, gh_gate;
revoke all on all functions in schema gatehouse from public;
grant execute on function gatehouse.batch_measure(text[]) to gh_approver;
