-- A row of a thousand bytes is too long for a table without rowid: most of it went to a page of its own, 4 kB a deploy.
-- With a rowid three deploys share a page.
create table deploy_states_with_rowid (
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
) strict;
insert into deploy_states_with_rowid (deployment_id, number, kind, rollback, author_id, created_at, status, reason,
    description, revision, search_text, started_at, ended_at, live_from, live_until, rejected, artifact_missing, kept)
select deployment_id, number, kind, rollback, author_id, created_at, status, reason,
    description, revision, search_text, started_at, ended_at, live_from, live_until, rejected, artifact_missing, kept
from deploy_states order by deployment_id, number;
drop table deploy_states;
alter table deploy_states_with_rowid rename to deploy_states;

create unique index at_most_one_running on deploy_states (deployment_id) where status = 'running';
create unique index at_most_one_queued on deploy_states (deployment_id) where status = 'queued';
create unique index at_most_one_live on deploy_states (deployment_id) where live_from is not null and live_until is null;
create index deploys_that_ended_live on deploy_states (deployment_id, live_until, number) where live_until is not null;
create index deploys_that_ended_live_by_time on deploy_states (deployment_id, created_at, number)
    where live_until is not null;
create index held_deploys on deploy_states (deployment_id, number) where status = 'held';
create index deploys_that_were_live on deploy_states (deployment_id, number) where live_from is not null;
create index deploys_by_status on deploy_states (deployment_id, status, number);
create index waiting_rollouts on deploy_states (created_at) where status = 'queued';

-- Where a text is searched for: all three characters that follow each other. It holds no text itself, and where they are
-- in it does not matter. A row is named by (ordinal of the Deployment << 32) + number of the deploy, so that the deploys of
-- one Deployment lie together, in their order.
create table search_ordinals (
    ordinal integer primary key,
    deployment_id text not null unique references deployments (id)
) strict;
insert into search_ordinals (deployment_id) select id from deployments;
create trigger deployments_have_an_ordinal after insert on deployments
begin
    insert into search_ordinals (deployment_id) values (new.id);
end;

create virtual table deploy_search using fts5 (
    search_text, content = '', contentless_delete = 1, detail = none, tokenize = "trigram case_sensitive 1"
);
insert into deploy_search (rowid, search_text)
select (o.ordinal << 32) + s.number, s.search_text
from search_ordinals o join deploy_states s on s.deployment_id = o.deployment_id order by 1;
create trigger deploys_can_be_searched after insert on deploy_states
begin
    insert into deploy_search (rowid, search_text)
    select (ordinal << 32) + new.number, new.search_text from search_ordinals where deployment_id = new.deployment_id;
end;
create trigger edited_deploys_can_be_searched after update of search_text on deploy_states
begin
    update deploy_search set search_text = new.search_text
    where rowid = (select (ordinal << 32) + new.number from search_ordinals where deployment_id = new.deployment_id);
end;
