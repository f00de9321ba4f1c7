"""The schema as one text, read from a migrated database: what the migrations add up to.

The text is docs/schema.sql; a test holds it equal to what the migrations build, on every supported PostgreSQL, and
`python -m patchring.serve.schema --write` renews it. It is for reading and for comparing, not for loading.
"""

from collections import defaultdict
from collections.abc import Iterator

from psycopg import Connection
from psycopg.rows import tuple_row

from patchring.store import sql
from patchring.store.catalogue import Catalogue, Column, Relation, read_catalogue
from patchring.store.queries import Statement
from patchring.store.roles import RoleNames

_HEAD = """\
-- What the migrations add up to. Written by: python -m patchring.serve.schema --write
-- For reading and comparing; the database itself is built from src/patchring/store/migrations.
"""


def render_schema(connection: Connection, names: RoleNames) -> str:
    """The whole text. `connection` may read the catalogue of a migrated database."""
    catalogue = read_catalogue(connection, names)
    parts = {kind: _by_relation(connection, statement) for kind, statement in _PARTS.items()}
    relations = [
        "\n".join(_relation(relation, catalogue, {kind: found.get(relation.name, []) for kind, found in parts.items()}))
        for relation in sorted(catalogue.relations, key=lambda relation: relation.name)
    ]
    functions = sorted(
        definition.rstrip() + ";" for (definition,) in _rows(connection, sql.schema.function_definitions)
    )
    others = "\n".join(_grants(catalogue, ("schema", "function")))
    return "\n\n".join([_HEAD.rstrip(), *relations, *functions, others]) + "\n"


_PARTS = {
    "constraint": sql.schema.constraints,
    "index": sql.schema.indexes,
    "placement": sql.schema.placements,
    "trigger": sql.schema.triggers,
    "comment": sql.schema.comments,
}


def _relation(relation: Relation, catalogue: Catalogue, parts: dict[str, list[tuple[str, ...]]]) -> Iterator[str]:
    yield from (f"-- {text}" for (text,) in parts["comment"])
    options = f" WITH ({', '.join(sorted(relation.options))})" if relation.options else ""
    placement = "".join(f" {text.strip().rstrip(';')}" for (text,) in parts["placement"])
    if relation.kind == "v":
        yield f"CREATE VIEW {relation.name}{options} AS{placement};"
    else:
        columns = [_column(column) for column in catalogue.columns_of.get(relation.name, {}).values()]
        constraints = [f"CONSTRAINT {name} {definition}" for name, definition in parts["constraint"]]
        body = ",\n".join(f"  {line}" for line in [*columns, *constraints])
        yield f"CREATE TABLE {relation.name} (\n{body}\n){placement}{options};"
    yield from (f"{definition};" for _, definition in [*parts["index"], *parts["trigger"]])
    yield from _security(relation, catalogue)
    yield from _grants(catalogue, ("relation", "column"), relation.name)


def _column(column: Column) -> str:
    required = " NOT NULL" if column.required else ""
    default = f" DEFAULT {column.default_value}" if column.default_value and not column.generated else ""
    generated = f" GENERATED ALWAYS AS ({column.default_value}) STORED" if column.generated else ""
    return f"{column.name} {column.type}{required}{default}{generated}"


def _security(relation: Relation, catalogue: Catalogue) -> Iterator[str]:
    if relation.secured:
        forced = " FORCE" if relation.forced else ""
        yield f"ALTER TABLE {relation.name} ENABLE{forced} ROW LEVEL SECURITY;"
    for policy in catalogue.policies:
        if policy.relation == relation.name:
            kind = "" if policy.permissive else " AS RESTRICTIVE"
            who = f" FOR {policy.command} TO {', '.join(policy.roles) or 'PUBLIC'}"
            terms = f"USING {policy.visible or 'nothing'} WITH CHECK {policy.writable or 'the same'}"
            yield f"CREATE POLICY {policy.name} ON {relation.name}{kind}{who} {terms};"


def _grants(catalogue: Catalogue, kinds: tuple[str, ...], relation: str | None = None) -> Iterator[str]:
    """One line for each thing and grantee; columns are named with the privilege."""
    held: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for grant in catalogue.grants:
        whole, _, column = grant.object.rpartition(".") if grant.kind == "column" else (grant.object, "", "")
        if grant.kind in kinds and relation in (None, whole):
            word = "" if grant.kind in ("relation", "column") else f"{grant.kind.upper()} "
            held[word, whole, grant.grantee].append(f"{grant.privilege} ({column})" if column else grant.privilege)
    for (word, thing, grantee), privileges in sorted(held.items()):
        yield f"GRANT {', '.join(sorted(privileges))} ON {word}{thing} TO {grantee};"


def _by_relation(connection: Connection, statement: Statement) -> dict[str, list[tuple[str, ...]]]:
    found: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for relation, *rest in sorted(_rows(connection, statement)):
        found[relation].append(tuple(rest))
    return found


def _rows(connection: Connection, statement: Statement) -> list[tuple[str, ...]]:
    with connection.cursor(row_factory=tuple_row) as cursor:
        return cursor.execute(statement.text.encode()).fetchall()
