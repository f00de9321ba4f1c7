"""The JSON Schema takes what the reader takes, of YAML as editors read it: with numbers and truths, not with texts."""

import re
from pathlib import Path
from typing import Any, get_args, get_type_hints

import jsonschema_rs
import pytest
import yaml

from patchring.api.agent.structs import struct_of
from patchring.core.policy.match import DEVICE_FIELDS, PATCH_FIELDS, WORDS
from patchring.policyfile import json_schema
from patchring.wire.messages import Update
from tests.policyfile.test_load import EXAMPLES, SMALL

SCHEMA = jsonschema_rs.Draft202012Validator(json_schema())


class Editor(yaml.SafeLoader):
    """The core schema of YAML 1.2; dates and times of day stay texts."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - a class attribute that PyYAML reads


Editor.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"[-+]?[0-9]+$"), list("-+0123456789"))
Editor.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(r"[-+]?[0-9]+\.[0-9]*$"), list("-+0123456789"))
Editor.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"(true|false)$"), list("tf"))


def complaints(text: str) -> list[str]:
    return sorted(str(each.message) for each in SCHEMA.iter_errors(yaml.load(text, Editor)))  # noqa: S506 - safe


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*/*.yaml")), ids=lambda path: path.name)
def test_every_example_fits_the_schema(path: Path) -> None:
    """An editor that completes from the schema finds nothing wrong with what ships."""
    assert complaints(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("", "", None),
        ("origin: Debian", "origin: [Debian, 12, true]", None),
        ("patchring: 1", 'patchring: "1"', None),
        ("patchring: 1", "patchring: 2", "2 is not one of"),
        ("title:", "titel:", "Additional properties are not allowed ('titel' was unexpected)"),
        ("origin:", "orgin:", '"orgin" is not one of'),
        ("lasts: 4h", "lasts: 4", "is not valid under any of the schemas"),
        ("verified: 1}}\nwindows", "verified: 0}}\nwindows", "0 is less than the minimum of 1"),
        ("halt: patch", "halt: everything", '"everything" is not one of'),
    ],
)
def test_what_the_schema_refuses(old: str, new: str, complaint: str | None) -> None:
    """The slips that an editor underlines while somebody writes."""
    found = complaints(SMALL.replace(old, new))
    assert any(complaint in each for each in found) if complaint else found == []


def test_editors_complete_every_field_and_no_other() -> None:
    """The fields of conditions are those of the registry."""
    shapes = json_schema()["$defs"]
    fields = [
        shapes[shape]["properties"]["when"]["propertyNames"]["enum"] for shape in ("SegmentShape", "ApprovalShape")
    ]
    assert fields == [list(DEVICE_FIELDS), list(PATCH_FIELDS)]


def test_no_key_of_the_schema_is_unknown_to_json_schema() -> None:
    """A bound that is spelt in Python's way would bind no editor."""
    jsonschema_rs.meta.validate(json_schema())
    assert not re.findall(r'"(ge|le|min_length|max_length|format)":', str(json_schema()).replace("'", '"'))


@pytest.mark.parametrize("field", ["type", "classification", "reboot"])
def test_conditions_know_the_words_of_the_wire(field: str) -> None:
    """What a device can say of an update is what a rule can ask for."""
    assert set(get_args(get_type_hints(struct_of(Update))[field])) == set(WORDS[field])
