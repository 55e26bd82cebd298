-- One order alone costs the server what it makes ready: a statement for many asks in steps, each kept before the next,
-- and each of them is set up for one order, too. So an order that comes alone is asked in one step and written in one.
-- What an order must be to be taken like that stands once, for one and for many.

-- Whether a draft and what is said of it are those of a plain order: of one leg, for this session, in place of none.
-- What each condition is for stands in `law_proposal_drafted`, `law_who_assesses`, `law_proposal_assessed` and
-- `law_proposal_denied`: these are theirs. `household` and what follows is what the database knows. One expression
-- without a search path, so that it can be put in line.
create function gatehouse.order_is_plain(
    drafted jsonb, request jsonb, said jsonb, denied boolean, content jsonb, leg jsonb, household text, advisor text,
    related boolean, asks_consent boolean, restricted boolean, session date, principal_dollars numeric,
    routine_dollars numeric
) returns boolean
    language sql stable as $$
    select coalesce(
        drafted - '{proposal,request,provenance,thread,agent,supersedes}'::text[] = '{}'
        and drafted->>'proposal' ~ '^prp-[0-9a-f]{32}$' and drafted->'provenance' = '[]'
        and drafted->>'agent' is null and drafted->>'supersedes' is null and drafted->>'thread' is null
        and request - ('{kind,household,accounts,symbol,side,quantity,order_type,limit_price,replaces,for_session,'
                       'planning}'::text[]) = '{}'
        and request->>'kind' = 'order' and request->>'planning' is null
        and request->>'replaces' is null and request->>'for_session' is null
        and jsonb_typeof(request->'household') = 'string' and jsonb_array_length(request->'accounts') = 1
        and jsonb_typeof(request->'accounts'->0) = 'string'
        and jsonb_typeof(request->'symbol') = 'string' and request->>'symbol' ~ '^[A-Z0-9.]{1,24}$'
        and request->>'side' in ('buy', 'sell')
        and coalesce(request->>'order_type', 'market') in ('market', 'limit')
        and jsonb_typeof(request->'quantity') = 'string'
        and request->>'quantity' ~ '^[0-9]{1,12}(\.[0-9]{1,6})?$'
        and (request->>'limit_price' is null or jsonb_typeof(request->'limit_price') = 'string'
             and request->>'limit_price' ~ '^[0-9]{1,12}(\.[0-9]{1,6})?$')
        and case when denied then said->>'at' = 'draft' else
            encode(sha256(convert_to(said->>'content', 'UTF8')), 'hex') = said->>'digest'
            and content->>'proposal' = said->>'proposal' and content->>'household' = household
            and content->>'advisor' = advisor and (content->>'valid_for')::date = session
            and not content ? 'schedule'
            and jsonb_array_length(content->'legs') = 1
            and leg->>'account' = request->'accounts'->>0
            and leg->>'symbol' = request->>'symbol' and leg->>'side' = request->>'side'
            and leg->>'order_type' = coalesce(request->>'order_type', 'market')
            and leg->>'time_in_force' = 'day'
            and (leg->>'quantity')::numeric = (request->>'quantity')::numeric
            and (leg->>'limit_price')::numeric is not distinct from (request->>'limit_price')::numeric
            and leg->'may_release_less' = 'false' and leg->'funded_by' = '[]'
            and case
                when leg->>'side' = 'buy' then leg->'lots' = '[]'
                when jsonb_array_length(leg->'lots') = 1 then
                    leg->'lots'->0->>'lot' is not null
                    and (leg->'lots'->0->>'quantity')::numeric = (leg->>'quantity')::numeric
                else gatehouse.lots_well_formed(content->'legs') end
            and (said->>'needs_consent')::boolean = asks_consent
            and (content->>'needs_consent')::boolean = asks_consent
            and content->>'tier' = said->>'tier'
            and (said->>'tier')::int >= case
                when related or (leg->>'quantity')::numeric * (leg->>'reference_price')::numeric
                                > principal_dollars then 3
                when (leg->>'quantity')::numeric * (leg->>'reference_price')::numeric > routine_dollars
                     or asks_consent then 2
                else 1 end
            and (said->>'tier' = '3' or not restricted)
        end, false)
$$;

-- Takes one draft and what is said of it: the head behind both, or null where they are not plainly good.
create function gatehouse.take_direct_one(d gatehouse.looked_at, a gatehouse.looked_at, at_head gatehouse.head)
    returns gatehouse.head
    language plpgsql as $$
declare
    login text := session_user;
    recorded timestamptz := greatest(clock_timestamp(), at_head.recorded_at);
    request jsonb := d.payload->'request';
    said jsonb := a.payload;
    denied boolean := a.event_type = 'ProposalDenied';
    content jsonb := case when a.event_type = 'ProposalAssessed' then (a.payload->>'content')::jsonb end;
    leg jsonb := content->'legs'->0;
    proposal text := d.payload->>'proposal';
    first_digest bytea;
    second_digest bytea;
    asked record;
begin
    select s.person, coalesce(m.advisor, s.person) as advisor, home.household, not o.discretionary as asks_consent,
           day.session,
           gatehouse.no_of(d.fault, d.well, d.ticket_hash, d.event_version, d.stream, d.key, true, s.session, s.thread,
                           kd.event_type, kd.version, kd.stream_prefix) is null
           and gatehouse.no_of(a.fault, a.well, a.ticket_hash, a.event_version, a.stream, a.key, true, s.session, s.thread,
                               ka.event_type, ka.version, ka.stream_prefix) is null
           and d.event_type = 'ProposalDrafted' and kd.law = 'law_proposal_drafted' and kd.followed_by is null
           and (a.event_type, ka.law) in (
               ('ProposalAssessed', 'law_proposal_assessed'), ('ProposalDenied', 'law_proposal_denied'))
           and ka.followed_by is null and a.n = d.n + 1
           and d.stream_version = 1 and a.stream_version = 2 and a.stream = d.stream and a.ticket_hash = d.ticket_hash
           and d.stream = 'proposal/' || proposal and said->>'proposal' = proposal
           and h.version is null and m.signals is not true and t.scope is null
           and not exists (select from gatehouse.idempotency y
                           where y.role = login and y.actor = s.person and y.key = d.key offset 0)
           and not exists (select from gatehouse.idempotency y
                           where y.role = login and y.actor = s.person and y.key = a.key offset 0)
           and home.advisor = coalesce(m.advisor, s.person) and o.household = home.household
           and day.state = 'open' and v.limits->>'principal_dollars' is not null
           and v.limits->>'routine_dollars' is not null
           and gatehouse.order_is_plain(
               d.payload, request, said, denied, content, leg, home.household, home.advisor, home.related,
               not o.discretionary, r.version is not null, day.session, (v.limits->>'principal_dollars')::numeric,
               (v.limits->>'routine_dollars')::numeric) as good
        into asked
        from gatehouse.market_day day
        join lateral (select l.limits from gatehouse.limit_version l where l.effective_on <= day.session
                      order by l.effective_on desc, l.version desc limit 1) as v on true
        join gatehouse.live s on s.ticket_hash = d.ticket_hash
        join gatehouse.household home on home.household = request->>'household'
        join gatehouse.account o on o.account = request->'accounts'->>0
        join gatehouse.event_kind kd on kd.event_type = d.event_type
        join gatehouse.event_kind ka on ka.event_type = a.event_type
        join gatehouse.event_right rd on rd.event_type = d.event_type and rd.role = login
        join gatehouse.event_right ra on ra.event_type = a.event_type and ra.role = login
        left join gatehouse.machine m on m.machine = s.person
        left join gatehouse.halt t on t.scope = 'strategy:' || s.person and t.lifted_seq is null
        left join gatehouse.stream_head h on h.stream = d.stream
        left join gatehouse.stream_head r on r.stream = 'restricted/' || (request->>'symbol');
    if asked.good is not true then
        return null;
    end if;
    first_digest := sha256(at_head.digest || gatehouse.leaf(
        at_head.seq + 1, recorded, login, asked.person, d.entry_text));
    second_digest := sha256(first_digest || gatehouse.leaf(
        at_head.seq + 2, recorded, login, asked.person, a.entry_text));
    with proposals as (
        insert into gatehouse.proposal (
            proposal, household, advisor, kind, request, trace, drafted_by, drafted_at, drafted_seq, session,
            last_seq, findings, status, digest, content, preview, tier, needs_consent, denied_at, differences)
        values (proposal, asked.household, asked.advisor, 'order', request, d.trace_id, asked.person, recorded,
                at_head.seq + 1, asked.session, at_head.seq + 2, said->'findings',
                case when denied then 'DENIED' else 'ASSESSED' end, said->>'digest', said->>'content', said->>'preview',
                (said->>'tier')::int, not denied and asked.asks_consent, said->>'at',
                case when denied then said->'differences' else '[]' end)
    ), legs as (
        insert into gatehouse.leg (
            proposal, leg, order_id, advisor, account, symbol, side, quantity, order_type, limit_price, time_in_force,
            lots, reference_price, band_low, band_high, funded_by, may_release_less)
        select proposal, (leg->>'leg')::int, leg->>'order', asked.advisor, leg->>'account', leg->>'symbol', leg->>'side',
               (leg->>'quantity')::numeric, leg->>'order_type', (leg->>'limit_price')::numeric, leg->>'time_in_force',
               leg->'lots', (leg->>'reference_price')::numeric, (leg->>'band_low')::numeric, (leg->>'band_high')::numeric,
               '{}', false
        where not denied
    ), reassessments as (
        insert into gatehouse.reassessment
        select proposal, least(coalesce((content->>'portfolio_seq')::bigint, 0), at_head.seq + 2), 0, null where not denied
    ), moved as (
        insert into gatehouse.stream_head values (d.stream, 2)
    ), keyed as (
        insert into gatehouse.idempotency
        select login, asked.person, k.key, k.body, k.seq
        from (values (d.key, d.body, at_head.seq + 1), (a.key, a.body, at_head.seq + 2)) as k (key, body, seq)
        where k.key is not null
    )
    insert into gatehouse.journal values
        (at_head.seq + 1, recorded, login, asked.person, d.entry_text, d.event_id, d.event_type, d.event_version::int,
         d.stream, 1, d.trace_id, d.occurred_at, first_digest),
        (at_head.seq + 2, recorded, login, asked.person, a.entry_text, a.event_id, a.event_type, a.event_version::int,
         a.stream, 2, a.trace_id, a.occurred_at, second_digest);
    at_head.seq := at_head.seq + 2;
    at_head.recorded_at := recorded;
    at_head.digest := second_digest;
    return at_head;
end $$;

-- Takes these, each a draft and what is said of it, or is null where one of them is not plainly good.
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
    after gatehouse.head;
begin
    if cardinality(items) = 2 then
        after := gatehouse.take_direct_one(items[1], items[2], at_head);
        if after.seq is null then
            return null;
        end if;
        answers := array[row(items[1].n, 'ok', begun + 1, null), row(items[2].n, 'ok', begun + 2, null)]::gatehouse.answered[];
        return row(answers, after)::gatehouse.taken;
    end if;
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
               and h.version is null and y.seq is null and z.seq is null as in_place
        from item d
        join item a on a.n = d.n + 1
        left join asker s on s.ticket_hash = d.ticket_hash
        left join kind kd on kd.event_type = d.event_type
        left join kind ka on ka.event_type = a.event_type
        left join lateral (select h.version from gatehouse.stream_head h where h.stream = d.stream offset 0) as h on true
        -- A search for each key: one for both reads all keys that stand between them.
        left join lateral (
            select y.seq from gatehouse.idempotency y
            where y.role = login and y.actor = s.person and y.key = d.key offset 0) as y on true
        left join lateral (
            select y.seq from gatehouse.idempotency y
            where y.role = login and y.actor = s.person and y.key = a.key offset 0) as z on true
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
        select w.*, coalesce(w.in_book and gatehouse.order_is_plain(
                   w.drafted, w.request, w.said, w.denied, w.content, w.leg, w.household, w.advisor, w.related,
                   w.asks_consent, w.restricted, day.session, principal_dollars, routine_dollars), false) as good
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
