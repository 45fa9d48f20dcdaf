-- One chunk of users and their sessions; `fill.rs` says what the names in braces stand for.

-- 1 GB, so that pages which are changed again and again are written once.
PRAGMA cache_size = -1000000;
BEGIN IMMEDIATE;

CREATE TEMP TABLE filled (n INTEGER PRIMARY KEY, id BLOB NOT NULL);
WITH RECURSIVE series (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM series WHERE n < {users} - 1)
INSERT INTO filled SELECT n, randomblob(16) FROM series;

INSERT INTO users (id, email, name, password_hash, version, created_at)
SELECT id, 'u' || lower(hex(id)) || '@example.com', 'User ' || n,
       '$argon2id$v=19$m=19456,t=2,p=1$nobodys-salt-is-this-0$nobody-signs-in-with-this-hash-of-no-password-0',
       1, {youngest} - {spread}
FROM filled
ORDER BY id;

-- Each in a table of its own: a random number is another one wherever its name is used again.
CREATE TEMP TABLE began (n INTEGER PRIMARY KEY, sid BLOB NOT NULL, created_at INTEGER NOT NULL);
WITH RECURSIVE series (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM series WHERE n < {sessions} - 1)
INSERT INTO began SELECT n, randomblob(16), {youngest} - abs(random() % {spread}) FROM series;

CREATE TEMP TABLE rotated (n INTEGER PRIMARY KEY, rotated_at INTEGER NOT NULL);
INSERT INTO rotated
SELECT n, created_at + abs(random() % max(1, min({now}, created_at + {absolute}) - created_at)) FROM began;

-- The last rotation lies somewhere between the sign-in and now, or the session's end; every fifth was ended then.
INSERT INTO sessions (sid, user_id, user_version, generation, current_hash, previous_hash, salt, kid, rotated_at,
                      confirmed, recoveries, created_at, expires_at, ended_at, end_reason, browser, system, network)
SELECT sid, id, 1, 0, randomblob(32), randomblob(32), randomblob(16), {kid}, rotated_at, TRUE, 0, created_at,
       created_at + {absolute}, iif(began.n % 5 = 0, rotated_at, NULL),
       iif(began.n % 5 = 0, 'signed_out', NULL),
       json_extract('["Chrome", "Safari", "Firefox", "Edge"]', '$[' || (began.n % 4) || ']'),
       json_extract('["Windows", "Android", "iPhone", "macOS", "Linux"]', '$[' || (began.n % 5) || ']'),
       '198.51.' || (began.n % 256) || '.*'
FROM began JOIN rotated USING (n) JOIN filled ON filled.n = began.n / {per_user}
ORDER BY sid;

COMMIT;
DROP TABLE filled;
DROP TABLE began;
DROP TABLE rotated;
