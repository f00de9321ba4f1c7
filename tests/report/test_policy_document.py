"""The printed policy: eight sections, differences marked, every promise kept by somebody, the same bytes always."""

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from datetime import date

import pytest

from patchring.core.policy.carried import PEOPLE
from patchring.core.policy.model import Policy
from patchring.policyfile import load
from patchring.report.html import html
from patchring.report.model import Document, Heading, Line, Table
from patchring.report.pdf import pdf
from patchring.report.policy import Edition, policy_document
from patchring.report.policy.folding import folded
from tests.policyfile.test_load import SMALL
from tests.report.policies import STREAM, rich

DAY = date(2026, 11, 23)
HOSTILE = '<script>alert("x")</script> #read("/etc/passwd") $x$ *bold* \\u{1F4A9} \u202egnp.exe \u4f60\u597d'
PRINT = """
import hashlib, sys
from datetime import date
from patchring.report.html import html
from patchring.report.pdf import pdf
from patchring.report.policy import Edition, policy_document
from tests.report.policies import rich
made = policy_document(Edition(rich(), "Northwind", date(2026, 11, 23), 3, date(2026, 11, 23), "Rivermark IT"))
print(hashlib.sha256(pdf(made)).hexdigest(), hashlib.sha256(html(made).encode()).hexdigest())
"""


def printed(policy: Policy, client: str = "Northwind", version: int | None = 3) -> Document:
    return policy_document(Edition(policy, client, DAY, version, DAY if version else None, "Rivermark IT"))


def texts(document: Document) -> list[str]:
    """Every sentence and cell, with the marks beside them."""
    found: list[str] = []
    for section in document.sections:
        for block in section.blocks:
            match block:
                case Line():
                    found.append(" ".join((block.lead, block.text, block.by_people)))
                case Heading():
                    found.append(block.text)
                case Table():
                    found += [" ".join((*row.cells, row.by_people)) for row in block.rows]
    return found


@pytest.mark.parametrize("seed", ["1", "2"])
def test_the_same_policy_gives_the_same_bytes_in_any_process(seed: str) -> None:
    """Whatever order the process keeps its sets in."""
    made = printed(rich())
    here = f"{hashlib.sha256(pdf(made)).hexdigest()} {hashlib.sha256(html(made).encode()).hexdigest()}"
    there = subprocess.run(
        [sys.executable, "-c", PRINT],
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=True,
    )
    assert there.stdout.strip() == here


def test_eight_sections_and_none_is_empty() -> None:
    for policy in (rich(), load(SMALL)):
        made = printed(policy)
        assert [section.number for section in made.sections] == [1, 2, 3, 4, 5, 6, 7, 8]
        assert all(section.blocks for section in made.sections)


def test_version_day_and_fingerprint_are_on_it() -> None:
    page = html(printed(rich()))
    for said in ("Northwind", "Rivermark IT", "23 November 2026", rich().fingerprint, "Version"):
        assert said in page
    assert "not in force" in html(printed(rich(), version=None))


def test_what_differs_from_the_baseline_is_marked() -> None:
    """The tenant's and the site's; the baseline's own rules are not."""
    marked = {
        text: mark
        for section in printed(rich()).sections
        for block in section.blocks
        for text, mark in (
            [(row.cells[0], row.changed) for row in block.rows]
            if isinstance(block, Table)
            else [(block.lead or block.text, block.changed)]
            if isinstance(block, Line)
            else []
        )
    }
    assert marked["Old imaging workstation"] == "you"
    assert marked["Friday afternoon"] == "you"
    assert marked["Domain controllers"] == ""
    assert "the site Grimma" in marked.values()


def test_what_people_do_is_said_beside_the_rule() -> None:
    """Everything of the table that this policy speaks of: nobody signs a promise that nobody keeps."""
    silent = {"remedies.vendor_workaround", "downloads.metered", "downloads.battery_min", "downloads.disk_free_mib_min"}
    said = "\n".join(texts(printed(rich())))
    absent = {path for path, words in PEOPLE.items() if words not in said}
    assert absent <= silent


def test_hostile_texts_are_text() -> None:
    """Names from a client's text are never markup, neither of HTML nor of the typesetter."""
    policy = load(STREAM.replace("Northwind Dental", "Northwind"))
    made = printed(replace(policy, title=HOSTILE), client=HOSTILE)
    page = html(made)
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert pdf(made).startswith(b"%PDF-")


def test_folding_tells_once_what_a_layer_did_not_change() -> None:
    """A group that only wants to be asked has no rows of its own in the document; the rule names its devices."""
    group = "---\npatchring: 1\nlayer: group x-ray\napprovals:\n  - {name: ask x-ray, decide: review, people: 2}\n"
    policy = load(STREAM + group)
    made = folded(policy)
    assert len(policy.segments) > len(made.segments)
    assert not [rule.name for rule in made.segments if "@ group x-ray" in rule.name]
    [asked] = [row for row in made.approvals if row.name.startswith("ask x-ray")]
    assert asked.segments == ("all devices @ group x-ray",)
    servers = next(row for row in made.approvals if row.name == "servers reviewed")
    assert servers.segments == ("domain controllers", "servers")
    assert folded(made) == made
