-- What the schema file is written from, beside the catalogue's own statements. Spelled alike by PostgreSQL 15 to 18.

-- name: constraints
-- NOT NULL is said with the column (18 has constraints for it); what a partition has from its parent is left out.
SELECT n.nspname || '.' || c.relname AS relation, f.conname::text AS name,
  pg_catalog.pg_get_constraintdef(f.oid) AS definition
FROM pg_catalog.pg_constraint AS f
JOIN pg_catalog.pg_class AS c ON c.oid = f.conrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname IN ('patchring', 'patchring_private') AND f.contype IN ('p', 'u', 'x', 'c', 'f')
  AND f.conislocal AND f.conparentid = 0;

-- name: indexes
-- Those that no constraint made and no parent's index brought along.
SELECT n.nspname || '.' || c.relname AS relation, x.relname::text AS name,
  pg_catalog.pg_get_indexdef(i.indexrelid) AS definition
FROM pg_catalog.pg_index AS i
JOIN pg_catalog.pg_class AS c ON c.oid = i.indrelid
JOIN pg_catalog.pg_class AS x ON x.oid = i.indexrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname IN ('patchring', 'patchring_private') AND NOT x.relispartition
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint AS f WHERE f.conindid = i.indexrelid AND f.contype IN ('p', 'u', 'x'));

-- name: placements
-- Partitions with their bounds, partitioned tables with their keys, views with their text.
SELECT n.nspname || '.' || c.relname AS relation,
  CASE
    WHEN c.relispartition THEN 'PARTITION OF ' || i.inhparent::regclass::text || ' ' ||
      pg_catalog.pg_get_expr(c.relpartbound, c.oid)
    WHEN c.relkind = 'p' THEN 'PARTITION BY ' || pg_catalog.pg_get_partkeydef(c.oid)
    ELSE pg_catalog.pg_get_viewdef(c.oid)
  END AS definition
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_inherits AS i ON i.inhrelid = c.oid
WHERE n.nspname IN ('patchring', 'patchring_private') AND (c.relispartition AND c.relkind = 'r' OR c.relkind IN ('p', 'v'));

-- name: triggers
SELECT n.nspname || '.' || c.relname AS relation, t.tgname::text AS name,
  pg_catalog.pg_get_triggerdef(t.oid) AS definition
FROM pg_catalog.pg_trigger AS t
JOIN pg_catalog.pg_class AS c ON c.oid = t.tgrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname IN ('patchring', 'patchring_private') AND NOT t.tgisinternal AND t.tgparentid = 0;

-- name: function_definitions
SELECT pg_catalog.pg_get_functiondef(p.oid) AS definition
FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
WHERE n.nspname IN ('patchring', 'patchring_private') AND p.prokind IN ('f', 'p');

-- name: comments
SELECT n.nspname || '.' || c.relname AS relation, d.description
FROM pg_catalog.pg_description AS d
JOIN pg_catalog.pg_class AS c ON c.oid = d.objoid AND d.classoid = 'pg_catalog.pg_class'::regclass AND d.objsubid = 0
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname IN ('patchring', 'patchring_private');
