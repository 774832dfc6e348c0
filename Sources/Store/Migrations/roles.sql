-- The second lock of visibility, applied after every migration and harmless to repeat. Questions run on connections
-- whose login is steelyard_reader or a member of it: it sees the rows of the provider whose id steelyard.provider holds
-- in its transaction (0 for all of them, -1 for none), and gets an error where it isn't set. The application restricts
-- its questions as well.

DO $$
DECLARE
    -- No subqueries: distributed tables don't take them.
    whole constant text := 'current_setting(''steelyard.provider'')::bigint = 0';
    own constant text := whole || ' OR provider_id = current_setting(''steelyard.provider'')::bigint';
    restricted text;
    condition text;
BEGIN
    -- Roles belong to the whole cluster: another database may be doing the same at this moment. Without a password the
    -- login is of no use where passwords are asked for.
    BEGIN
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'steelyard_reader') THEN
            CREATE ROLE steelyard_reader LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
        ELSIF EXISTS (
            SELECT FROM pg_roles r WHERE rolname = 'steelyard_reader' AND NOT rolcanlogin
               AND NOT EXISTS (SELECT FROM pg_auth_members m JOIN pg_roles u ON u.oid = m.member
                                WHERE m.roleid = r.oid AND u.rolname <> current_user)) THEN
            ALTER ROLE steelyard_reader LOGIN;
        END IF;
    EXCEPTION WHEN duplicate_object OR unique_violation OR internal_error OR insufficient_privilege THEN
        NULL;
    END;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'steelyard_reader') THEN
        RAISE EXCEPTION 'the role steelyard_reader is missing' USING ERRCODE = 'insufficient_privilege';
    END IF;

    -- The owner rebuilds in temporary tables. What this login may not take away, start complains of.
    BEGIN
        EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO %I', current_database(), current_user);
        EXECUTE format('REVOKE CREATE, TEMPORARY ON DATABASE %I FROM PUBLIC, steelyard_reader', current_database());
        EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM PUBLIC, steelyard_reader', current_schema());
    EXCEPTION WHEN insufficient_privilege THEN
        NULL;
    END;

    EXECUTE format('GRANT USAGE ON SCHEMA %I TO steelyard_reader', current_schema());
    GRANT SELECT ON model, region, reporting_calendar, rollup_state, sums_floor, cube_calendar TO steelyard_reader;
    -- No hash of a secret, no bytes of a batch that nothing was counted of.
    FOR restricted, condition IN
        SELECT attrelid::regclass, string_agg(quote_ident(attname), ', ') FROM pg_attribute
         WHERE attrelid IN ('api_token'::regclass, 'batch_quarantine'::regclass) AND attnum > 0 AND NOT attisdropped
           AND attname NOT IN ('secret_hash', 'payload')
         GROUP BY attrelid
    LOOP
        EXECUTE format('GRANT SELECT (%s) ON %s TO steelyard_reader', condition, restricted);
    END LOOP;
    GRANT SELECT ON provider, tenant, tenant_kind, cube, cube_change, registry_version, collector, collector_epoch,
        collector_heartbeat, ledger, rollup_queue, new_names, fact, statement, statement_decision,
        audit_log TO steelyard_reader;
    -- With the bytes of batches: what is in no segment yet is answered from them.
    GRANT SELECT ON ledger_payload, segment_queue, segment_range, segment_hour, segment_minute,
        tenant_day, tenant_month TO steelyard_reader;

    FOR restricted, condition IN
        SELECT name, own FROM unnest(ARRAY['provider', 'tenant', 'tenant_kind', 'cube', 'cube_change',
            'registry_version', 'collector', 'collector_epoch', 'collector_heartbeat', 'ledger', 'batch_quarantine',
            'rollup_queue', 'new_names']) AS name
        UNION ALL
        -- The whole market's: who sees one provider only sees none of them.
        SELECT name, whole FROM unnest(ARRAY['fact', 'statement', 'statement_decision', 'api_token',
            'audit_log']) AS name
        UNION ALL
        SELECT name, own FROM unnest(ARRAY['ledger_payload', 'segment_queue', 'segment_range', 'segment_hour',
            'segment_minute', 'tenant_day', 'tenant_month']) AS name
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', restricted);
        EXECUTE format('DROP POLICY IF EXISTS reader ON %I', restricted);
        EXECUTE format('CREATE POLICY reader ON %I FOR SELECT TO steelyard_reader USING (%s)', restricted, condition);
        EXECUTE format('DROP POLICY IF EXISTS writer ON %I', restricted);
        EXECUTE format('CREATE POLICY writer ON %I TO %I USING (true) WITH CHECK (true)', restricted, current_user);
    END LOOP;

    DROP FUNCTION IF EXISTS visible_provider();
END $$;
