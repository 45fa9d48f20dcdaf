-- From now on each word of a name is kept with those behind it, so that a name is found as one types it. SQL knows no
-- lower case that is the same everywhere: whoever brings the tables up to date writes the words anew, in the same
-- transaction.
TRUNCATE user_words;
