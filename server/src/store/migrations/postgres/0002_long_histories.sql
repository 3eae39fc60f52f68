create index deploys_that_ended_live_by_time on deploy_states (deployment_id, created_at, number)
    where live_until is not null;

-- Where a text is searched for: all three characters that follow each other. A function of our own, because not every
-- PostgreSQL has the extension pg_trgm, and that one leaves out what is neither a letter nor a digit.
create function trigrams(searched text) returns text[] language sql immutable strict parallel safe as $$
    select coalesce(array_agg(substr(searched, place, 3)), '{}')
    from generate_series(1, length(searched) - 2) place
$$;
create index deploys_by_text on deploy_states using gin (trigrams(search_text));
