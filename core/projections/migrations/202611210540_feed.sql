-- What people who follow the record ask: how far it is, where a moment stands in it, and what they may read.

-- The newest sequence: a number that names nobody, so no ticket.
create function gatehouse.head_seq() returns bigint
    language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
    select h.seq from gatehouse.head h
$$;

-- The last entry that was recorded before a moment; 0 where there is none. Sequences have no gap and their times
-- never go back: halving finds it without an index.
create function gatehouse.seq_before(moment timestamptz) returns bigint
    language plpgsql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    low bigint := 0;
    high bigint := (select h.seq from gatehouse.head h);
    middle bigint;
begin
    while low < high loop
        middle := (low + high + 1) / 2;
        if (select j.recorded_at from gatehouse.journal j where j.seq = middle) < moment then
            low := middle;
        else
            high := middle - 1;
        end if;
    end loop;
    return low;
end $$;

-- The same lines as before; who is asking is found out once for a statement and not once for an entry.
create or replace view gatehouse.journal_line with (security_barrier) as
    select j.seq, j.recorded_at, j.role, j.actor, j.event_type, j.stream, j.trace_id, j.text
    from gatehouse.journal j
    where (select gatehouse.asker_sees_all())
       or j.actor = (select gatehouse.asker_person())
       or j.stream in (select 'proposal/' || p.proposal from gatehouse.proposal p
                       where p.advisor = (select gatehouse.asker_person()))
       or (j.stream like 'order/%' or j.stream like 'trade/%')
          and split_part(j.stream, '/', 2) in (select l.order_id from gatehouse.leg l
                                               where l.advisor = (select gatehouse.asker_person()));

revoke all on all functions in schema gatehouse from public;
grant execute on function gatehouse.head_seq(), gatehouse.seq_before(timestamptz) to gh_intake;
