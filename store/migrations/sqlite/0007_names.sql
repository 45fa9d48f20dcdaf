-- From now on a word of a name is kept with those behind it: "ada lovelace" and "lovelace". SQL knows no lower case
-- but that of A to Z, so whoever brings the tables up to date writes them anew, in the same transaction.
DELETE FROM user_words;
