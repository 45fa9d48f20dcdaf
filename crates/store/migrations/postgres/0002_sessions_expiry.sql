-- Sessions whose absolute limit is long past are removed, a few at a time. The limit never moves, so a rotation
-- stays a HOT update; an index on the idle limit would end that.
CREATE INDEX sessions_expiry ON sessions (expires_at);
