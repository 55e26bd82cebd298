-- What rules find in an adopted e-mail was the word of whoever served the advisor: a front that is taken over could leave
-- a promise out, and a review would pass without a word on it. The worker, which has the household's key and serves
-- nobody, reads the text again by the same rules; a review waits for that, and goes by what either of both found.

alter table gatehouse.held_email
    add column checked        text[] not null default '{}',
    add column checked_digest text;  -- the text that the worker has read

-- For the worker: adopted texts that it has not read. Sealed, and of nobody's book but the firm's.
create function gatehouse.emails_to_check(most int)
    returns table (email text, household text, subject jsonb, text jsonb, digest text, findings text[], trace text)
    language sql stable security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
    select m.email, m.household, m.subject, m.text, m.digest, m.findings, m.trace from gatehouse.held_email m
    where m.status = 'ADOPTED' and m.checked_digest is distinct from m.digest order by m.last_seq limit most
$$;
create index held_email_unchecked on gatehouse.held_email (last_seq) where status = 'ADOPTED';

-- What it found, of the text as it stands; and whether that is what whoever served the advisor said.
create function gatehouse.law_email_checked(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    m gatehouse.held_email;
    fault text;
    found text[] := array(select jsonb_array_elements_text(e.payload->'findings'));
begin
    select * into m from gatehouse.held_email where email = e.payload->>'email';
    fault := gatehouse.email_fault(e, m);
    if fault is not null then
        return fault;
    end if;
    if not found <@ array['promise', 'address', 'risk_missing', 'no_offer_missing', 'sources_missing', 'name_missing']
       or (e.payload->>'differs')::boolean <> not (found <@ m.findings and m.findings <@ found) then
        return 'malformed_payload';
    end if;
    if e.payload->>'digest' is distinct from m.digest or m.status <> 'ADOPTED' then
        return 'email_changed';
    end if;
    if m.checked_digest is not distinct from m.digest then
        return 'email_decided';
    end if;
    update gatehouse.held_email set checked = found, checked_digest = m.digest, last_seq = e.seq where email = m.email;
    return null;
end $$;

-- As before; and what is reviewed was read by the worker first: what either found asks for words of hers.
-- A registered principal; not whoever asked for it, wrote or adopted it, nor who reports to her, is paid by her or from
-- that household, or is related to it. What is returned may be the copilot's own text; what is reviewed is a person's.
create or replace function gatehouse.law_email_decided(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    m gatehouse.held_email;
    who gatehouse.person;
    fault text;
    words jsonb := nullif(e.payload->'comment', 'null');
    today date := (select d.session from gatehouse.market_day d);
begin
    select * into m from gatehouse.held_email where email = e.payload->>'email';
    fault := gatehouse.email_fault(e, m);
    if fault is not null then
        return fault;
    end if;
    if words is not null and (gatehouse.sealed_well_formed(words, m.household) is not true
                              or length(words->>'sealed') > 24000) then
        return 'malformed_payload';
    end if;
    select * into who from gatehouse.person where person = e.person;
    if e.person in (m.advisor, m.adopted_by) then
        return 'own_email';
    end if;
    if who.role <> 'principal' then
        return 'not_a_principal';
    end if;
    if m.advisor = any (gatehouse.superiors(e.person)) or m.household = any (who.related_households)
       or exists (select from gatehouse.pay y where y.person = e.person and (
               m.household = any (y.households) or m.advisor = any (y.advisors)
               or exists (select from gatehouse.account a
                          where a.household = m.household and a.account = any (y.accounts)))) then
        return 'not_independent';
    end if;
    if gatehouse.registered(e.person, '{S24}', today) is not true then
        return 'not_registered';
    end if;
    if e.payload->>'digest' is distinct from m.digest then
        return 'email_changed';
    end if;
    if m.status = 'HELD' and e.event_type = 'EmailReviewed' then
        return 'email_not_adopted';
    end if;
    if m.status not in ('HELD', 'ADOPTED') then
        return 'email_decided';
    end if;
    if e.event_type = 'EmailReviewed' and m.checked_digest is distinct from m.digest then
        return 'email_unchecked';
    end if;
    if e.event_type = 'EmailReviewed' and words is null and (m.findings <> '{}' or m.checked <> '{}') then
        return 'email_comment_missing';
    end if;
    update gatehouse.held_email set
        status = case e.event_type when 'EmailReviewed' then 'REVIEWED' else 'RETURNED' end,
        decided_by = e.person, decided_at = e.recorded_at, comment = words, changed_at = e.recorded_at,
        session = today, last_seq = e.seq
        where email = m.email;
    return null;
end $$;

insert into gatehouse.event_kind (event_type, stream_prefix, law) values
    ('EmailChecked', 'email/', 'law_email_checked');

insert into gatehouse.event_right (event_type, role)
    select event_type, 'gh_gate' from unnest(array[
        'EmailChecked']) as gate (event_type);

revoke all on function gatehouse.emails_to_check(int), gatehouse.law_email_checked(gatehouse.incoming),
    gatehouse.law_email_decided(gatehouse.incoming) from public;
grant execute on function gatehouse.emails_to_check(int) to gh_gate;
