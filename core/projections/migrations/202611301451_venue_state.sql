-- How each worker sees each venue now: figures that name nobody, for people. Overwritten, and no part of the record.

create table gatehouse.venue_state (
    venue   text not null,
    worker  text not null,
    told    jsonb not null,
    told_at timestamptz not null default clock_timestamp(),
    primary key (venue, worker)
);
alter table gatehouse.venue_state enable row level security;
create policy worker on gatehouse.venue_state to gh_gate using (true) with check (true);
create policy people on gatehouse.venue_state for select to gh_intake, gh_approver using (true);
revoke all on gatehouse.venue_state from public;
grant select, insert, update, delete on gatehouse.venue_state to gh_gate;
grant select on gatehouse.venue_state to gh_intake, gh_approver;
