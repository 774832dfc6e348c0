-- The second lock of visibility, applied after every migration and harmless to repeat: questions run as steelyard_reader,
-- which sees the rows of the provider that steelyard.provider names in its transaction ('*' for all of them), and gets
-- an error where it is not set. The application restricts its questions as well.

-- 0 for all providers, -1 for none, otherwise the provider's id.
CREATE OR REPLACE FUNCTION visible_provider() RETURNS smallint LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
    visibility text := current_setting('steelyard.provider', false);
BEGIN
    IF visibility = '' THEN
        RAISE EXCEPTION 'steelyard.provider is not set for this transaction' USING ERRCODE = 'undefined_object';
    END IF;
    IF visibility = '*' THEN
        RETURN 0;
    END IF;
    RETURN coalesce((SELECT provider_id FROM provider WHERE name = visibility), -1::smallint);
END $$;

DO $$
DECLARE
    restricted text;
BEGIN
    -- Roles belong to the whole cluster: another database may be doing the same at this moment.
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'steelyard_reader') THEN
        BEGIN
            CREATE ROLE steelyard_reader NOLOGIN;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;
        END;
    END IF;
    IF NOT EXISTS (
        SELECT FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid JOIN pg_roles u ON u.oid = m.member
         WHERE r.rolname = 'steelyard_reader' AND u.rolname = current_user)
       AND NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        EXECUTE format('GRANT steelyard_reader TO %I', current_user);
    END IF;

    EXECUTE format('GRANT USAGE ON SCHEMA %I TO steelyard_reader', current_schema());
    GRANT SELECT ON provider, tenant, model, region, reporting_calendar, rollup_state, sums_floor,
        usage_minute, usage_hour, usage_day, usage_month, tenant_kind, fact TO steelyard_reader;

    -- Facts are the whole market's: who sees one provider only sees none of them.
    ALTER TABLE fact ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
    DROP POLICY IF EXISTS reader ON fact;
    CREATE POLICY reader ON fact FOR SELECT TO steelyard_reader USING ((SELECT visible_provider()) = 0);
    DROP POLICY IF EXISTS writer ON fact;
    EXECUTE format('CREATE POLICY writer ON fact TO %I USING (true) WITH CHECK (true)', current_user);

    FOREACH restricted IN ARRAY ARRAY['tenant', 'tenant_kind', 'usage_minute', 'usage_hour', 'usage_day', 'usage_month']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', restricted);
        EXECUTE format('DROP POLICY IF EXISTS reader ON %I', restricted);
        EXECUTE format(
            'CREATE POLICY reader ON %I FOR SELECT TO steelyard_reader
                 USING ((SELECT visible_provider()) = 0 OR provider_id = (SELECT visible_provider()))', restricted);
        EXECUTE format('DROP POLICY IF EXISTS writer ON %I', restricted);
        EXECUTE format('CREATE POLICY writer ON %I TO %I USING (true) WITH CHECK (true)', restricted, current_user);
    END LOOP;
END $$;
