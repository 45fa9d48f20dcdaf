-- What was done under an Idempotency-Key, kept for minutes so that an equal repeat gets the first answer. Written in the
-- transaction of what it tells of. Neither a token nor a password is in it: the key's hash, a keyed hash of what was sent,
-- and what came of it.
CREATE TABLE idempotency_records (
    id          BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 32),
    fingerprint BLOB    NOT NULL CHECK (length(fingerprint) = 32),
    -- The master key that the fingerprint was made with.
    kid         INTEGER NOT NULL CHECK (kid BETWEEN 0 AND 4294967295),
    user_id     BLOB    NOT NULL CHECK (length(user_id) = 16),
    session_id  BLOB    CHECK (length(session_id) = 16),
    -- So many sessions were ended.
    ended       INTEGER NOT NULL CHECK (ended BETWEEN 0 AND 4294967295),
    at          INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The oldest are removed first.
CREATE INDEX idempotency_records_at ON idempotency_records (at);
