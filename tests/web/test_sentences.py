"""Every kind of event that the house records has a sentence; one that has none is said by its own name."""

import re
from pathlib import Path

import pytest

import patchring.app
from patchring.web.sentences import SENTENCES, sentence

APP = Path(patchring.app.__file__).parent
# Literal kinds in calls of `record`, and of the worker's own helpers around it.
RECORDED = re.compile(r'\b_?(?:record|move|move_ring)\((?:[^()"]|\([^()]*\))*?"([a-z]+_[a-z_]+)"')


def recorded_kinds() -> set[str]:
    """The kinds that stand literally in calls of `record` in the use cases."""
    return {kind for file in APP.rglob("*.py") for kind in RECORDED.findall(file.read_text(encoding="utf-8"))}


def test_every_recorded_kind_has_a_sentence() -> None:
    kinds = recorded_kinds()
    assert len(kinds) > 10
    assert kinds - set(SENTENCES) == set()


@pytest.mark.parametrize(
    ("kind", "name", "data", "said"),
    [
        ("ring_passed", "Runtime", {"reasons": [{"text": "Ring 1 passed: 3 devices verified"}]},
         "Runtime: Ring 1 passed: 3 devices verified."),
        ("patch_approved", "Runtime", {"reason": "tested on servers"}, "Runtime was approved. Tested on servers."),
        ("rollout_created", "Runtime", {"device_count": 3, "rings": {"1": 1, "2": 2}},
         "A rollout of Runtime begins for 3 devices (ring 1: 1, ring 2: 2)."),
        ("patch_decided", "Runtime", {"segments": {"a": {"outcome": "auto"}, "b": {"outcome": "review"}}},
         "Runtime goes by itself in 1 segment, waits for a person in 1 segment."),
        ("device_classified", "HD-01", {"changed": {"class": ["workstation", "kiosk"], "sacrificial": [False, True]},
         "reason": "seen on site"}, "HD-01: class workstation to kiosk; sacrificial no to yes. Seen on site."),
        ("something_new", "Runtime", {"reason": "because"}, "Something new: Runtime. Because."),
        ("something_new", "", {}, "Something new."),
    ],
)  # fmt: skip
def test_sentences(kind: str, name: str, data: dict[str, object], said: str) -> None:
    assert sentence(kind, name, data) == said


@pytest.mark.parametrize("kind", sorted(SENTENCES))
def test_no_sentence_breaks_on_data_it_does_not_know(kind: str) -> None:
    assert sentence(kind, "", {})[-1] in ".!?"
