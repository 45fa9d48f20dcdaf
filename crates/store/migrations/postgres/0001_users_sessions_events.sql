-- Moments are milliseconds since the Unix epoch. Numbers that don't fit into Postgres's signed types take
-- the next larger one.

-- The database's time, so that all nodes judge ages by one clock. A function of one expression is inlined:
-- it costs no more than what it stands for. The tests put one in its place that they can move.
CREATE FUNCTION lanyard_now() RETURNS BIGINT LANGUAGE SQL VOLATILE PARALLEL SAFE AS $$
    SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint
$$;

CREATE TABLE users (
    id            UUID   NOT NULL PRIMARY KEY,
    email         TEXT   NOT NULL UNIQUE,
    name          TEXT   NOT NULL,
    password_hash TEXT   NOT NULL,
    -- Sessions of an older version are over.
    version       BIGINT NOT NULL CHECK (version BETWEEN 0 AND 4294967295),
    -- Access tokens of a version below this one were revoked, then. A password change raises the version
    -- alone: the session that it keeps goes on with the access tokens it has.
    revoked_below BIGINT NOT NULL DEFAULT 0 CHECK (revoked_below BETWEEN 0 AND 4294967295),
    revoked_at    BIGINT,
    created_at    BIGINT NOT NULL,
    disabled_at   BIGINT
);

-- Whose access tokens are to be refused is asked at every start, and few rows answer.
CREATE INDEX users_revoked ON users (revoked_at) WHERE revoked_at IS NOT NULL;

-- One row a session, written over by each rotation, so that the table does not grow with use.
-- A rotation changes no indexed column and finds room on its page, so that it is a HOT update. The first
-- one makes a row a third longer, which 80 leaves too little room for.
CREATE TABLE sessions (
    sid           UUID     NOT NULL PRIMARY KEY,
    user_id       UUID     NOT NULL REFERENCES users (id),
    user_version  BIGINT   NOT NULL CHECK (user_version BETWEEN 0 AND 4294967295),
    generation    BIGINT   NOT NULL CHECK (generation BETWEEN 0 AND 4294967295),
    -- SHA-256 of the secrets. The secrets themselves are never stored.
    current_hash  BYTEA    NOT NULL CHECK (octet_length(current_hash) = 32),
    previous_hash BYTEA    CHECK (octet_length(previous_hash) = 32),
    salt          BYTEA    CHECK (octet_length(salt) = 16),
    kid           BIGINT   NOT NULL CHECK (kid BETWEEN 0 AND 4294967295),
    rotated_at    BIGINT   NOT NULL,
    confirmed     BOOLEAN  NOT NULL,
    recoveries    SMALLINT NOT NULL CHECK (recoveries BETWEEN 0 AND 255),
    created_at    BIGINT   NOT NULL,
    expires_at    BIGINT   NOT NULL,
    ended_at      BIGINT,
    end_reason    TEXT,
    CHECK ((ended_at IS NULL) = (end_reason IS NULL))
) WITH (fillfactor = 70);

CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_ended ON sessions (ended_at) WHERE ended_at IS NOT NULL;

-- No foreign keys: an event outlives its session.
CREATE TABLE security_events (
    id         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at         BIGINT NOT NULL,
    kind       TEXT   NOT NULL CHECK (kind IN ('token_reused', 'unconfirmed', 'recovered')),
    session_id UUID   NOT NULL,
    user_id    UUID   NOT NULL
);

-- Old events may be deleted, none may be rewritten.
CREATE FUNCTION refuse_to_rewrite_an_event() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a security event is never rewritten';
END
$$;

CREATE TRIGGER security_events_are_final BEFORE UPDATE ON security_events
FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_rewrite_an_event();
