-- How the firm stands, in numbers that name nobody: for whoever watches the processes, without a ticket.
create function gatehouse.standing(out head_seq bigint, out as_of_seq bigint, out undecided jsonb)
    language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
    select (select h.seq from gatehouse.head h),
           coalesce((select f.as_of_seq from gatehouse.follower f where f.name = 'book'), 0),
           coalesce((select jsonb_object_agg(s.status, s.n)
                     from (select p.status, count(*) as n from gatehouse.proposal p
                           where p.status in ('DRAFTED', 'ASSESSED', 'SUBMITTED', 'APPROVED') group by p.status) s),
                    '{}')
$$;
revoke all on function gatehouse.standing() from public;
grant execute on function gatehouse.standing() to gh_intake;
