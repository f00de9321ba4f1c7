"""Named SQL: statements that stand in `.sql` files by subject, found by name.

    -- name: device_by_key
    -- The device that holds this key; no row when none does.
    SELECT ... WHERE tenant_id = %(tenant_id)s AND ...;

In Python it is `sql.devices.device_by_key` (from `patchring.store import sql`). A file is checked when it is read:
every statement has a name of its own, is one statement, and leaves alone what the house forbids.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import resources

_NAME_LINE = re.compile(r"^-- name: *(.*?) *$", re.MULTILINE)
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_PARAMETER = re.compile(r"%\((\w+)\)[sbt]")
_STRING_OR_COMMENT = re.compile(r"'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/", re.DOTALL)

# What is wrong, and the sentence that says what to do instead.
_FORBIDDEN = {
    r"\b(now|timeofday|(clock|statement|transaction)_timestamp)\s*\(": "pass the instant as a parameter",
    r"\b(current_timestamp|current_date|current_time|localtime|localtimestamp)\b": "pass the instant as a parameter",
    r"\b(gen_random_uuid|uuidv7|uuidv4|nextval)\s*\(": "make ids in Python and pass them",
    r"\A\s*(listen|notify|unlisten)\b|\bpg_notify\b": "poll; a transaction pooler loses notifications",
    r"\bpg_(try_)?advisory_(lock|unlock)\w*": "take the _xact_ lock; a session's lock outlives its transaction",
    r"\bset\s+(session|local|role)\b|\bset_config\s*\(": "Database sets what a transaction needs",
    r"(?<!%)%(?![%(])": "name the parameter: %(name)s, or write %% for a percent sign",
}


@dataclass(frozen=True)
class Statement:
    """One named statement. `says` is its comment; empty where the name says it all."""

    subject: str
    name: str
    says: str
    text: str

    @cached_property
    def parameters(self) -> frozenset[str]:
        return frozenset(_PARAMETER.findall(self.text))

    @property
    def full_name(self) -> str:
        return f"{self.subject}.{self.name}"

    @cached_property
    def bare(self) -> str:
        """The text without strings and comments, to look for words in."""
        return _STRING_OR_COMMENT.sub(" ", self.text)


class Subject:
    """The statements of one file, as attributes."""

    def __init__(self, name: str, statements: Mapping[str, Statement]) -> None:
        self.name = name
        self.statements = statements

    def __getattr__(self, name: str) -> Statement:
        try:
            return self.statements[name]
        except KeyError:
            raise AttributeError(f"sql/{self.name}.sql has no statement named {name}") from None


def load_subjects() -> dict[str, Subject]:
    """Every file of `store/sql`, read and checked. A file that breaks a rule is a bug: AssertionError."""
    folder = resources.files("patchring.store") / "sql"
    files = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".sql")), key=lambda e: e.name)
    subjects = [parse_subject(file.name.removesuffix(".sql"), file.read_text(encoding="utf-8")) for file in files]
    return {subject.name: subject for subject in subjects}


def parse_subject(subject: str, text: str) -> Subject:
    """The statements of one file's text. AssertionError, with file and name, when it breaks a rule."""
    head, *rest = _NAME_LINE.split(text)
    stray = _STRING_OR_COMMENT.sub("", head).strip()
    assert not stray, f"sql/{subject}.sql: {stray[:40]!r} stands before the first '-- name:' line"
    statements: dict[str, Statement] = {}
    for name, block in zip(rest[::2], rest[1::2], strict=True):
        assert name not in statements, f"sql/{subject}.sql: two statements are named {name}"
        statements[name] = _parse_statement(subject, name, block)
    return Subject(subject, statements)


def _parse_statement(subject: str, name: str, block: str) -> Statement:
    where = f"sql/{subject}.sql, {name}"
    assert _NAME.fullmatch(name), f"{where}: a name is small letters, digits and _"
    lines = block.strip().splitlines()
    count = next((number for number, line in enumerate(lines) if not line.startswith("--")), len(lines))
    says = " ".join(line.removeprefix("--").strip() for line in lines[:count]).strip()
    statement = Statement(subject, name, says, "\n".join(lines[count:]).strip().removesuffix(";"))
    assert statement.text, f"{where}: there is no statement"
    assert ";" not in statement.bare, f"{where}: one statement to a name"
    for pattern, advice in _FORBIDDEN.items():
        for found in re.finditer(pattern, statement.bare, re.IGNORECASE):
            raise AssertionError(f"{where}: {found[0]!r} is not used here; {advice}")
    return statement
