-- As before, and what is taken goes into the tables straight from what was looked at, without being put into lists of
-- rows between. Who asks is looked up by the index, not by reading every session that ever was.

-- What was computed and who said what stands in the journal as it is: to press an assessed order's text takes as long as
-- to judge it, and whoever verifies unpresses all of them again.
alter table gatehouse.journal set (toast_tuple_target = 8160);

-- Takes these, each a draft and what is said of it, or is null where one of them is not plainly good. What each
-- condition is for stands in `law_proposal_drafted`, `law_who_assesses`, `law_proposal_assessed` and
-- `law_proposal_denied`: these are theirs, for an order of one leg that replaces nothing and is for this session.
create or replace function gatehouse.take_direct(items gatehouse.looked_at[], at_head gatehouse.head) returns gatehouse.taken
    language plpgsql as $$
declare
    login text := session_user;
    begun bigint := at_head.seq;
    day gatehouse.market_day;
    principal_dollars numeric;
    routine_dollars numeric;
    good boolean;
    actors text[];
    leaf bytea;
    digests bytea[] := '{}';
    answers gatehouse.answered[];
begin
    select * into day from gatehouse.market_day;
    select v.limits->>'principal_dollars', v.limits->>'routine_dollars' into principal_dollars, routine_dollars
        from gatehouse.limit_version v where v.effective_on <= day.session
        order by v.effective_on desc, v.version desc limit 1;
    if day.state is distinct from 'open' or principal_dollars is null or routine_dollars is null then
        return null;
    end if;
    at_head.recorded_at := greatest(clock_timestamp(), at_head.recorded_at);
    with kind as materialized (
        select k.event_type, k.version, k.stream_prefix from gatehouse.event_kind k
        join gatehouse.event_right r on r.event_type = k.event_type
        where r.role = login and k.followed_by is null and (k.event_type, k.law) in (
            ('ProposalDrafted', 'law_proposal_drafted'), ('ProposalAssessed', 'law_proposal_assessed'),
            ('ProposalDenied', 'law_proposal_denied'))
    ), item as materialized (
        select i.* from unnest(items) as i
    ), asker as materialized (
        select l.ticket_hash, l.session, l.thread, l.person, coalesce(m.advisor, l.person) as advisor
        from (select distinct i.ticket_hash from item i) as t
        -- `offset 0` makes each of these one look at an index; else the planner may read all of a table.
        cross join lateral (select l.* from gatehouse.live l where l.ticket_hash = t.ticket_hash offset 0) as l
        left join lateral (select m.* from gatehouse.machine m where m.machine = l.person offset 0) as m on true
        where m.signals is not true and not exists (
            select from gatehouse.halt h where h.scope = 'strategy:' || l.person and h.lifted_seq is null)
    ), pair as materialized (
        select (d.n - items[1].n) as place, s.person, s.advisor, d.stream, d.trace_id, d.payload as drafted,
               a.payload as said, d.payload->'request' as request, a.event_type = 'ProposalDenied' as denied,
               case when a.event_type = 'ProposalAssessed' then (a.payload->>'content')::jsonb end as content,
               coalesce(gatehouse.no_of(
                            d.fault, d.well, d.ticket_hash, d.event_version, d.stream, d.key, true, s.session, s.thread,
                            kd.event_type, kd.version, kd.stream_prefix),
                        gatehouse.no_of(
                            a.fault, a.well, a.ticket_hash, a.event_version, a.stream, a.key, true, s.session, s.thread,
                            ka.event_type, ka.version, ka.stream_prefix)) is null
               and d.event_type = 'ProposalDrafted' and d.stream_version = 1 and a.stream_version = 2
               and a.stream = d.stream and a.ticket_hash = d.ticket_hash
               and d.stream = 'proposal/' || (d.payload->>'proposal') and a.payload->>'proposal' = d.payload->>'proposal'
               and h.version is null and y.seq is null as in_place
        from item d
        join item a on a.n = d.n + 1
        left join asker s on s.ticket_hash = d.ticket_hash
        left join kind kd on kd.event_type = d.event_type
        left join kind ka on ka.event_type = a.event_type
        left join lateral (select h.version from gatehouse.stream_head h where h.stream = d.stream offset 0) as h on true
        left join lateral (
            select y.seq from gatehouse.idempotency y
            where y.role = login and y.actor = s.person and y.key in (d.key, a.key) limit 1) as y on true
        where (d.n - items[1].n) % 2 = 0
    ), known as materialized (
        select p.*, home.household, home.related, not a.discretionary as asks_consent, p.content->'legs'->0 as leg,
               p.in_place and home.advisor = p.advisor and a.household = home.household as in_book,
               r.version is not null as restricted
        from pair p
        left join lateral (
            select h.* from gatehouse.household h where h.household = p.request->>'household' offset 0) as home on true
        left join lateral (
            select a.household, a.discretionary from gatehouse.account a
            where a.account = p.request->'accounts'->>0 offset 0) as a on true
        left join lateral (
            select h.version from gatehouse.stream_head h
            where h.stream = 'restricted/' || (p.request->>'symbol') offset 0) as r on true
    ), judged as materialized (
        select w.*, coalesce(
            w.in_book
            and w.drafted - '{proposal,request,provenance,thread,agent,supersedes}'::text[] = '{}'
            and w.drafted->>'proposal' ~ '^prp-[0-9a-f]{32}$' and w.drafted->'provenance' = '[]'
            and w.drafted->>'agent' is null and w.drafted->>'supersedes' is null and w.drafted->>'thread' is null
            and w.request - ('{kind,household,accounts,symbol,side,quantity,order_type,limit_price,replaces,for_session,'
                             'planning}'::text[]) = '{}'
            and w.request->>'kind' = 'order' and w.request->>'planning' is null
            and w.request->>'replaces' is null and w.request->>'for_session' is null
            and jsonb_typeof(w.request->'household') = 'string' and jsonb_array_length(w.request->'accounts') = 1
            and jsonb_typeof(w.request->'accounts'->0) = 'string'
            and jsonb_typeof(w.request->'symbol') = 'string' and w.request->>'symbol' ~ '^[A-Z0-9.]{1,24}$'
            and w.request->>'side' in ('buy', 'sell')
            and coalesce(w.request->>'order_type', 'market') in ('market', 'limit')
            and jsonb_typeof(w.request->'quantity') = 'string'
            and w.request->>'quantity' ~ '^[0-9]{1,12}(\.[0-9]{1,6})?$'
            and (w.request->>'limit_price' is null or jsonb_typeof(w.request->'limit_price') = 'string'
                 and w.request->>'limit_price' ~ '^[0-9]{1,12}(\.[0-9]{1,6})?$')
            and case when w.denied then w.said->>'at' = 'draft' else
                encode(sha256(convert_to(w.said->>'content', 'UTF8')), 'hex') = w.said->>'digest'
                and w.content->>'proposal' = w.said->>'proposal' and w.content->>'household' = w.household
                and w.content->>'advisor' = w.advisor and (w.content->>'valid_for')::date = day.session
                and not w.content ? 'schedule'
                and jsonb_array_length(w.content->'legs') = 1
                and w.leg->>'account' = w.request->'accounts'->>0
                and w.leg->>'symbol' = w.request->>'symbol' and w.leg->>'side' = w.request->>'side'
                and w.leg->>'order_type' = coalesce(w.request->>'order_type', 'market')
                and w.leg->>'time_in_force' = 'day'
                and (w.leg->>'quantity')::numeric = (w.request->>'quantity')::numeric
                and (w.leg->>'limit_price')::numeric is not distinct from (w.request->>'limit_price')::numeric
                and w.leg->'may_release_less' = 'false' and w.leg->'funded_by' = '[]'
                and case
                    when w.leg->>'side' = 'buy' then w.leg->'lots' = '[]'
                    when jsonb_array_length(w.leg->'lots') = 1 then
                        w.leg->'lots'->0->>'lot' is not null
                        and (w.leg->'lots'->0->>'quantity')::numeric = (w.leg->>'quantity')::numeric
                    else gatehouse.lots_well_formed(w.content->'legs') end
                and (w.said->>'needs_consent')::boolean = w.asks_consent
                and (w.content->>'needs_consent')::boolean = w.asks_consent
                and w.content->>'tier' = w.said->>'tier'
                and (w.said->>'tier')::int >= case
                    when w.related or (w.leg->>'quantity')::numeric * (w.leg->>'reference_price')::numeric
                                      > principal_dollars then 3
                    when (w.leg->>'quantity')::numeric * (w.leg->>'reference_price')::numeric > routine_dollars
                         or w.asks_consent then 2
                    else 1 end
                and (w.said->>'tier' = '3' or not w.restricted)
            end, false) as good
        from known w
    ), verdict as materialized (
        select bool_and(j.good) and count(distinct j.stream) = count(*) as good,
               array_agg(j.person order by j.place) as actors from judged j
    ), proposals as (
        insert into gatehouse.proposal (
            proposal, household, advisor, kind, request, thread, trace, drafted_by, drafted_at, drafted_seq, session,
            last_seq, findings, status, digest, content, preview, tier, needs_consent, denied_at, differences)
        select j.drafted->>'proposal', j.household, j.advisor, 'order', j.request, j.drafted->>'thread', j.trace_id,
               j.person, at_head.recorded_at, begun + j.place + 1, day.session, begun + j.place + 2, j.said->'findings',
               case when j.denied then 'DENIED' else 'ASSESSED' end, j.said->>'digest', j.said->>'content',
               j.said->>'preview', (j.said->>'tier')::int, not j.denied and j.asks_consent, j.said->>'at',
               case when j.denied then j.said->'differences' else '[]' end
        from verdict v join judged j on v.good
    ), legs as (
        insert into gatehouse.leg (
            proposal, leg, order_id, advisor, account, symbol, side, quantity, order_type, limit_price, time_in_force,
            lots, reference_price, band_low, band_high, funded_by, may_release_less)
        select j.drafted->>'proposal', (j.leg->>'leg')::int, j.leg->>'order', j.advisor, j.leg->>'account',
               j.leg->>'symbol', j.leg->>'side', (j.leg->>'quantity')::numeric, j.leg->>'order_type',
               (j.leg->>'limit_price')::numeric, j.leg->>'time_in_force', j.leg->'lots',
               (j.leg->>'reference_price')::numeric, (j.leg->>'band_low')::numeric, (j.leg->>'band_high')::numeric,
               '{}', false
        from verdict v join judged j on v.good and not j.denied
    ), reassessments as (
        insert into gatehouse.reassessment
        select j.drafted->>'proposal',
               least(coalesce((j.content->>'portfolio_seq')::bigint, 0), begun + j.place + 2), 0, null
        from verdict v join judged j on v.good and not j.denied
    )
    select v.good, v.actors into good, actors from verdict v;
    if good is not true then
        return null;
    end if;
    for leaf in
        select gatehouse.leaf(begun + k, at_head.recorded_at, login, actors[(k + 1) / 2], (items[k]).entry_text)
        from generate_series(1, cardinality(items)) as k order by k
    loop
        at_head.digest := sha256(at_head.digest || leaf);
        digests := digests || at_head.digest;
    end loop;
    -- Each stream is new, and its second entry is here: nobody else can have moved it.
    insert into gatehouse.stream_head
        select i.stream, i.stream_version from unnest(items) as i where i.stream_version = 2;
    insert into gatehouse.journal
        select begun + i.k, at_head.recorded_at, login, actors[(i.k + 1) / 2], i.entry_text, i.event_id, i.event_type,
               i.event_version::int, i.stream, i.stream_version, i.trace_id, i.occurred_at, i.digest
        from rows from (unnest(items), unnest(digests)) with ordinality as i (
            n, entry_text, ticket_hash, key, body, "group", event_id, event_type, event_version, stream,
            stream_version, trace_id, occurred_at, payload, well, fault, digest, k);
    insert into gatehouse.idempotency
        select login, actors[(i.k + 1) / 2], i.key, i.body, begun + i.k
        from unnest(items) with ordinality as i (
            n, entry_text, ticket_hash, key, body, "group", event_id, event_type, event_version, stream,
            stream_version, trace_id, occurred_at, payload, well, fault, k)
        where i.key is not null;
    select array_agg(row(i.n, 'ok', begun + i.k, null)::gatehouse.answered order by i.k) into answers
        from unnest(items) with ordinality as i (
            n, entry_text, ticket_hash, key, body, "group", event_id, event_type, event_version, stream,
            stream_version, trace_id, occurred_at, payload, well, fault, k);
    at_head.seq := begun + cardinality(items);
    return row(answers, at_head)::gatehouse.taken;
end $$;

revoke all on all functions in schema gatehouse from public;
