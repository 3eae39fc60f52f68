-- Export of log lines: what waits to be sent elsewhere, written in the transaction of what it tells.

-- Set at the start of a server that has an export configured; without one nothing is put into the outbox.
create table export_settings (
    id integer primary key check (id = 1),
    enabled integer not null check (enabled in (0, 1)),
    -- For the status page: where to, and under which names.
    address text not null,
    index_pattern text not null
) strict;
insert into export_settings (id, enabled, address, index_pattern) values (1, 0, '', '');

create table export_outbox (
    -- Never used again.
    id integer primary key autoincrement,
    kind text not null check (kind in ('line', 'status', 'audit')),
    -- What keeps its order: the deploy's id, or 'audit'.
    stream text not null,
    -- The line's number, the event's or the entry's id.
    seq integer not null,
    at integer not null,
    -- The Deployment's name now: what is sent twice goes to the same index twice, also if it is renamed in between.
    release text not null,
    attempts integer not null default 0,
    -- Above 0: it was put off by itself, and what comes after it in its stream waits for it.
    not_before integer not null default 0
) strict;
create index export_outbox_put_off on export_outbox (stream) where not_before > 0;

-- What is never accepted: kept for a look, the newest thousand.
create table export_rejected (
    id integer primary key,
    document text not null,
    at integer not null,
    rejected_at integer not null,
    error text not null
) strict;

-- One exporter at a time, and what it has done so far.
create table export_state (
    id integer primary key check (id = 1),
    owner text not null,
    epoch integer not null,
    lease_until integer not null,
    sent integer not null,
    dropped integer not null,
    rejected integer not null,
    last_success_at integer,
    last_error_at integer,
    last_error text
) strict;
insert into export_state (id, owner, epoch, lease_until, sent, dropped, rejected) values (1, '', 0, 0, 0, 0, 0);

create trigger line_is_exported after insert on step_log
begin
    insert into export_outbox (kind, stream, seq, at, release)
    select 'line', new.deploy_id, new.seq, new.at, p.name
    from export_settings x, deploys d join deployments p on p.id = d.deployment_id
    where x.enabled = 1 and d.id = new.deploy_id;
end;
create trigger status_is_exported after insert on deploy_events
when new.kind = 'status'
begin
    insert into export_outbox (kind, stream, seq, at, release)
    select 'status', new.deploy_id, new.id, new.at, p.name
    from export_settings x, deploys d join deployments p on p.id = d.deployment_id
    where x.enabled = 1 and d.id = new.deploy_id;
end;
-- An audit entry goes out with its seal, in the order of the chain: what was sent then shows a log that was changed here.
create trigger audit_is_exported after insert on audit_seals
begin
    insert into export_outbox (kind, stream, seq, at, release)
    select 'audit', 'audit', a.id, a.at, coalesce(p.name, '')
    from export_settings x, audit a left join deployments p on p.id = a.deployment_id
    where x.enabled = 1 and a.id = new.audit_id;
end;
