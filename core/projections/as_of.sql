-- place --
-- How far the index has read, and where the market clock stood there; null before the firm was founded.
select coalesce((select as_of_seq from gatehouse.follower where name = 'account_index'), 0) as as_of_seq,
       (select i.market_at from gatehouse.account_index i where i.about = 'market' order by i.seq desc limit 1)
           as market_at;

-- follow --
insert into gatehouse.follower values ('account_index', %(seq)s)
on conflict (name) do update set as_of_seq = excluded.as_of_seq;

-- put --
insert into gatehouse.account_index (about, seq, advisor, market_at)
select * from unnest(%(abouts)s::text[], %(seqs)s::bigint[], %(advisors)s::text[], %(market_ats)s::timestamptz[])
on conflict do nothing;

-- homes_of_proposals --
select proposal, 'proposal/' || proposal as about, 'household/' || household as other, advisor
from gatehouse.proposal where proposal = any (%(proposals)s::text[]);

-- homes_of_orders --
select order_id, 'proposal/' || proposal as about, 'account/' || account as other, advisor
from gatehouse.leg where order_id = any (%(orders)s::text[]);

-- advisors --
select 'account/' || account as about, advisor from gatehouse.account where account = any (%(accounts)s::text[])
union all
select 'household/' || household, advisor from gatehouse.household where household = any (%(households)s::text[]);

-- account --
select account, household from gatehouse.account where account = %(account)s;

-- household --
select h.household, array(select a.account from gatehouse.account a where a.household = h.household
                          order by a.account) as accounts
from gatehouse.household h where h.household = %(household)s;

-- proposal --
select proposal from gatehouse.proposal where proposal = %(proposal)s;

-- order --
select order_id, proposal from gatehouse.leg where order_id = %(order)s;

-- known_at --
select seq, recorded_at, first_at, ahead from gatehouse.known_at(%(moment)s);

-- lines --
-- The next page of what is about any of these, each entry once. Each is asked for its own next page, so that a page
-- costs the same however long the life is.
select l.*
from (select array_agg(x.about) as abouts, array_agg(x.seq) as seqs
      from (select distinct on (i.seq) a.about, i.seq
            from unnest(%(abouts)s::text[]) a (about)
            cross join lateral (select n.seq from gatehouse.account_index n
                                where n.about = a.about and n.seq > %(after)s and n.seq <= %(until)s
                                order by n.seq limit %(page)s) i
            order by i.seq, a.about limit %(page)s) x) page,
     gatehouse.account_lines(page.abouts, page.seqs) l
order by l.seq;

-- days --
-- The newest steps of the business day; the first of all is the founding.
select l.*
from (select array_agg(x.about) as abouts, array_agg(x.seq) as seqs
      from (select i.about, i.seq from gatehouse.account_index i
            where i.about = 'market' and i.seq <= %(until)s
              and (%(true_at)s::timestamptz is null or i.market_at <= %(true_at)s)
            order by i.seq desc limit 2) x) page,
     gatehouse.account_lines(page.abouts, page.seqs) l
order by l.seq;

-- first_day --
select min(market_at) as market_at from gatehouse.account_index where about = 'market';
