-- The audit log: what happened to accounts and sessions, who did it, and from where. Its vocabulary is in
-- lanyard-auth's `audit`. No foreign keys: an entry outlives its session.
CREATE TABLE audit (
    id         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at         BIGINT NOT NULL,
    event      TEXT NOT NULL,
    detail     TEXT,
    actor      TEXT NOT NULL CHECK (actor IN ('owner', 'admin', 'command_line', 'server')),
    admin_id   UUID,
    user_id    UUID,
    session_id UUID,
    -- Where it was asked for: names of ours, never what the client wrote.
    browser    TEXT,
    system     TEXT,
    network    TEXT,
    -- Whether the person whom it concerns is to be shown it.
    notice     BOOLEAN NOT NULL,
    CHECK ((actor = 'admin') = (admin_id IS NOT NULL))
);

-- The newest first: of all, of one person, of one kind; and what one person is shown.
CREATE INDEX audit_at ON audit (at, id);
CREATE INDEX audit_user ON audit (user_id, at, id);
CREATE INDEX audit_user_event ON audit (user_id, event, at, id);
CREATE INDEX audit_event ON audit (event, at, id);
CREATE INDEX audit_notices ON audit (user_id, at, id) WHERE notice;

INSERT INTO audit (at, event, detail, actor, user_id, session_id, notice)
SELECT at,
       CASE kind WHEN 'token_reused' THEN 'authn_token_reuse' WHEN 'recovered' THEN 'session_renewed'
                 ELSE 'authn_token_revoked' END,
       CASE kind WHEN 'token_reused' THEN NULL ELSE kind END,
       'server', user_id, session_id, FALSE
FROM security_events
ORDER BY id;

DROP TABLE security_events;
DROP FUNCTION refuse_to_rewrite_an_event;

-- Old entries may be deleted, none may be rewritten.
CREATE FUNCTION refuse_to_rewrite_an_entry() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'an entry of the audit log is never rewritten';
END
$$;

CREATE TRIGGER audit_is_final BEFORE UPDATE ON audit
FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_rewrite_an_entry();

-- The last notice that the session's person has looked at there. Of each session its own: a thief's must not put away
-- what its owner is to see.
ALTER TABLE sessions ADD COLUMN notices_seen BIGINT NOT NULL DEFAULT 0;
