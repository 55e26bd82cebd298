-- The entry of a stored document says what its row says, and nothing else. Before, whoever had the intake's login and a
-- ticket could write of any document, and put a closed one's title into the record in clear.

-- What is about somebody, or not open to all, has its title and source with its passages alone, and goes with them. A
-- document without a name is named by its text's digest; one with a name keeps a digest of all that was said of it.
-- Rows from before there were versions kept none.
create or replace function gatehouse.law_document_stored(e gatehouse.incoming) returns text language plpgsql
    set search_path = pg_catalog, gatehouse, pg_temp as $$
declare
    kept gatehouse.document;
    hidden boolean;
begin
    if gatehouse.is_program(e.person) then
        return 'program_drafts_only';
    elsif e.stream <> 'library/' || (e.payload->>'document') then
        return 'wrong_stream';
    end if;
    select d.* into kept from gatehouse.document d where d.document = e.payload->>'document';
    hidden := kept.subject is not null or kept.sensitivity not in ('public', 'firm');
    return case when (
        e.payload->>'title' = case when hidden then '' else kept.title end
        and e.payload->>'source' = case when hidden then '' else kept.source end
        and e.payload->>'dated' = to_char(kept.dated, 'YYYY-MM-DD')
        and (e.payload->>'passages')::bigint = kept.passages
        and case
            when kept.series like 'body/%' then right(kept.series, 65) = '/' || (e.payload->>'body_digest')
            when kept.content is not null then kept.content = encode(sha256(convert_to(jsonb_build_object(
                'title', kept.title, 'source', kept.source, 'dated', kept.dated, 'known_on', kept.known_on,
                'issuer', kept.issuer, 'sensitivity', kept.sensitivity, 'readers', kept.readers,
                'body_digest', e.payload->>'body_digest')::text, 'UTF8')), 'hex')
            else true end
    ) is not true then 'not_as_stored' end;
end $$;

revoke all on all functions in schema gatehouse from public;
