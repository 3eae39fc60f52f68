-- What a rollback took back and marked: not a deploy but its parts, for other deploys have them too.
create table rejected_parts (
    deployment_id text not null references deployments (id),
    part text not null check (part in ('image', 'dags')),
    digest text not null check (length(digest) = 64),
    body text not null,
    primary key (deployment_id, part, digest)
);

-- When a hold ends by itself.
alter table holds add column until bigint;
create index holds_that_end on holds (until) where until is not null;
