-- head_seq --
select gatehouse.head_seq() as seq;

-- seq_before --
select gatehouse.seq_before(%(moment)s) as seq;

-- lines --
-- A stretch of the record, as far as the asker may read it, in one direction or the other. An entry concerns an
-- account by its stream, by its order's leg, by its proposal's request (one that names no account asks for all
-- of its household) or legs, or because its payload names it: the text is RFC 8785, and a text inside it has its
-- quotes escaped, so nothing else reads like that.
select l.seq, l.recorded_at, l.role, l.actor, l.event_type, l.stream, l.trace_id, l.text
from gatehouse.journal_line l
where l.seq > %(low)s and l.seq <= %(high)s
  and (%(trace)s::text is null or l.trace_id = %(trace)s)
  and (%(actor)s::text is null or l.actor = %(actor)s)
  and (%(types)s::text[] is null or l.event_type = any (%(types)s::text[]))
  and (%(account)s::text is null
       or l.stream = 'account/' || %(account)s
       or strpos(l.text, '"account":"' || %(account)s || '"') > 0
       or (l.stream like 'order/%%' or l.stream like 'trade/%%')
          and split_part(l.stream, '/', 2) in (select g.order_id from gatehouse.leg g where g.account = %(account)s)
       or l.stream in (select 'proposal/' || p.proposal from gatehouse.proposal p
                       where p.request->'accounts' ? %(account)s
                          or coalesce(jsonb_array_length(p.request->'accounts'), 0) = 0
                             and p.household = (select a.household from gatehouse.account a
                                                where a.account = %(account)s)
                          or exists (select from gatehouse.leg g
                                     where g.proposal = p.proposal and g.account = %(account)s)))
order by l.seq * %(direction)s limit %(most)s;

-- order_lines --
select l.seq, l.recorded_at, l.role, l.actor, l.event_type, l.stream, l.trace_id, l.text
from gatehouse.journal_line l where l.stream = %(stream)s order by l.seq;

-- order_terms --
select g.order_id, g.leg, g.account, g.symbol, g.side, coalesce(g.released_quantity, g.quantity) as quantity,
       g.order_type, g.limit_price, p.findings
from gatehouse.leg g join gatehouse.proposal p on p.proposal = g.proposal
where g.order_id = any (%(orders)s::text[]);

-- actor --
select p.person from gatehouse.person p where %(named)s in (p.person, p.login);

-- account --
select a.account from gatehouse.account a where a.account = %(account)s;
