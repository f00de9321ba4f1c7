-- What the database's own catalogue says about our schemas. Read by the check of the rules and by the schema file.

-- name: relations
-- Tables (r), partitioned tables (p), views (v), materialized views (m), foreign tables (f), sequences (S).
SELECT n.nspname AS schema, n.nspname || '.' || c.relname AS name, c.relkind::text AS kind,
  c.relrowsecurity AS secured, c.relforcerowsecurity AS forced, coalesce(c.reloptions, '{}') AS options
FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname IN ('patchring', 'patchring_private') AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
ORDER BY name;

-- name: columns
-- In the order of their places. `kind` is pg_type.typtype: e is an enum, d a domain.
SELECT n.nspname || '.' || c.relname AS relation, a.attname::text AS name,
  pg_catalog.format_type(a.atttypid, a.atttypmod) AS type, t.typtype::text AS kind, a.attnotnull AS required,
  a.attidentity <> '' AS counted, a.attgenerated <> '' AS generated,
  pg_catalog.pg_get_expr(d.adbin, d.adrelid) AS default_value
FROM pg_catalog.pg_attribute AS a
JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
LEFT JOIN pg_catalog.pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE n.nspname IN ('patchring', 'patchring_private') AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY relation, a.attnum;

-- name: keys
-- Indexes with the columns that they are searched by; an expression is NULL.
SELECT n.nspname || '.' || c.relname AS relation, x.relname::text AS name, i.indisprimary AS is_primary,
  i.indisunique OR i.indisexclusion AS excluding,
  ARRAY(
    SELECT a.attname::text FROM unnest(i.indkey) WITH ORDINALITY AS k (attnum, place)
    LEFT JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.attnum AND k.attnum > 0
    WHERE k.place <= i.indnkeyatts ORDER BY k.place
  ) AS columns
FROM pg_catalog.pg_index AS i
JOIN pg_catalog.pg_class AS c ON c.oid = i.indrelid
JOIN pg_catalog.pg_class AS x ON x.oid = i.indexrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname IN ('patchring', 'patchring_private')
ORDER BY relation, name;

-- name: foreign_keys
-- Columns in pairs: columns[i] refers to target_columns[i].
SELECT n.nspname || '.' || c.relname AS relation, f.conname::text AS name,
  tn.nspname || '.' || t.relname AS target,
  ARRAY(
    SELECT a.attname::text FROM unnest(f.conkey) WITH ORDINALITY AS k (attnum, place)
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = f.conrelid AND a.attnum = k.attnum ORDER BY k.place
  ) AS columns,
  ARRAY(
    SELECT a.attname::text FROM unnest(f.confkey) WITH ORDINALITY AS k (attnum, place)
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = f.confrelid AND a.attnum = k.attnum ORDER BY k.place
  ) AS target_columns
FROM pg_catalog.pg_constraint AS f
JOIN pg_catalog.pg_class AS c ON c.oid = f.conrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_class AS t ON t.oid = f.confrelid
JOIN pg_catalog.pg_namespace AS tn ON tn.oid = t.relnamespace
WHERE f.contype = 'f' AND n.nspname IN ('patchring', 'patchring_private')
ORDER BY relation, name;

-- name: policies
-- No role in `roles` means everybody.
SELECT n.nspname || '.' || c.relname AS relation, p.polname::text AS name,
  CASE p.polcmd WHEN '*' THEN 'ALL' WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE'
    WHEN 'd' THEN 'DELETE' END AS command,
  p.polpermissive AS permissive,
  ARRAY(SELECT r.rolname::text FROM pg_catalog.pg_roles AS r WHERE r.oid = ANY (p.polroles) ORDER BY 1) AS roles,
  coalesce(pg_catalog.pg_get_expr(p.polqual, p.polrelid), '') AS visible,
  coalesce(pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid), '') AS writable
FROM pg_catalog.pg_policy AS p
JOIN pg_catalog.pg_class AS c ON c.oid = p.polrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname IN ('patchring', 'patchring_private')
ORDER BY relation, name;

-- name: grants
-- Who may do what with a schema, relation, column or function, the owner of each left out.
WITH granted AS (
  SELECT 'schema' AS kind, n.nspname::text AS object, n.nspowner AS owner,
    coalesce(n.nspacl, acldefault('n', n.nspowner)) AS acl
  FROM pg_catalog.pg_namespace AS n WHERE n.nspname IN ('patchring', 'patchring_private')
  UNION ALL
  SELECT 'relation', n.nspname || '.' || c.relname, c.relowner, coalesce(c.relacl, acldefault('r', c.relowner))
  FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  WHERE n.nspname IN ('patchring', 'patchring_private') AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
  UNION ALL
  SELECT 'column', n.nspname || '.' || c.relname || '.' || a.attname, c.relowner, a.attacl
  FROM pg_catalog.pg_attribute AS a
  JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  WHERE n.nspname IN ('patchring', 'patchring_private') AND a.attacl IS NOT NULL
  UNION ALL
  SELECT 'function', n.nspname || '.' || p.proname || '(' || pg_catalog.pg_get_function_identity_arguments(p.oid) || ')', p.proowner, coalesce(p.proacl, acldefault('f', p.proowner))
  FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
  WHERE n.nspname IN ('patchring', 'patchring_private')
)
SELECT g.kind, g.object, coalesce(r.rolname::text, 'PUBLIC') AS grantee, e.privilege_type AS privilege,
  e.is_grantable AS grantable
FROM granted AS g CROSS JOIN LATERAL aclexplode(g.acl) AS e
LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = e.grantee
WHERE e.grantee <> g.owner
ORDER BY kind, object, grantee, privilege;

-- name: functions
SELECT n.nspname || '.' || p.proname || '(' || pg_catalog.pg_get_function_identity_arguments(p.oid) || ')' AS signature,
  p.prosecdef AS definer, p.prosrc AS source,
  coalesce(p.proconfig, '{}') AS settings
FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
WHERE n.nspname IN ('patchring', 'patchring_private')
ORDER BY signature;

-- name: roles
-- What our logins are, what they are members of, and how many things they own.
SELECT r.rolname::text AS name,
  array_remove(ARRAY[
    CASE WHEN r.rolsuper THEN 'SUPERUSER' END, CASE WHEN r.rolbypassrls THEN 'BYPASSRLS' END,
    CASE WHEN r.rolcreaterole THEN 'CREATEROLE' END, CASE WHEN r.rolcreatedb THEN 'CREATEDB' END,
    CASE WHEN r.rolreplication THEN 'REPLICATION' END
  ], NULL) AS powers,
  ARRAY(
    SELECT g.rolname::text FROM pg_catalog.pg_auth_members AS m JOIN pg_catalog.pg_roles AS g ON g.oid = m.roleid
    WHERE m.member = r.oid ORDER BY 1
  ) AS member_of,
  (
    SELECT count(*) FROM pg_catalog.pg_shdepend AS d
    WHERE d.refclassid = 'pg_catalog.pg_authid'::regclass AND d.refobjid = r.oid AND d.deptype = 'o'
      AND d.dbid IN (0, (SELECT b.oid FROM pg_catalog.pg_database AS b WHERE b.datname = current_database()))
  ) AS owned_count
FROM pg_catalog.pg_roles AS r WHERE r.rolname = ANY (%(names)s::text[])
ORDER BY name;
