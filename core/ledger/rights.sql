-- All that these read is the server's own catalogue and the rows of rights. Every statement answers one kind of
-- fact as (what, is), so that two databases compare line by line.

-- functions --
select 'function ' || p.oid::regprocedure as what,
       concat_ws('; ', 'owner ' || o.rolname, l.lanname, 'security definer ' || p.prosecdef,
                 'settings ' || coalesce(p.proconfig::text, 'none'),
                 'granted ' || coalesce(p.proacl::text, 'by default'),
                 'source ' || encode(sha256(convert_to(p.prosrc || coalesce(pg_get_function_sqlbody(p.oid), ''), 'UTF8')), 'hex')) as is
from pg_catalog.pg_proc p join pg_catalog.pg_roles o on o.oid = p.proowner
     join pg_catalog.pg_language l on l.oid = p.prolang
where p.pronamespace = 'gatehouse'::regnamespace;

-- tables --
-- Without the right to maintain (m), which PostgreSQL 16 does not know.
select 'table ' || c.oid::regclass as what,
       concat_ws('; ', 'owner ' || o.rolname, 'kind ' || c.relkind::text, 'granted ' || coalesce(replace(c.relacl::text, 'm/', '/'), 'by default'),
                 'row security ' || c.relrowsecurity) as is
from pg_catalog.pg_class c join pg_catalog.pg_roles o on o.oid = c.relowner
where c.relnamespace = 'gatehouse'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S');

-- columns --
select 'column ' || a.attrelid::regclass || '.' || a.attname as what, 'granted ' || a.attacl::text as is
from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid
where c.relnamespace = 'gatehouse'::regnamespace and a.attacl is not null;

-- triggers --
select 'trigger ' || t.tgname || ' on ' || t.tgrelid::regclass as what,
       'enabled ' || t.tgenabled::text || '; ' || pg_get_triggerdef(t.oid) as is
from pg_catalog.pg_trigger t join pg_catalog.pg_class c on c.oid = t.tgrelid
where c.relnamespace = 'gatehouse'::regnamespace and not t.tgisinternal;

-- rules --
-- Views are rules too; how theirs are written differs from server to server, and none is of the journal's law.
select 'rule ' || r.rulename || ' on ' || r.ev_class::regclass as what, pg_get_ruledef(r.oid) as is
from pg_catalog.pg_rewrite r join pg_catalog.pg_class c on c.oid = r.ev_class
where c.relnamespace = 'gatehouse'::regnamespace and r.rulename <> '_RETURN';

-- policies --
select 'policy ' || p.policyname || ' on ' || p.tablename as what,
       concat_ws('; ', p.cmd, p.roles::text, p.qual, p.with_check) as is
from pg_catalog.pg_policies p where p.schemaname = 'gatehouse';

-- schema --
select 'schema gatehouse' as what, 'owner ' || o.rolname || '; granted ' || coalesce(n.nspacl::text, 'by default') as is
from pg_catalog.pg_namespace n join pg_catalog.pg_roles o on o.oid = n.nspowner where n.nspname = 'gatehouse';

-- roles --
select 'role ' || r.rolname as what,
       concat_ws('; ', 'superuser ' || r.rolsuper, 'creates roles ' || r.rolcreaterole, 'creates databases ' || r.rolcreatedb,
                 'passes row security ' || r.rolbypassrls, 'inherits ' || r.rolinherit, 'replicates ' || r.rolreplication) as is
from pg_catalog.pg_roles r where r.rolname like 'gh\_%';

-- members --
-- Whoever may act as one of the roles without being a superuser or the administrator who made it.
select 'member ' || m.rolname || ' of ' || r.rolname as what, 'admin ' || a.admin_option as is
from pg_catalog.pg_auth_members a join pg_catalog.pg_roles r on r.oid = a.roleid join pg_catalog.pg_roles m on m.oid = a.member
where (r.rolname like 'gh\_%' or m.rolname like 'gh\_%') and not m.rolsuper and not m.rolcreaterole;

-- settings --
-- What a session begins with, as far as it touches rights: one of them turns triggers off.
select 'setting of ' || coalesce(r.rolname, 'every role') as what, s.setconfig::text as is
from pg_catalog.pg_db_role_setting s left join pg_catalog.pg_roles r on r.oid = s.setrole
where s.setdatabase in (0, (select oid from pg_catalog.pg_database where datname = current_database()))
      and (r.rolname is null or r.rolname like 'gh\_%')
      and exists (select from unnest(s.setconfig) as c where c ~ '^(session_replication_role|search_path|row_security|role|session_authorization|.*_preload_libraries)=');

-- event_rights --
select 'right of ' || r.role || ' to ' || r.event_type as what, 'granted' as is from gatehouse.event_right r;

-- event_kinds --
select 'kind ' || k.event_type as what, concat_ws('; ', k.stream_prefix, coalesce(k.law, 'no law'), k.version::text) as is
from gatehouse.event_kind k;
