-- store --
select document, version, outcome, kept from gatehouse.library_store(%(said)s::jsonb, %(passages)s::text[]);

-- standing --
select documents, passages, waiting from gatehouse.library_standing();

-- passage --
select p.id, p.document, p.ordinal, p.text, d.title, d.source, d.dated, d.issuer,
       d.dated > (select m.session from gatehouse.market_day m) as later,
       exists (select from gatehouse.document n where n.series = d.series and n.version > d.version) as superseded
from gatehouse.passage p join gatehouse.document d using (document) where p.id = %(passage)s;

-- passages_of --
select p.id, p.document, p.ordinal, p.text, d.title, d.source, d.dated, d.issuer,
       d.dated > (select m.session from gatehouse.market_day m) as later,
       exists (select from gatehouse.document n where n.series = d.series and n.version > d.version) as superseded
from gatehouse.passage p join gatehouse.document d using (document)
where p.document = any(%(documents)s) order by p.document, p.ordinal limit %(limit)s;

-- unindexed --
select * from gatehouse.library_unindexed(%(limit)s);

-- index --
select gatehouse.library_index(%(passage)s, %(vector)s::text, %(model)s);

-- nearest --
-- Cosine distance. The text and the permission come from the stored passage, never from the index. It says itself who
-- asks: one round trip.
select * from gatehouse.library_search(%(ticket)s, %(vector)s::text, %(limit)s, %(as_of)s);

-- quoting --
select * from gatehouse.library_quoting(%(words)s, %(limit)s, %(as_of)s);
