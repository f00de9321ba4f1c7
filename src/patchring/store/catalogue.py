"""The catalogue of the database as values: what there is in our schemas, and who may do what with it."""

from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from psycopg import Connection
from psycopg.rows import class_row

from patchring.store import sql
from patchring.store.queries import Statement
from patchring.store.roles import RoleNames

T = TypeVar("T")


@dataclass(frozen=True)
class Relation:
    """`kind`: r table, p partitioned table, v view, m materialized view, f foreign table, S sequence."""

    schema: str
    name: str
    kind: str
    secured: bool
    forced: bool
    options: list[str]

    @property
    def is_table(self) -> bool:
        return self.kind in ("r", "p")


@dataclass(frozen=True)
class Column:
    """`kind` is pg_type.typtype. `counted`: an identity column. `default_value`: also a generated column's term."""

    relation: str
    name: str
    type: str
    kind: str
    required: bool
    counted: bool
    generated: bool
    default_value: str | None


@dataclass(frozen=True)
class Key:
    """An index. `excluding`: two rows cannot have the same. `columns`: what it is searched by, None an expression."""

    relation: str
    name: str
    is_primary: bool
    excluding: bool
    columns: list[str | None]


@dataclass(frozen=True)
class ForeignKey:
    relation: str
    name: str
    target: str
    columns: list[str]
    target_columns: list[str]


@dataclass(frozen=True)
class Policy:
    relation: str
    name: str
    command: str
    permissive: bool
    roles: list[str]
    visible: str
    writable: str


@dataclass(frozen=True)
class Grant:
    """`kind`: schema, relation, column or function. `grantee`: a role or PUBLIC. Owners' own rights are left out."""

    kind: str
    object: str
    grantee: str
    privilege: str
    grantable: bool


@dataclass(frozen=True)
class Function:
    signature: str
    definer: bool
    source: str
    settings: list[str]


@dataclass(frozen=True)
class Login:
    """A login of ours as the server has it."""

    name: str
    powers: list[str]
    member_of: list[str]
    owned_count: int


@dataclass(frozen=True)
class Catalogue:
    names: RoleNames
    relations: list[Relation]
    columns: list[Column]
    keys: list[Key]
    foreign_keys: list[ForeignKey]
    policies: list[Policy]
    grants: list[Grant]
    functions: list[Function]
    logins: list[Login]

    @cached_property
    def columns_of(self) -> dict[str, dict[str, Column]]:
        """Relation -> name -> column."""
        found: dict[str, dict[str, Column]] = {}
        for column in self.columns:
            found.setdefault(column.relation, {})[column.name] = column
        return found


def read_catalogue(connection: Connection, names: RoleNames) -> Catalogue:
    """As any role: the catalogue is open to everybody."""

    def rows(statement: Statement, kind: type[T]) -> list[T]:
        given = {"names": list(names.logins)} if statement.parameters else None
        with connection.cursor(row_factory=class_row(kind)) as cursor:
            return cursor.execute(statement.text.encode(), given).fetchall()

    return Catalogue(
        names=names,
        relations=rows(sql.catalogue.relations, Relation),
        columns=rows(sql.catalogue.columns, Column),
        keys=rows(sql.catalogue.keys, Key),
        foreign_keys=rows(sql.catalogue.foreign_keys, ForeignKey),
        policies=rows(sql.catalogue.policies, Policy),
        grants=rows(sql.catalogue.grants, Grant),
        functions=rows(sql.catalogue.functions, Function),
        logins=rows(sql.catalogue.roles, Login),
    )
