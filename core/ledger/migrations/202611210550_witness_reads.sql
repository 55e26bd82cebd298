-- The witness holds the streams' head rows against the entries: the append decides by them what comes next.
grant select on gatehouse.stream_head to gh_witness;

revoke all on all functions in schema gatehouse from public;
