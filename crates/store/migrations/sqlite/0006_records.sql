-- What administrators read, a page at a time: every list has an index in its own order.

CREATE INDEX users_made ON users (created_at, id);

CREATE INDEX sessions_live ON sessions (created_at, sid) WHERE ended_at IS NULL;

-- One person's sessions in the same order.
DROP INDEX sessions_user;
CREATE INDEX sessions_user ON sessions (user_id, created_at, sid);

-- The words by which a person is found. Each says how many of its first letters it shares with the person's next
-- smaller word: a search of more letters finds this one and not that one. So a person is found once, and no row is
-- looked at for nothing.
CREATE TABLE user_words (
    word    TEXT    NOT NULL,
    user_id BLOB    NOT NULL REFERENCES users (id),
    shared  INTEGER NOT NULL CHECK (shared >= 0),
    PRIMARY KEY (shared, word, user_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX user_words_user ON user_words (user_id);

-- Those of the people who are there already. Of other letters than A to Z, SQL knows no lower case: a name with a
-- capital É is found once it is changed, and by its address until then.
INSERT INTO user_words (word, user_id, shared)
WITH RECURSIVE names (user_id, word, rest) AS (
    SELECT id, '', lower(replace(name, char(9), ' ')) || ' ' FROM users
    UNION ALL
    SELECT user_id, substr(rest, 1, instr(rest, ' ') - 1), substr(rest, instr(rest, ' ') + 1)
    FROM names WHERE rest <> ''
), words (user_id, word) AS (
    SELECT user_id, word FROM names WHERE word <> ''
    UNION SELECT id, email FROM users
    UNION SELECT id, substr(email, instr(email, '@') + 1) FROM users WHERE email LIKE '%@_%'
), pairs (user_id, word, before) AS (
    SELECT user_id, word, lag(word, 1, '') OVER (PARTITION BY user_id ORDER BY word) FROM words
), letters (n) AS (
    SELECT 1 UNION ALL SELECT n + 1 FROM letters WHERE n < (SELECT max(length(before)) FROM pairs)
)
SELECT word, user_id,
       CASE WHEN substr(before, 1, 1) <> substr(word, 1, 1) THEN 0
            ELSE (SELECT count(*) FROM letters
                  WHERE n <= length(before) AND substr(before, 1, n) = substr(word, 1, n)) END
FROM pairs;
