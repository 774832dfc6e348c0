-- Tokens that end and are replaced, and an audit log that nobody changes.

-- The token that made it; NULL for one made on a server's command line.
ALTER TABLE api_token ADD COLUMN minted_by text COLLATE "C";
UPDATE api_token SET minted_by = substr(created_by, 7) WHERE created_by LIKE 'token %';
-- The token in whose place it was made.
ALTER TABLE api_token ADD COLUMN replaces text COLLATE "C";
-- When it was used last, to a minute.
ALTER TABLE api_token ADD COLUMN last_used_at timestamptz;

CREATE TRIGGER audit_log_never_changes BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
-- Also for who sets session_replication_role.
ALTER TABLE audit_log ENABLE ALWAYS TRIGGER audit_log_never_changes;
DO $$
BEGIN
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON audit_log FROM PUBLIC, %I', current_user);
END $$;
CREATE INDEX audit_log_at ON audit_log (at);
