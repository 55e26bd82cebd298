-- What the law needs to know, changed inside the append and nowhere else.

create table gatehouse.household (
    household text primary key,
    advisor   text not null references gatehouse.person,
    related   boolean not null  -- of somebody who works here, or of the spouse
);

create table gatehouse.account (
    account       text primary key,
    household     text not null references gatehouse.household,
    advisor       text not null references gatehouse.person,
    owners        text[] not null,
    kind          text not null,
    capacity      text not null,
    discretionary boolean not null,
    custodian     text not null,
    status        text not null
);

-- Shares and dollars, exact: `symbol` is 'cash' for dollars. Reserved is promised to submitted proposals.
create table gatehouse.holding (
    account  text not null references gatehouse.account,
    symbol   text not null,
    held     numeric not null,
    reserved numeric not null default 0 check (reserved >= 0),
    primary key (account, symbol)
);

create table gatehouse.market_day (
    one       boolean primary key default true check (one),
    session   date not null,
    at        timestamptz not null,
    state     text not null check (state in ('open', 'closed')),
    requested text check (requested in ('close', 'open')),
    requested_session date
);

create table gatehouse.proposal (
    proposal      text primary key,
    household     text not null references gatehouse.household,
    advisor       text not null references gatehouse.person,
    kind          text not null,
    request       jsonb not null,
    thread        text,
    trace         text not null,
    drafted_by    text not null references gatehouse.person,
    agent         text,
    drafted_at    timestamptz not null,
    drafted_seq   bigint not null,
    status        text not null,
    session       date not null,
    digest        text,
    content       text,
    preview       text,
    findings      jsonb not null default '[]',
    tier          int,
    needs_consent boolean not null default false,
    submitted_by  text references gatehouse.person,
    denied_at     text,
    differences   jsonb not null default '[]',
    closing       jsonb,
    last_seq      bigint not null
);
create index proposal_advisor on gatehouse.proposal (advisor, status);
create index proposal_trace on gatehouse.proposal (trace);

-- One row a person and kind: 'submission', 'consent', 'approval'. The digest is what that person saw.
-- A consent is the client's, recorded by the person; for the others `client` is empty.
create table gatehouse.decision (
    proposal   text   not null references gatehouse.proposal,
    kind       text   not null check (kind in ('submission', 'consent', 'approval')),
    person     text   not null references gatehouse.person,
    advisor    text   not null,
    digest     text   not null,
    reasons    jsonb  not null default '[]',
    decided_at timestamptz not null,
    seq        bigint not null,
    client     text   not null default '',
    primary key (proposal, kind, person, client)
);

create table gatehouse.leg (
    proposal          text not null references gatehouse.proposal,
    leg               int not null,
    order_id          text not null unique,
    advisor           text not null,
    account           text not null references gatehouse.account,
    symbol            text not null,
    side              text not null check (side in ('buy', 'sell')),
    quantity          numeric not null check (quantity > 0),
    order_type        text not null,
    limit_price       numeric,
    time_in_force     text not null,
    lots              jsonb not null,
    reference_price   numeric not null check (reference_price > 0),
    band_low          numeric not null,
    band_high         numeric not null,
    funded_by         int[] not null,
    may_release_less  boolean not null,
    reserved          numeric not null default 0,  -- of this leg: shares of a sell, dollars of a buy
    released_seq      bigint,
    released_quantity numeric,
    filled            numeric not null default 0,
    proceeds          numeric not null default 0,  -- dollars into the account, after fees; negative for a buy
    ended             boolean not null default false,
    primary key (proposal, leg)
);

alter table gatehouse.household enable row level security;
alter table gatehouse.account enable row level security;
alter table gatehouse.holding enable row level security;
alter table gatehouse.proposal enable row level security;
alter table gatehouse.decision enable row level security;
alter table gatehouse.leg enable row level security;
alter table gatehouse.thread enable row level security;


create policy book on gatehouse.household for select to gh_agent, gh_intake, gh_approver
    using ((select gatehouse.asker_sees_all()) or advisor = (select gatehouse.asker_person()));
create policy book on gatehouse.account for select to gh_agent, gh_intake, gh_approver
    using ((select gatehouse.asker_sees_all()) or advisor = (select gatehouse.asker_person()));
create policy book on gatehouse.holding for select to gh_agent, gh_intake, gh_approver
    using (exists (select from gatehouse.account a where a.account = holding.account));
create policy book on gatehouse.proposal for select to gh_agent, gh_intake, gh_approver
    using ((select gatehouse.asker_sees_all()) or advisor = (select gatehouse.asker_person()));
create policy book on gatehouse.decision for select to gh_agent, gh_intake, gh_approver
    using ((select gatehouse.asker_sees_all()) or advisor = (select gatehouse.asker_person()));
create policy book on gatehouse.leg for select to gh_agent, gh_intake, gh_approver
    using ((select gatehouse.asker_sees_all()) or advisor = (select gatehouse.asker_person()));
create policy own on gatehouse.thread for select to gh_agent, gh_intake, gh_approver
    using (person = (select gatehouse.asker_person()));
create policy everything on gatehouse.household for select to gh_gate using (true);
create policy everything on gatehouse.account for select to gh_gate using (true);
create policy everything on gatehouse.holding for select to gh_gate using (true);
create policy everything on gatehouse.proposal for select to gh_gate using (true);
create policy everything on gatehouse.decision for select to gh_gate using (true);
create policy everything on gatehouse.leg for select to gh_gate using (true);
create policy everything on gatehouse.thread for select to gh_gate using (true);

revoke all on all tables in schema gatehouse from public;
revoke all on all functions in schema gatehouse from public;
grant select on gatehouse.household, gatehouse.account, gatehouse.holding, gatehouse.proposal,
    gatehouse.decision, gatehouse.leg, gatehouse.thread, gatehouse.market_day
    to gh_agent, gh_intake, gh_approver, gh_gate;
