-- The worker's fold, written down now and then so that a start replays only what follows. Never evidence: a
-- snapshot is used only where its text is the one whose digest stands here, in the form that the reader writes,
-- and the journal's digest at its sequence is still the one that it was taken at.
create table gatehouse.snapshot (
    seq            bigint primary key,
    form           text   not null,  -- of the text: what the fold holds, and which fold it is
    journal_digest bytea  not null,  -- of the entry `seq`
    text_digest    bytea  not null,  -- sha256 of the parts, put together in order
    bytes          bigint not null
);
create table gatehouse.snapshot_part (
    seq  bigint not null references gatehouse.snapshot on delete cascade,
    part int    not null,
    body bytea  not null,
    primary key (seq, part)
);

revoke all on gatehouse.snapshot, gatehouse.snapshot_part from public;
revoke all on all functions in schema gatehouse from public;
grant select, insert, delete on gatehouse.snapshot, gatehouse.snapshot_part to gh_gate;
