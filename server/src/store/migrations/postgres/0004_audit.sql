-- The audit log: appended only, in the transaction of what it tells.
create table audit (
    id bigint generated always as identity primary key,
    at bigint not null,
    action text not null,
    actor_id text not null,
    workspace_id text,
    deployment_id text,
    -- What a search looks at, in lower case.
    search_text text not null,
    -- The entry as JSON: what is sealed.
    body text not null
);
create index audit_by_action on audit (action, id);
create index audit_by_actor on audit (actor_id, id);
create index audit_by_workspace on audit (workspace_id, id) where workspace_id is not null;
create index audit_by_deployment on audit (deployment_id, id) where deployment_id is not null;
create trigger audit_append_only before update or delete or truncate on audit
for each statement execute function append_only();

-- Which entries have no seal yet: a sealer looks here instead of searching the whole log.
create table audit_unsealed (
    audit_id bigint primary key
);
create function audit_waits_for_its_seal() returns trigger language plpgsql as $$
begin
    insert into audit_unsealed (audit_id) values (new.id);
    return null;
end $$;
create trigger audit_waits_for_its_seal after insert on audit
for each row execute function audit_waits_for_its_seal();

-- The hash chain. Its places are its own: entries of one moment may become visible in another order than their ids'.
create table audit_seals (
    seq bigint primary key check (seq > 0),
    audit_id bigint not null unique references audit (id),
    hash text not null
);
create function audit_seals_have_no_gaps() returns trigger language plpgsql as $$
begin
    if new.seq <> (select coalesce(max(seq), 0) + 1 from audit_seals) then
        raise exception 'seals have no gaps';
    end if;
    return new;
end $$;
create trigger audit_seals_have_no_gaps before insert on audit_seals
for each row execute function audit_seals_have_no_gaps();
create trigger audit_seals_append_only before update or delete or truncate on audit_seals
for each statement execute function append_only();

-- What was signed: up to here, the log was this.
create table audit_checkpoints (
    id bigint generated always as identity primary key,
    seq bigint not null,
    hash text not null,
    at bigint not null,
    key_id text not null,
    public_key text not null,
    signature text not null
);
create trigger audit_checkpoints_append_only before update or delete or truncate on audit_checkpoints
for each statement execute function append_only();
