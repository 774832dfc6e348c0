-- API tokens: the SHA-256 of the secret, never the secret.

CREATE TABLE api_token (
    token_id text COLLATE "C" PRIMARY KEY,
    secret_hash bytea NOT NULL CHECK (octet_length(secret_hash) = 32),
    role text NOT NULL CHECK (role IN ('operator', 'auditor', 'finance', 'admin')),
    provider text COLLATE "C",
    note text NOT NULL,
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz);
