-- One chunk of users and their sessions; `fill.rs` says what the names in braces stand for.
BEGIN;

CREATE TEMP TABLE filled ON COMMIT DROP AS
SELECT n, gen_random_uuid() AS id FROM generate_series(0, {users} - 1) AS n;

INSERT INTO users (id, email, name, password_hash, version, created_at)
SELECT id, 'u' || replace(id::text, '-', '') || '@example.com', 'User ' || n,
       '$argon2id$v=19$m=19456,t=2,p=1$nobodys-salt-is-this-0$nobody-signs-in-with-this-hash-of-no-password-0',
       1, {youngest} - {spread}
FROM filled;

-- The last rotation lies somewhere between the sign-in and now, or the session's end; every fifth was ended then.
INSERT INTO sessions (sid, user_id, user_version, generation, current_hash, previous_hash, salt, kid, rotated_at,
                      confirmed, recoveries, created_at, expires_at, ended_at, end_reason, browser, system, network)
SELECT gen_random_uuid(), id, 1, 0, decode(md5(random()::text) || md5(random()::text), 'hex'),
       decode(md5(random()::text) || md5(random()::text), 'hex'), decode(md5(random()::text), 'hex'), {kid},
       rotated_at, TRUE, 0, created_at, created_at + {absolute},
       CASE WHEN s.n % 5 = 0 THEN rotated_at END, CASE WHEN s.n % 5 = 0 THEN 'signed_out' END,
       (ARRAY['Chrome', 'Safari', 'Firefox', 'Edge'])[1 + s.n % 4],
       (ARRAY['Windows', 'Android', 'iPhone', 'macOS', 'Linux'])[1 + s.n % 5], '198.51.' || (s.n % 256) || '.*'
FROM (
    SELECT n, created_at,
           created_at + floor(random() * (least({now}, created_at + {absolute}) - created_at))::bigint AS rotated_at
    FROM (SELECT n, {youngest} - floor(random() * {spread})::bigint AS created_at
          FROM generate_series(0, {sessions} - 1) AS n) AS began
) AS s JOIN filled ON filled.n = s.n / {per_user};

COMMIT;
