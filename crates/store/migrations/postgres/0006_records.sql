-- What administrators read, a page at a time: every list has an index in its own order.

CREATE INDEX users_made ON users (created_at, id);

CREATE INDEX sessions_live ON sessions (created_at, sid) WHERE ended_at IS NULL;

-- One person's sessions in the same order.
DROP INDEX sessions_user;
CREATE INDEX sessions_user ON sessions (user_id, created_at, sid);

-- The words by which a person is found, in the order of their bytes. Each says how many of its first letters it shares
-- with the person's next smaller word: a search of more letters finds this one and not that one. So a person is found
-- once, and no row is looked at for nothing.
CREATE TABLE user_words (
    word    TEXT COLLATE "C" NOT NULL,
    user_id UUID             NOT NULL REFERENCES users (id),
    shared  INTEGER          NOT NULL CHECK (shared >= 0),
    PRIMARY KEY (shared, word, user_id)
);

CREATE INDEX user_words_user ON user_words (user_id);

-- Those of the people who are there already.
INSERT INTO user_words (word, user_id, shared)
WITH words (user_id, word) AS (
    SELECT id, regexp_split_to_table(lower(name), '\s+') COLLATE "C" FROM users
    UNION SELECT id, email COLLATE "C" FROM users
    UNION SELECT id, substr(email, strpos(email, '@') + 1) COLLATE "C" FROM users WHERE email LIKE '%@_%'
), pairs (user_id, word, before) AS (
    SELECT user_id, word, lag(word, 1, '') OVER (PARTITION BY user_id ORDER BY word) FROM words WHERE word <> ''
)
SELECT word, user_id,
       CASE WHEN left(before, 1) <> left(word, 1) THEN 0
            ELSE (SELECT count(*) FROM generate_series(1, length(before)) AS n
                  WHERE left(before, n) = left(word, n)) END
FROM pairs;

ANALYZE user_words;
