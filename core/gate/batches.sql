-- batches --
-- Newest first. `whole`: every row still is what the batch holds and waits as the batch does.
select b.batch, b.advisor, b.session, b.digest, b.tier, b.dollars, b.status,
       array(select r.proposal from gatehouse.batch_row r where r.batch = b.batch order by r.place) as proposals,
       array(select a.person from gatehouse.batch_approval a where a.batch = b.batch order by a.seq) as approved_by,
       not exists (select from gatehouse.batch_row r join gatehouse.proposal p on p.proposal = r.proposal
                   where r.batch = b.batch and (p.digest is distinct from r.digest
                         or p.status <> case b.status when 'ASSEMBLED' then 'ASSESSED' else 'SUBMITTED' end)) as whole
from gatehouse.batch b
where %(batch)s::text is null or b.batch = %(batch)s
order by b.last_seq desc limit 200;

-- rows --
select r.proposal, r.digest from gatehouse.batch_row r where r.batch = %(batch)s order by r.place;

-- measure --
select dollars, tier from gatehouse.batch_measure(%(proposals)s::text[]);
