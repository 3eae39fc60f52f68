create table workspaces (
    id text primary key,
    name text not null unique,
    created_at integer not null
) strict;

create table deployments (
    id text primary key,
    workspace_id text not null references workspaces (id),
    name text not null,
    body text not null,
    unique (workspace_id, name)
) strict;

create table setting_changes (
    id integer primary key,
    deployment_id text not null references deployments (id),
    at integer not null,
    body text not null
) strict;
create index setting_changes_newest on setting_changes (deployment_id, id desc);

create table uploads (
    id text primary key,
    deployment_id text not null references deployments (id),
    created_at integer not null,
    body text not null,
    bundle text,
    closed text,
    finalized integer not null default 0 check (finalized in (0, 1))
) strict;
create index uploads_open on uploads (created_at) where closed is null and finalized = 0;

-- One row a deploy. It never changes and is never removed.
create table deploys (
    id text not null unique,
    deployment_id text not null references deployments (id),
    number integer not null check (number > 0),
    kind text not null,
    cause text not null,
    revision text not null,
    git text,
    created_at integer not null,
    author_id text not null,
    author_name text not null,
    description text not null,
    primary key (deployment_id, number)
) strict, without rowid;

create trigger deploys_are_numbered_without_gaps before insert on deploys
when new.number <> (select coalesce(max(number), 0) + 1 from deploys where deployment_id = new.deployment_id)
begin
    select raise(abort, 'deploy numbers have no gaps');
end;
create trigger deploys_never_change before update on deploys
begin
    select raise(abort, 'a deploy never changes');
end;
create trigger deploys_are_never_removed before delete on deploys
begin
    select raise(abort, 'a deploy is never removed');
end;

-- What happened to a deploy since: appended only.
create table deploy_events (
    id integer primary key,
    deploy_id text not null references deploys (id),
    at integer not null,
    kind text not null,
    body text not null
) strict;
create index deploy_events_of on deploy_events (deploy_id, id);
create trigger deploy_events_never_change before update on deploy_events
begin
    select raise(abort, 'an event never changes');
end;
create trigger deploy_events_are_never_removed before delete on deploy_events
begin
    select raise(abort, 'an event is never removed');
end;

-- What the events come to, for reading and for the invariants below.
create table deploy_states (
    deployment_id text not null,
    number integer not null,
    kind text not null,
    rollback integer not null check (rollback in (0, 1)),
    author_id text not null,
    created_at integer not null,
    status text not null,
    reason text,
    description text not null,
    revision text not null,
    search_text text not null,
    started_at integer,
    ended_at integer,
    live_from integer,
    live_until integer,
    rejected integer not null default 0 check (rejected in (0, 1)),
    artifact_missing integer not null default 0 check (artifact_missing in (0, 1)),
    kept text not null default '[]',
    primary key (deployment_id, number),
    foreign key (deployment_id, number) references deploys (deployment_id, number)
) strict, without rowid;
create unique index at_most_one_running on deploy_states (deployment_id) where status = 'running';
create unique index at_most_one_queued on deploy_states (deployment_id) where status = 'queued';
create unique index at_most_one_live on deploy_states (deployment_id) where live_from is not null and live_until is null;
create index deploys_that_ended_live on deploy_states (deployment_id, live_until, number) where live_until is not null;
create index held_deploys on deploy_states (deployment_id, number) where status = 'held';
create index deploys_that_were_live on deploy_states (deployment_id, number) where live_from is not null;
create index deploys_by_status on deploy_states (deployment_id, status, number);
create index waiting_rollouts on deploy_states (created_at) where status = 'queued';

create table deploy_authors (
    deployment_id text not null references deployments (id),
    author_id text not null,
    author_name text not null,
    primary key (deployment_id, author_id)
) strict, without rowid;

create table holds (
    deployment_id text primary key references deployments (id),
    body text not null
) strict;
create table hold_events (
    id integer primary key,
    deployment_id text not null references deployments (id),
    at integer not null,
    kind text not null check (kind in ('set', 'released')),
    body text not null
) strict;
create trigger hold_events_never_change before update on hold_events
begin
    select raise(abort, 'an event never changes');
end;
create trigger hold_events_are_never_removed before delete on hold_events
begin
    select raise(abort, 'an event is never removed');
end;

create table rollouts (
    deploy_id text primary key references deploys (id),
    deployment_id text not null,
    number integer not null,
    owner text not null,
    epoch integer not null,
    lease_until integer not null,
    cancel_reason text,
    done integer not null default 0 check (done in (0, 1))
) strict;
create index rollouts_open on rollouts (lease_until) where done = 0;

create table steps (
    deploy_id text not null references rollouts (deploy_id),
    position integer not null,
    kind text not null,
    status text not null,
    started_at integer,
    ended_at integer,
    error text,
    primary key (deploy_id, position)
) strict, without rowid;

create table step_log (
    deploy_id text not null references rollouts (deploy_id),
    seq integer not null,
    step integer not null,
    at integer not null,
    line text not null,
    primary key (deploy_id, seq)
) strict, without rowid;
create trigger step_log_never_changes before update on step_log
begin
    select raise(abort, 'a log line never changes');
end;
create trigger step_log_is_never_removed before delete on step_log
begin
    select raise(abort, 'a log line is never removed');
end;

create table idempotency (
    author text not null,
    key text not null,
    body_hash text not null,
    resource text not null,
    at integer not null,
    primary key (author, key)
) strict, without rowid;

create table sessions (
    token_hash text primary key,
    author_id text not null,
    created_at integer not null,
    until integer not null
) strict, without rowid;

create table forms (
    id text primary key,
    body text not null,
    until integer not null
) strict, without rowid;
