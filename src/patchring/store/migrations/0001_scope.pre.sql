-- The two schemas, the signed tenant scope, and the one line with which later migrations protect a table.

-- Nobody may call a function of ours unless it was granted to him.
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

CREATE SCHEMA patchring;
COMMENT ON SCHEMA patchring IS 'Everything that the programs read and write.';
GRANT USAGE ON SCHEMA patchring TO
  patchring_web, patchring_staff, patchring_dispatcher, patchring_signer, patchring_ingest, patchring_pooler,
  patchring_feeder;

COMMENT ON SCHEMA patchring_private IS 'The key of tenant scopes and the record of migrations. For the owner alone.';

CREATE TABLE patchring_private.scope_key (
  only_row boolean PRIMARY KEY CHECK (only_row),
  inner_pad bytea NOT NULL CHECK (length(inner_pad) = 64),
  outer_pad bytea NOT NULL CHECK (length(outer_pad) = 64)
);
COMMENT ON TABLE patchring_private.scope_key IS
  'The key that signs tenant scopes, as the two pads of HMAC-SHA-256 (RFC 2104). patchring.scope() alone reads it.';

CREATE FUNCTION patchring.scope() RETURNS uuid[]
LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  presented text := current_setting('patchring.scope', true);
  part text[] := string_to_array(presented, '|');
  expected bytea;
BEGIN
  -- After a transaction the setting is '' and not NULL: a pooled connection had a scope before.
  IF presented IS NULL OR presented = '' THEN
    RAISE EXCEPTION 'no tenant scope' USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF array_length(part, 1) IS DISTINCT FROM 5 OR part[1] <> '1' OR part[5] !~ '^[0-9a-f]{64}$' THEN
    RAISE EXCEPTION 'malformed tenant scope' USING ERRCODE = 'insufficient_privilege';
  END IF;
  SELECT sha256(held.outer_pad || sha256(held.inner_pad || convert_to(array_to_string(part[1:4], '|'), 'UTF8')))
    INTO expected FROM patchring_private.scope_key AS held;
  -- Compared as hashes of both, so that the time it takes tells nothing about the right MAC.
  IF expected IS NULL OR sha256(expected) <> sha256(decode(part[5], 'hex')) THEN
    RAISE EXCEPTION 'forged tenant scope' USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF part[2] <> session_user THEN
    RAISE EXCEPTION 'tenant scope of role %, presented by %', part[2], session_user
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  -- The one place where SQL reads the clock: expiries of security use real time, whatever time the rules live in.
  IF to_timestamp(part[3]::bigint) <= statement_timestamp() THEN
    RAISE EXCEPTION 'expired tenant scope; are the clocks of the database and the programs in step?'
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN string_to_array(part[4], ',')::uuid[];
END
$body$;
COMMENT ON FUNCTION patchring.scope() IS
  'The tenants that this transaction may touch. Raises without a scope that was signed for this role and is still valid.';
GRANT EXECUTE ON FUNCTION patchring.scope() TO
  patchring_web, patchring_staff, patchring_dispatcher, patchring_signer, patchring_ingest, patchring_pooler,
  patchring_feeder;

CREATE FUNCTION patchring_private.protect(tenant_table regclass) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  -- The subquery is evaluated once for a query, and the index on tenant_id stays usable.
  mine constant text := 'tenant_id = ANY ((SELECT patchring.scope())::uuid[])';
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', tenant_table);
  EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', tenant_table);
  EXECUTE format('CREATE POLICY tenant_scope ON %s USING (%s) WITH CHECK (%s)', tenant_table, mine, mine);
END
$body$;
COMMENT ON FUNCTION patchring_private.protect(regclass) IS
  'Row-level security for a tenant table or a partition of one. Every migration that makes one calls this for it.';
