-- What a user may do. A change of it raises the authorisation version: access tokens of an older one are renewed.
ALTER TABLE users ADD COLUMN role TEXT NOT NULL DEFAULT 'user' CHECK (role IN ('user', 'admin'));
ALTER TABLE users ADD COLUMN authz_version BIGINT NOT NULL DEFAULT 0 CHECK (authz_version BETWEEN 0 AND 4294967295);
ALTER TABLE users ADD COLUMN authz_changed_at BIGINT;

-- For the revocation set.
CREATE INDEX users_authz_changed ON users (authz_changed_at) WHERE authz_changed_at IS NOT NULL;

-- To see who the last administrator is.
CREATE INDEX users_admins ON users (id) WHERE role = 'admin';
