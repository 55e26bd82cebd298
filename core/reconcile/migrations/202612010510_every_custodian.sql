-- A run that could not ask a custodian says so: each that keeps an account of the firm's was compared, or is named as
-- one that gave no answer. A run that leaves one out would say by silence that nothing differs there.

create function gatehouse.custodians_left_out(compared jsonb, unread jsonb) returns boolean
    language sql stable set search_path = pg_catalog, gatehouse, pg_temp as $$
    select exists (
        select from (select distinct a.custodian from gatehouse.account a) k
        where not exists (select from jsonb_array_elements(compared) c where c->>'party' = 'custodian:' || k.custodian)
          and not unread ? ('custodian:' || k.custodian))
$$;

-- A run cannot say fewer differences than stand open, nor leave a custodian out.
create or replace function gatehouse.law_reconciliation_finished(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
begin
    if e.stream <> 'reconciliation/' || (e.payload->>'run')
       or exists (select from gatehouse.reconciliation r where r.run = e.payload->>'run' and r.seq is not null) then
        return 'wrong_stream';
    end if;
    if (e.payload->>'differences')::int <> (select count(*) from gatehouse.difference d where d.cleared_seq is null)
       or e.payload->>'session' is distinct from (select m.session::text from gatehouse.market_day m)
       or gatehouse.custodians_left_out(e.payload->'compared', e.payload->'unread') then
        return 'reconciliation_misstated';
    end if;
    insert into gatehouse.reconciliation as r (run, why, session, compared, unread, differences, finished_at, seq)
        values (e.payload->>'run', e.payload->>'why', (e.payload->>'session')::date, e.payload->'compared', e.payload->'unread',
                (e.payload->>'differences')::int, clock_timestamp(), e.seq)
        on conflict (run) do update set session = excluded.session, compared = excluded.compared, unread = excluded.unread,
            differences = excluded.differences, finished_at = excluded.finished_at, seq = excluded.seq;
    return null;
end $$;

revoke all on function gatehouse.custodians_left_out(jsonb, jsonb), gatehouse.law_reconciliation_finished(gatehouse.incoming)
    from public;
