-- The release check, with each of its questions in a function of its own: what stops an order now, and who let it go.

-- Whether this person may submit what concerns this proposal's account: its advisor.
create function gatehouse.may_submit(of_person text, p gatehouse.proposal) returns boolean
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$ select of_person = p.advisor $$;

-- Whether a halt covers this leg of this proposal: null, or 'halted'. Nothing can be halted yet.
create function gatehouse.halt_fault(p gatehouse.proposal, l gatehouse.leg) returns text
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$ select null::text $$;

-- Whether a standing approval was drawn for exactly what the proposal now holds. There is none yet.
create function gatehouse.drawn(p gatehouse.proposal) returns boolean
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$ select false $$;

-- Whether the approvals that the tier asks for are there, of this digest, by distinct people who still may: null,
-- or the code of what is missing.
create function gatehouse.approvals_fault(p gatehouse.proposal) returns text
    language plpgsql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    approvers int;
begin
    select count(distinct d.person) into approvers from gatehouse.decision d
        where d.proposal = p.proposal and d.kind = 'approval' and d.digest = p.digest
          and gatehouse.independence_fault(d.person, p) is null;
    return case when p.tier > 2 or approvers < 1 then 'approval_missing' end;
end $$;

create or replace function gatehouse.release_refusal(e gatehouse.incoming) returns text language plpgsql
    stable set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    p gatehouse.proposal;
    l gatehouse.leg;
    day gatehouse.market_day;
    fault text;
begin
    select * into p from gatehouse.proposal where proposal = e.payload->>'proposal';
    select * into l from gatehouse.leg
        where proposal = e.payload->>'proposal' and leg = (e.payload->>'leg')::int;
    if l.order_id is null or e.payload->>'order' is distinct from l.order_id or e.stream <> 'order/' || l.order_id then
        return 'no_such_leg';
    end if;
    if l.released_seq is not null then
        return 'already_released';
    end if;
    if p.status not in ('APPROVED', 'RELEASED') or l.ended then
        return 'not_approved';
    end if;
    if encode(sha256(convert_to(p.content, 'UTF8')), 'hex') <> p.digest
       or e.payload->>'digest' is distinct from p.digest then
        return 'digest_mismatch';
    end if;
    if not exists (select from gatehouse.decision d where d.proposal = p.proposal and d.kind = 'submission'
                   and d.digest = p.digest and gatehouse.may_submit(d.person, p)) then
        return 'submission_missing';
    end if;
    if not gatehouse.drawn(p) then
        fault := gatehouse.approvals_fault(p);
        if fault is not null then
            return fault;
        end if;
    end if;
    if not gatehouse.consented(p.proposal) then
        return 'consent_missing';
    end if;
    select * into day from gatehouse.market_day;
    if day.state <> 'open' or day.session <> p.session then
        return 'lapsed';
    end if;
    if p.for_session > day.session then
        return 'not_yet';
    end if;
    fault := gatehouse.halt_fault(p, l);
    if fault is not null then
        return fault;
    end if;
    fault := gatehouse.replacing_at_release(e, p, l);
    if fault is not null then
        return fault;
    end if;
    if (e.payload->>'account', e.payload->>'symbol', e.payload->>'side', e.payload->>'order_type',
        e.payload->>'time_in_force') is distinct from (l.account, l.symbol, l.side, l.order_type, l.time_in_force)
       or (e.payload->>'limit_price')::numeric is distinct from l.limit_price then
        return 'leg_mismatch';
    end if;
    return gatehouse.quantity_fault(l, (e.payload->>'quantity')::numeric);
end $$;

revoke all on all functions in schema gatehouse from public;
