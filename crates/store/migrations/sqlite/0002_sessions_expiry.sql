-- Sessions whose absolute limit is long past are removed, a few at a time. The limit never moves, so a rotation
-- still changes no indexed column.
CREATE INDEX sessions_expiry ON sessions (expires_at);
