-- Access tokens of a version below `revoked_below` were revoked, at `revoked_at`. A password change raises
-- the version alone: the session that it keeps goes on with the access tokens it has.
ALTER TABLE users ADD COLUMN revoked_below INTEGER NOT NULL DEFAULT 0
    CHECK (revoked_below BETWEEN 0 AND 4294967295);
DROP INDEX users_version_changed;
ALTER TABLE users RENAME COLUMN version_changed_at TO revoked_at;
CREATE INDEX users_revoked ON users (revoked_at) WHERE revoked_at IS NOT NULL;

-- Closing an account revokes its versions too, so that nobody asks for this any more.
DROP INDEX users_disabled;
