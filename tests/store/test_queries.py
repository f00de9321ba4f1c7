"""Named statements are well-formed, understood by the database, used, and say whose rows they mean."""

import ast
import re
from pathlib import Path

import psycopg
import pytest
from psycopg import sql as composed
from psycopg._queries import PostgresQuery
from psycopg.adapt import Transformer

import patchring
from patchring.store import sql
from patchring.store.catalogue import read_catalogue
from patchring.store.queries import Statement, parse_subject
from patchring.store.rules import tenant_tables
from tests.databases import Cluster

FILE = """\
-- A word on the file.

-- name: device_by_key
-- The device that holds this key;
-- no row when none does.
SELECT device_id FROM patchring.device -- a comment; with a semicolon
WHERE tenant_id = %(tenant_id)s AND public_key = %(key)s AND name <> 'a;b';

-- name: count
SELECT count(*) FROM patchring.device WHERE tenant_id = %(tenant_id)s
"""


def test_a_file_is_read_into_statements() -> None:
    """Name, comment, text and parameters; the file's own comment is nobody's."""
    subject = parse_subject("devices", FILE)
    assert list(subject.statements) == ["device_by_key", "count"]
    assert subject.device_by_key.says == "The device that holds this key; no row when none does."
    assert subject.device_by_key.text.startswith("SELECT device_id")
    assert subject.device_by_key.text.endswith("'a;b'")
    assert subject.device_by_key.parameters == {"tenant_id", "key"}
    assert subject.count.full_name == "devices.count"


def test_an_unknown_name_says_where_it_was_looked_for() -> None:
    """Both the file and the statement."""
    with pytest.raises(AttributeError, match=r"sql/devices.sql has no statement named gone"):
        _ = parse_subject("devices", FILE).gone
    with pytest.raises(AttributeError, match=r"there is no sql/gone.sql"):
        _ = sql.gone


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("SELECT 1;\n-- name: a\nSELECT 2", "two statements are named a"),
        ("SELECT 1; SELECT 2", "one statement to a name"),
        ("-- only a comment", "there is no statement"),
        ("SELECT now()", "pass the instant as a parameter"),
        ("SELECT CURRENT_TIMESTAMP", "pass the instant as a parameter"),
        ("SELECT clock_timestamp ()", "pass the instant as a parameter"),
        ("SELECT gen_random_uuid()", "make ids in Python"),
        ("LISTEN changes", "a transaction pooler loses notifications"),
        ("SELECT pg_advisory_lock(1)", "outlives its transaction"),
        ("SELECT pg_try_advisory_lock_shared(1)", "outlives its transaction"),
        ("SELECT set_config('a', 'b', false)", "Database sets what a transaction needs"),
        ("SET SESSION timezone = 'UTC'", "Database sets what a transaction needs"),
        ("SELECT %s", "name the parameter"),
        ("SELECT 5 % 2", "name the parameter"),
    ],
)
def test_what_the_house_forbids_is_refused(body: str, complaint: str) -> None:
    """The message says what to do instead."""
    with pytest.raises(AssertionError, match=re.escape(complaint)):
        parse_subject("x", f"-- name: a\n{body}")


@pytest.mark.parametrize(
    "body",
    [
        "SELECT pg_advisory_xact_lock(1)",
        "SELECT 'now() 5 % 2'",
        "SELECT known_from AS listened /* now() */",
        "SELECT 5 %% 2",
        "UPDATE t SET local_time = %(at)s",
    ],
)
def test_what_only_looks_forbidden_is_not(body: str) -> None:
    """Words in strings, comments and longer names are left alone."""
    assert parse_subject("x", f"-- name: a\n{body}").a.text == body


def test_text_before_the_first_name_is_refused() -> None:
    """A statement that lost its name would otherwise be dropped in silence."""
    with pytest.raises(AssertionError, match="stands before the first"):
        parse_subject("x", "SELECT 1;\n-- name: a\nSELECT 2")


@pytest.mark.parametrize("statement", sql.every_statement(), ids=lambda statement: statement.full_name)
def test_the_database_understands_every_statement(
    template: psycopg.Connection, cluster: Cluster, statement: Statement
) -> None:
    """Tables, columns and types are right on every supported version."""
    query = PostgresQuery(Transformer())
    query.convert(statement.text.encode(), dict.fromkeys(statement.parameters))
    template.execute(composed.SQL("PREPARE checked AS ") + composed.SQL(query.query.decode()))  # type: ignore[arg-type]


def test_every_statement_on_a_tenant_table_names_the_tenant(template: psycopg.Connection, cluster: Cluster) -> None:
    """Row-level security is the net; the statement itself says whose rows it means, and the index is used."""
    tables = [table.name for table in tenant_tables(read_catalogue(template, cluster.secrets.names))]
    touched = re.compile(rf"\b({'|'.join(map(re.escape, tables))})\b")
    forgetful = [
        statement.full_name
        for statement in sql.every_statement()
        if touched.search(statement.bare) and not re.search(r"\btenant_id\b", statement.bare)
    ]
    assert forgetful == []


def test_every_table_is_named_with_its_schema(template: psycopg.Connection, cluster: Cluster) -> None:
    """Nobody's search_path decides which table is meant."""
    relations = read_catalogue(template, cluster.secrets.names).relations
    names = "|".join(re.escape(relation.name.split(".")[1]) for relation in relations)
    bare = re.compile(rf"\b(from|join|into|update)\s+(only\s+)?({names})\b", re.IGNORECASE)
    assert [statement.full_name for statement in sql.every_statement() if bare.search(statement.bare)] == []


def statements_used() -> set[str]:
    """Every `sql.subject.name` in the code of the programs."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in Path(patchring.__file__).parent.rglob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    pairs = [(node.value, node.attr) for node in nodes if isinstance(node.value, ast.Attribute)]
    return {
        f"{inner.attr}.{name}" for inner, name in pairs if isinstance(inner.value, ast.Name) and inner.value.id == "sql"
    }


def test_every_statement_that_is_used_is_there() -> None:
    """A typing mistake in a name is found here and not in production."""
    assert statements_used() - {statement.full_name for statement in sql.every_statement()} == set()


def test_every_statement_is_used() -> None:
    """What nobody uses goes."""
    assert {statement.full_name for statement in sql.every_statement()} - statements_used() == set()
