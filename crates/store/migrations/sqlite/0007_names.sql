-- From now on each word of a name is kept with those behind it, so that a name is found as one types it. SQL knows no
-- lower case but that of A to Z: whoever brings the tables up to date writes the words anew, in the same transaction.
DELETE FROM user_words;
