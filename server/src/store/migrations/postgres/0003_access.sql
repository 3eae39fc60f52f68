-- People and service accounts.
create table accounts (
    id text primary key,
    kind text not null check (kind in ('person', 'service')),
    name text not null,
    -- What a person signs in with: an e-mail address or a name, in lower case.
    login text unique,
    password_hash text,
    disabled bigint not null default 0 check (disabled in (0, 1)),
    -- Where a service account belongs: the installation, a Workspace or a Deployment.
    home_level text not null check (home_level in ('system', 'workspace', 'deployment')),
    home_id text not null,
    created_at bigint not null,
    created_by text not null,
    check ((kind = 'person') = (login is not null))
);
create unique index service_accounts_by_name on accounts (home_level, home_id, name) where kind = 'service';

-- Who a provider says somebody is. The key is issuer and subject, never an e-mail address.
create table identities (
    issuer text not null,
    subject text not null,
    account_id text not null references accounts (id),
    primary key (issuer, subject)
);

create table teams (
    id text primary key,
    name text not null unique,
    created_at bigint not null
);

create table team_members (
    team_id text not null references teams (id) on delete cascade,
    account_id text not null references accounts (id),
    -- 'local', or the issuer whose groups put the person here.
    source text not null,
    primary key (team_id, account_id, source)
);
create index teams_of on team_members (account_id);

-- Who has which role where.
create table grants (
    id text primary key,
    subject_kind text not null check (subject_kind in ('account', 'team')),
    subject_id text not null,
    role text not null,
    level text not null check (level in ('system', 'workspace', 'deployment')),
    place_id text not null,
    -- 'local', or the issuer whose groups gave it.
    source text not null,
    created_at bigint not null,
    created_by text not null,
    unique (subject_kind, subject_id, role, level, place_id, source)
);
create index grants_at on grants (level, place_id);

-- API tokens: only their hash is kept.
create table tokens (
    id text primary key,
    account_id text not null references accounts (id),
    kind text not null check (kind in ('person', 'service', 'panel')),
    name text not null,
    hash text not null unique,
    hint text not null,
    limits text not null,
    -- Whom a panel's token speaks for, as its portal says.
    on_behalf text,
    -- The token that a panel's token was minted with: it ends with it.
    parent_id text references tokens (id),
    created_at bigint not null,
    expires_at bigint not null,
    revoked_at bigint,
    last_used_at bigint
);
create index tokens_of on tokens (account_id, created_at desc);
create index tokens_by_parent on tokens (parent_id) where parent_id is not null;

drop table sessions;
create table sessions (
    id text primary key,
    token_hash text not null unique,
    account_id text not null references accounts (id),
    created_at bigint not null,
    seen_at bigint not null,
    until bigint not null,
    address text not null,
    agent text not null,
    -- The provider's ID token, to sign out there too.
    id_token text
);
create index sessions_of on sessions (account_id);

-- One-time links: the first administrator, an invitation, a new password.
create table links (
    token_hash text primary key,
    -- Nobody yet, for the first administrator.
    account_id text references accounts (id),
    until bigint not null
);

-- Failed sign-ins of the last minutes, for the lock-out.
create table sign_in_failures (
    id bigint generated always as identity primary key,
    login text not null,
    address text not null,
    at bigint not null
);
create index sign_in_failures_of on sign_in_failures (login, at);
create index sign_in_failures_from on sign_in_failures (address, at);

-- Sign-ins with a provider that are under way.
create table oidc_flows (
    state_hash text primary key,
    body text not null,
    until bigint not null
);
