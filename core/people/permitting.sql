-- person --
-- Who asks, and whether she holds the principal's registration on the market's day.
select p.person, p.role, p.reports_to, p.related_households,
       exists (select from gatehouse.registration r, gatehouse.market_day d
               where r.person = p.person and r.registration = 'S24' and r.valid_from <= d.session
                 and (r.valid_until is null or r.valid_until >= d.session)) as registered
from gatehouse.person p where p.person = gatehouse.asker_person();

-- proposal --
select p.proposal, p.household, p.advisor, p.drafted_by, p.submitted_by, p.tier,
       array(select d.delegate from gatehouse.delegation d
             where d.advisor = p.advisor and d.status = 'NAMED' and p.session between d.from_day and d.until_day) as delegates,
       array(select distinct d.person from gatehouse.decision d
             where d.proposal = p.proposal and d.kind = 'consent') as consented_by,
       array(select distinct d.person from gatehouse.decision d
             where d.proposal = p.proposal and d.kind = 'approval') as approved_by
from gatehouse.proposal p where p.proposal = %(proposal)s;

-- advisor_of --
select h.advisor from gatehouse.household h where h.household = %(household)s;
