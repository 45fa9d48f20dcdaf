-- What was done under an Idempotency-Key, kept for minutes so that an equal repeat gets the first answer. Written in the
-- transaction of what it tells of. Neither a token nor a password is in it: the key's hash, a keyed hash of what was sent,
-- and what came of it.
CREATE TABLE idempotency_records (
    id          BYTEA  NOT NULL PRIMARY KEY CHECK (octet_length(id) = 32),
    fingerprint BYTEA  NOT NULL CHECK (octet_length(fingerprint) = 32),
    -- The master key that the fingerprint was made with.
    kid         BIGINT NOT NULL CHECK (kid BETWEEN 0 AND 4294967295),
    user_id     UUID   NOT NULL,
    session_id  UUID,
    -- So many sessions were ended.
    ended       BIGINT NOT NULL CHECK (ended BETWEEN 0 AND 4294967295),
    at          BIGINT NOT NULL
);

-- The oldest are removed first.
CREATE INDEX idempotency_records_at ON idempotency_records (at);
