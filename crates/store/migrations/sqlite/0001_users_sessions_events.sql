-- Moments are milliseconds since the Unix epoch, ids are the 16 bytes of a UUID.

CREATE TABLE users (
    id            BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    email         TEXT    NOT NULL UNIQUE,
    name          TEXT    NOT NULL,
    password_hash TEXT    NOT NULL,
    -- Sessions of an older version are over.
    version       INTEGER NOT NULL CHECK (version BETWEEN 0 AND 4294967295),
    -- Access tokens of a version below this one were revoked, then. A password change raises the version
    -- alone: the session that it keeps goes on with the access tokens it has.
    revoked_below INTEGER NOT NULL DEFAULT 0 CHECK (revoked_below BETWEEN 0 AND 4294967295),
    revoked_at    INTEGER,
    created_at    INTEGER NOT NULL,
    disabled_at   INTEGER
) STRICT, WITHOUT ROWID;

-- Whose access tokens are to be refused is asked at every start, and few rows answer.
CREATE INDEX users_revoked ON users (revoked_at) WHERE revoked_at IS NOT NULL;

-- One row a session, written over by each rotation, so that the table does not grow with use.
-- A rotation changes no indexed column.
CREATE TABLE sessions (
    sid           BLOB    NOT NULL PRIMARY KEY CHECK (length(sid) = 16),
    user_id       BLOB    NOT NULL REFERENCES users (id),
    user_version  INTEGER NOT NULL CHECK (user_version BETWEEN 0 AND 4294967295),
    generation    INTEGER NOT NULL CHECK (generation BETWEEN 0 AND 4294967295),
    -- SHA-256 of the secrets. The secrets themselves are never stored.
    current_hash  BLOB    NOT NULL CHECK (length(current_hash) = 32),
    previous_hash BLOB    CHECK (length(previous_hash) = 32),
    salt          BLOB    CHECK (length(salt) = 16),
    kid           INTEGER NOT NULL CHECK (kid BETWEEN 0 AND 4294967295),
    rotated_at    INTEGER NOT NULL,
    confirmed     INTEGER NOT NULL CHECK (confirmed IN (0, 1)),
    recoveries    INTEGER NOT NULL CHECK (recoveries BETWEEN 0 AND 255),
    created_at    INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    ended_at      INTEGER,
    end_reason    TEXT,
    CHECK ((ended_at IS NULL) = (end_reason IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_ended ON sessions (ended_at) WHERE ended_at IS NOT NULL;

-- No foreign keys: an event outlives its session.
CREATE TABLE security_events (
    id         INTEGER PRIMARY KEY,
    at         INTEGER NOT NULL,
    kind       TEXT    NOT NULL CHECK (kind IN ('token_reused', 'unconfirmed', 'recovered')),
    session_id BLOB    NOT NULL CHECK (length(session_id) = 16),
    user_id    BLOB    NOT NULL CHECK (length(user_id) = 16)
) STRICT;

-- Old events may be deleted, none may be rewritten.
CREATE TRIGGER security_events_are_final BEFORE UPDATE ON security_events
BEGIN
    SELECT RAISE(ABORT, 'a security event is never rewritten');
END;
