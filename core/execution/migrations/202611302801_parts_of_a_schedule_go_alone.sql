-- As before; and no part of an order over time: it leaves at its own time, and waits for nobody.
create or replace function gatehouse.may_go_in_block(l gatehouse.leg) returns boolean
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select cardinality(l.funded_by) = 0 and not l.may_release_less and l.quantity = trunc(l.quantity)
       and not exists (select from gatehouse.replacing r where r.proposal = l.proposal)
       and not exists (select from gatehouse.schedule s where s.proposal = l.proposal)
$$;
