-- Goes one way or the other, and says by an error what came of it: the error undoes it.
alter function gatehouse.take_together(gatehouse.looked_at[], gatehouse.head) rename to take_together_as_it_stands;
create function gatehouse.take_together(items gatehouse.looked_at[], at_head gatehouse.head)
    returns gatehouse.head language plpgsql as $$
begin
    if current_setting('test.in_turn', true) = 'on' then
        return null;
    end if;
    return gatehouse.take_together_as_it_stands(items, at_head);
end $$;
alter function gatehouse.take(gatehouse.looked_at[], gatehouse.head, boolean) rename to take_as_it_stands;
create function gatehouse.take(items gatehouse.looked_at[], at_head gatehouse.head, carefully boolean)
    returns gatehouse.taken language plpgsql as $$
begin
    if current_setting('test.in_turn', true) = 'on' then
        return gatehouse.take_in_turn(items, at_head, carefully);
    end if;
    return gatehouse.take_as_it_stands(items, at_head, carefully);
end $$;
alter function gatehouse.take_steps(gatehouse.looked_at[], gatehouse.head) rename to take_steps_as_it_stands;
create function gatehouse.take_steps(items gatehouse.looked_at[], at_head gatehouse.head)
    returns gatehouse.head language plpgsql as $$
declare
    found gatehouse.head := gatehouse.take_steps_as_it_stands(items, at_head);
begin
    if found.seq is not null then
        perform set_config('test.together',
            (coalesce(nullif(current_setting('test.together', true), ''), '0')::int + cardinality(items))::text, true);
    end if;
    return found;
end $$;
create function gatehouse.tried(entries jsonb, in_turn text) returns void
    language plpgsql security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    begun bigint := (select seq from gatehouse.head);
    answers jsonb;
    rows jsonb;
begin
    perform set_config('test.in_turn', in_turn, true), set_config('test.together', '0', true);
    select jsonb_agg(to_jsonb(a) order by a.n) into answers from gatehouse.append(entries) as a;
    select jsonb_build_object(
        'answers', answers,
        'together', current_setting('test.together')::int,
        'legs', (select jsonb_agg(to_jsonb(l) order by l.order_id) from gatehouse.leg l),
        'executions', (select jsonb_agg(to_jsonb(x) order by x.order_id, x.execution) from gatehouse.execution x),
        'trades', (select jsonb_agg(to_jsonb(t) order by t.order_id, t.trade_date) from gatehouse.trade t),
        'routes', (select jsonb_agg(to_jsonb(r) order by r.order_id) from gatehouse.route r),
        'claims', (select jsonb_agg(to_jsonb(c) order by c.order_id) from gatehouse.claim c),
        'blocks', (select jsonb_agg(to_jsonb(b) order by b.order_id) from gatehouse.block b),
        'replacing', (select jsonb_agg(to_jsonb(r) order by r.proposal) from gatehouse.replacing r),
        'uses', (select jsonb_agg(to_jsonb(u) order by u.scope, u.named) from gatehouse.day_use u),
        'proposals', (select jsonb_agg(jsonb_build_array(p.proposal, p.status, p.last_seq) order by p.proposal)
                      from gatehouse.proposal p),
        'holdings', (select jsonb_agg(to_jsonb(h) order by h.account, h.symbol) from gatehouse.holding h
                     where h.account in (select account from gatehouse.leg)),
        'lots', (select jsonb_agg(to_jsonb(h) order by h.account, h.lot) from gatehouse.lot_holding h
                 where h.account in (select account from gatehouse.leg)),
        'streams', (select jsonb_agg(to_jsonb(h) order by h.stream) from gatehouse.stream_head h
                    where h.stream in (select stream from gatehouse.journal where seq > begun)),
        'keys', (select jsonb_agg(to_jsonb(y) order by y.seq) from gatehouse.idempotency y where y.seq > begun),
        'entries', (select jsonb_agg(jsonb_build_array(
                        j.seq, j.role, j.actor, j.event_type, j.event_version, j.stream, j.stream_version,
                        case when j.event_type = 'AttemptRefused' then (j.text::jsonb)->'payload' else
                            jsonb_build_array(j.text, j.event_id, j.trace_id, j.occurred_at) end) order by j.seq)
                    from gatehouse.journal j where j.seq > begun),
        'chained', (select bool_and(j.digest = sha256(b.digest || gatehouse.leaf(
                        j.seq, j.recorded_at, j.role, j.actor, j.text)) and j.recorded_at >= b.recorded_at)
                    from gatehouse.journal j join gatehouse.journal b on b.seq = j.seq - 1 where j.seq > begun),
        'head', (select jsonb_build_array(h.seq, h.digest = j.digest) from gatehouse.head h
                 left join gatehouse.journal j using (seq))) into rows;
    raise exception using errcode = 'GH999', message = rows::text;
end $$;
revoke all on all functions in schema gatehouse from public;
grant execute on function gatehouse.tried(jsonb, text) to gh_gate;
