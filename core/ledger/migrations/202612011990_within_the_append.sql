-- What only the owner's functions call takes its search path from them. A setting of its own is put up and taken down
-- at every call, which takes about as long as a short law takes to read its row; and what a login cannot call needs no
-- path that holds against that login. Whatever a login can call, and whatever a trigger calls, keeps its own.
do $$
declare
    inner_one regprocedure;
begin
    for inner_one in
        select p.oid from pg_proc p
        where p.pronamespace = 'gatehouse'::regnamespace and not p.prosecdef and p.prokind = 'f'
          and p.prorettype <> 'trigger'::regtype and p.proconfig::text like '%search_path=%'
          and not exists (
              select from unnest(array['gh_agent', 'gh_intake', 'gh_approver', 'gh_gate', 'gh_witness']) as login
              where has_function_privilege(login, p.oid, 'execute'))
    loop
        execute format('alter function %s reset search_path', inner_one);
    end loop;
end $$;
