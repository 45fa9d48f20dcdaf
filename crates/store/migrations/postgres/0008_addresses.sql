-- From now on an address is kept in one form (NFC, lower case, its domain in ASCII), and people are found by theirs and by
-- their names in that form. Whoever brings the tables up to date writes both anew, in the same transaction.
TRUNCATE user_words;

-- Whose address is kept as it was, since another person has the one that it should have, or it can't be an address.
CREATE TABLE old_addresses (
    user_id uuid NOT NULL PRIMARY KEY REFERENCES users (id)
);
