-- The audit log: appended only, in the transaction of what it tells.
create table audit (
    -- Never used again, not even after the last entries were removed.
    id integer primary key autoincrement,
    at integer not null,
    action text not null,
    actor_id text not null,
    workspace_id text,
    deployment_id text,
    -- What a search looks at, in lower case.
    search_text text not null,
    -- The entry as JSON: what is sealed.
    body text not null
) strict;
create index audit_by_action on audit (action, id);
create index audit_by_actor on audit (actor_id, id);
create index audit_by_workspace on audit (workspace_id, id) where workspace_id is not null;
create index audit_by_deployment on audit (deployment_id, id) where deployment_id is not null;
create trigger audit_never_changes before update on audit
begin
    select raise(abort, 'an audit entry never changes');
end;
create trigger audit_is_never_removed before delete on audit
begin
    select raise(abort, 'an audit entry is never removed');
end;

-- Which entries have no seal yet: a sealer looks here instead of searching the whole log.
create table audit_unsealed (
    audit_id integer primary key
) strict;
create trigger audit_waits_for_its_seal after insert on audit
begin
    insert into audit_unsealed (audit_id) values (new.id);
end;

-- The hash chain. Its places are its own: entries of one moment may become visible in another order than their ids'.
create table audit_seals (
    seq integer primary key check (seq > 0),
    audit_id integer not null unique references audit (id),
    hash text not null
) strict;
create trigger audit_seals_have_no_gaps before insert on audit_seals
when new.seq <> (select coalesce(max(seq), 0) + 1 from audit_seals)
begin
    select raise(abort, 'seals have no gaps');
end;
create trigger audit_seals_never_change before update on audit_seals
begin
    select raise(abort, 'a seal never changes');
end;
create trigger audit_seals_are_never_removed before delete on audit_seals
begin
    select raise(abort, 'a seal is never removed');
end;

-- What was signed: up to here, the log was this.
create table audit_checkpoints (
    id integer primary key autoincrement,
    seq integer not null,
    hash text not null,
    at integer not null,
    key_id text not null,
    public_key text not null,
    signature text not null
) strict;
create trigger audit_checkpoints_never_change before update on audit_checkpoints
begin
    select raise(abort, 'a checkpoint never changes');
end;
create trigger audit_checkpoints_are_never_removed before delete on audit_checkpoints
begin
    select raise(abort, 'a checkpoint is never removed');
end;
