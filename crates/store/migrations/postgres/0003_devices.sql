-- Where a session was last rotated: names of ours, never what the client wrote. A rotation writes them, so no
-- index may cover them.
ALTER TABLE sessions ADD COLUMN browser TEXT;
ALTER TABLE sessions ADD COLUMN system TEXT;
ALTER TABLE sessions ADD COLUMN network TEXT;

-- What its owner calls it.
ALTER TABLE sessions ADD COLUMN label TEXT;
