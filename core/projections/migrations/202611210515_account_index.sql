-- Which entries of the journal are about what: ids alone, never text. Made by the worker, dropped and rebuilt at
-- will, never evidence. `about` is 'account/<id>', 'household/<id>', 'proposal/<id>', 'firm' or 'market'.
-- `market_at` is where the market clock stood when the entry was recorded. `advisor` null: the same for everybody.
create table gatehouse.account_index (
    about     text not null,
    seq       bigint not null,
    advisor   text,
    market_at timestamptz not null,
    primary key (about, seq)
);

alter table gatehouse.account_index enable row level security;
create policy book on gatehouse.account_index for select to gh_intake
    using (advisor is null or (select gatehouse.asker_sees_all()) or advisor = (select gatehouse.asker_person()));
create policy follower on gatehouse.account_index to gh_gate using (true) with check (true);

-- The text of indexed entries: each seq with the `about` that it was found by, in the asker's book. `journal_line`
-- shows what an asker did and decided on; this shows what her accounts and households are made of: their opening,
-- their holdings, their limits, and the firm's models and days. A function and no view: behind a security barrier
-- each page would be joined to the whole journal.
create function gatehouse.account_lines(abouts text[], seqs bigint[])
    returns table (seq bigint, market_at timestamptz, recorded_at timestamptz, role text, actor text,
                   event_type text, text text)
    language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
    select j.seq, i.market_at, j.recorded_at, j.role, j.actor, j.event_type, j.text
    from unnest(abouts, seqs) as asked (about, seq)
    join gatehouse.account_index i on i.about = asked.about and i.seq = asked.seq
    join gatehouse.journal j on j.seq = i.seq
    where i.advisor is null or (select gatehouse.asker_sees_all()) or i.advisor = (select gatehouse.asker_person())
    order by j.seq
$$;

-- The newest entry that the journal held at a moment of the wall clock, or with null the newest that is indexed.
-- `seq` null: that was before the first, which `first_at` dates. Times in the journal never go backwards, so it is
-- found by halving.
create function gatehouse.known_at(moment timestamptz, out seq bigint, out recorded_at timestamptz,
                                   out first_at timestamptz, out ahead boolean)
    language plpgsql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    low bigint := 0;
    high bigint := (select case when moment is null then coalesce(f.as_of_seq, 0) else h.seq end
                    from gatehouse.head h left join gatehouse.follower f on f.name = 'account_index');
    middle bigint;
begin
    first_at := (select j.recorded_at from gatehouse.journal j where j.seq = 1);
    ahead := coalesce(moment > clock_timestamp(), false);
    while moment is not null and low < high loop
        middle := (low + high + 1) / 2;
        if (select j.recorded_at <= moment from gatehouse.journal j where j.seq = middle) then
            low := middle;
        else
            high := middle - 1;
        end if;
    end loop;
    select j.seq, j.recorded_at into known_at.seq, known_at.recorded_at
        from gatehouse.journal j where j.seq = high;
end $$;

revoke all on all tables in schema gatehouse from public;
revoke all on all functions in schema gatehouse from public;
grant select, insert, update, delete on gatehouse.account_index to gh_gate;
grant select on gatehouse.account_index to gh_intake;
grant execute on function gatehouse.account_lines(text[], bigint[]), gatehouse.known_at(timestamptz) to gh_intake;
