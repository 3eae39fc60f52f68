create table workspaces (
    id text primary key,
    name text not null unique,
    created_at bigint not null
);

create table deployments (
    id text primary key,
    workspace_id text not null references workspaces (id),
    name text not null,
    body text not null,
    unique (workspace_id, name)
);

create table setting_changes (
    id bigint generated always as identity primary key,
    deployment_id text not null references deployments (id),
    at bigint not null,
    body text not null
);
create index setting_changes_newest on setting_changes (deployment_id, id desc);

create table uploads (
    id text primary key,
    deployment_id text not null references deployments (id),
    created_at bigint not null,
    body text not null,
    bundle text,
    closed text,
    finalized bigint not null default 0 check (finalized in (0, 1))
);
create index uploads_open on uploads (created_at) where closed is null and finalized = 0;

-- One row a deploy. It never changes and is never removed.
create table deploys (
    id text not null unique,
    deployment_id text not null references deployments (id),
    number bigint not null check (number > 0),
    kind text not null,
    cause text not null,
    revision text not null,
    git text,
    created_at bigint not null,
    author_id text not null,
    author_name text not null,
    description text not null,
    primary key (deployment_id, number)
);

-- What happened to a deploy since: appended only.
create table deploy_events (
    id bigint generated always as identity primary key,
    deploy_id text not null references deploys (id),
    at bigint not null,
    kind text not null,
    body text not null
);
create index deploy_events_of on deploy_events (deploy_id, id);
-- What the events come to, for reading and for the invariants below.
create table deploy_states (
    deployment_id text not null,
    number bigint not null,
    kind text not null,
    rollback bigint not null check (rollback in (0, 1)),
    author_id text not null,
    created_at bigint not null,
    status text not null,
    reason text,
    description text not null,
    revision text not null,
    search_text text not null,
    started_at bigint,
    ended_at bigint,
    live_from bigint,
    live_until bigint,
    rejected bigint not null default 0 check (rejected in (0, 1)),
    artifact_missing bigint not null default 0 check (artifact_missing in (0, 1)),
    kept text not null default '[]',
    primary key (deployment_id, number),
    foreign key (deployment_id, number) references deploys (deployment_id, number)
);
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
);

create table holds (
    deployment_id text primary key references deployments (id),
    body text not null
);
create table hold_events (
    id bigint generated always as identity primary key,
    deployment_id text not null references deployments (id),
    at bigint not null,
    kind text not null check (kind in ('set', 'released')),
    body text not null
);
create table rollouts (
    deploy_id text primary key references deploys (id),
    deployment_id text not null,
    number bigint not null,
    owner text not null,
    epoch bigint not null,
    lease_until bigint not null,
    cancel_reason text,
    done bigint not null default 0 check (done in (0, 1))
);
create index rollouts_open on rollouts (lease_until) where done = 0;

create table steps (
    deploy_id text not null references rollouts (deploy_id),
    position bigint not null,
    kind text not null,
    status text not null,
    started_at bigint,
    ended_at bigint,
    error text,
    primary key (deploy_id, position)
);

create table step_log (
    deploy_id text not null references rollouts (deploy_id),
    seq bigint not null,
    step bigint not null,
    at bigint not null,
    line text not null,
    primary key (deploy_id, seq)
);
create table idempotency (
    author text not null,
    key text not null,
    body_hash text not null,
    resource text not null,
    at bigint not null,
    primary key (author, key)
);

create table sessions (
    token_hash text primary key,
    author_id text not null,
    created_at bigint not null,
    until bigint not null
);

create table forms (
    id text primary key,
    body text not null,
    until bigint not null
);

create function deploys_are_numbered_without_gaps() returns trigger language plpgsql as $$
begin
    if new.number <> (select coalesce(max(number), 0) + 1 from deploys where deployment_id = new.deployment_id) then
        raise exception 'deploy numbers have no gaps';
    end if;
    return new;
end $$;
create trigger deploys_are_numbered_without_gaps before insert on deploys
for each row execute function deploys_are_numbered_without_gaps();

create function append_only() returns trigger language plpgsql as $$
begin
    raise exception '% is appended to only', tg_table_name;
end $$;
create trigger deploys_append_only before update or delete or truncate on deploys
for each statement execute function append_only();
create trigger deploy_events_append_only before update or delete or truncate on deploy_events
for each statement execute function append_only();
create trigger hold_events_append_only before update or delete or truncate on hold_events
for each statement execute function append_only();
create trigger step_log_append_only before update or delete or truncate on step_log
for each statement execute function append_only();
