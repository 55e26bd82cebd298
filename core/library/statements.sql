-- store_document --
insert into gatehouse.document (document, title, source, dated, subject, ingested_by, stored_at)
values (%(document)s, %(title)s, %(source)s, %(dated)s, %(subject)s, gatehouse.asker_person(), clock_timestamp())
on conflict do nothing;

-- store_passage --
insert into gatehouse.passage (document, ordinal, text) values (%(document)s, %(ordinal)s, %(text)s)
on conflict do nothing;

-- passage --
select p.id, p.document, p.ordinal, p.text, d.title, d.source, d.dated
from gatehouse.passage p join gatehouse.document d using (document) where p.id = %(passage)s;

-- passages_without_vector --
select p.id, p.document, p.ordinal, p.text, d.title, d.source, d.dated
from gatehouse.passage p join gatehouse.document d using (document)
where not exists (select from copilot.embedding e where e.passage = p.id)
order by p.id limit %(limit)s;

-- store_vector --
insert into copilot.embedding (passage, vector, model) values (%(passage)s, %(vector)s::vector, %(model)s)
on conflict (passage) do update set vector = excluded.vector, model = excluded.model;

-- nearest --
-- Cosine distance. The text and the permission come from the stored passage, never from the index.
select p.id, p.document, p.ordinal, p.text, d.title, d.source, d.dated, e.vector <=> %(vector)s::vector as distance
from copilot.embedding e
join gatehouse.passage p on p.id = e.passage
join gatehouse.document d using (document)
order by e.vector <=> %(vector)s::vector limit %(limit)s;

-- passages_that_quote --
select p.id, p.document, p.ordinal, p.text, d.title, d.source, d.dated
from gatehouse.passage p join gatehouse.document d using (document)
where position(lower(%(words)s) in lower(p.text)) > 0 order by d.dated desc, p.id limit %(limit)s;

-- passages_of --
select p.id, p.document, p.ordinal, p.text, d.title, d.source, d.dated
from gatehouse.passage p join gatehouse.document d using (document)
where p.document = any(%(documents)s) order by p.document, p.ordinal limit %(limit)s;
