-- Names are kept in Normalization Form C, without blanks at their ends (NameRule.kept): usage that comes from now on finds
-- those that were stored before. Where both spellings have an id, both stay: `tenants look-alikes` lists them, and a
-- rebuild counts them under the one that is kept.

CREATE FUNCTION pg_temp.kept(name text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN trimmed = '' OR left(trimmed, 1) IN (U&'\FF0B', U&'\FF0D', U&'\FF1D', U&'\FF20')
                     OR ascii(trimmed) < 128 AND left(trimmed, 1) !~ '[A-Za-z0-9_]'
                THEN composed ELSE trimmed END
      FROM (SELECT composed, btrim(composed, U&'\00A0\1680\2000\2001\2002\2003\2004\2005\2006\2007\2008\2009\200A'
                                             '\202F\205F\3000') AS trimmed
              FROM (SELECT normalize(name, NFC) AS composed) c) t
$$;

WITH spelt AS (
    SELECT tenant_id, provider_id, pg_temp.kept(name) AS kept,
           row_number() OVER (PARTITION BY provider_id, pg_temp.kept(name) ORDER BY tenant_id) AS place
      FROM tenant WHERE name !~ '^[\x01-\x7F]*$' AND name <> pg_temp.kept(name))
UPDATE tenant t SET name = s.kept
  FROM spelt s
 WHERE t.tenant_id = s.tenant_id AND s.place = 1
   AND NOT EXISTS (SELECT 1 FROM tenant o WHERE o.provider_id = s.provider_id AND o.name = s.kept);

WITH spelt AS (
    SELECT model_id, pg_temp.kept(name) AS kept,
           row_number() OVER (PARTITION BY pg_temp.kept(name) ORDER BY model_id) AS place
      FROM model WHERE name !~ '^[\x01-\x7F]*$' AND name <> pg_temp.kept(name))
UPDATE model m SET name = s.kept
  FROM spelt s
 WHERE m.model_id = s.model_id AND s.place = 1 AND NOT EXISTS (SELECT 1 FROM model o WHERE o.name = s.kept);

WITH spelt AS (
    SELECT region_id, pg_temp.kept(name) AS kept,
           row_number() OVER (PARTITION BY pg_temp.kept(name) ORDER BY region_id) AS place
      FROM region WHERE name !~ '^[\x01-\x7F]*$' AND name <> pg_temp.kept(name))
UPDATE region r SET name = s.kept
  FROM spelt s
 WHERE r.region_id = s.region_id AND s.place = 1 AND NOT EXISTS (SELECT 1 FROM region o WHERE o.name = s.kept);

DROP FUNCTION pg_temp.kept(text);
