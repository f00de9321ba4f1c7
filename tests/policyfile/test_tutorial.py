"""The story in docs/policy.md is what happens: its mistakes get the messages that it shows, and its end is in order."""

import re
import shutil
from pathlib import Path

from patchring.core.policy.match import DEVICE_FIELDS, PATCH_FIELDS
from patchring.policyfile import Tree, check_tree
from patchring.policyfile.shapes.places import keys_at

ROOT = Path(__file__).parents[2]
STORY = (ROOT / "docs" / "policy.md").read_text(encoding="utf-8")
PEOPLE = """people:
  weiss: {name: Miriam Weiss, mail: weiss@harbour-dental.example}
  lind: {name: Jonas Lind, mail: lind@harbour-dental.example}
"""


def told(folder: Path, text: str) -> list[str]:
    tenant = folder / "policies" / "tenants" / "harbour-dental"
    tenant.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "examples" / "policies" / "tree" / "baseline.yaml", folder / "policies")
    (tenant / "policy.yaml").write_text(text, encoding="utf-8")
    [(_, checked)] = check_tree(Tree(folder / "policies"), ["harbour-dental"])
    return [each.told().removeprefix(f"{folder}/") for each in checked.problems]


def test_each_mistake_of_the_story_gets_the_message_that_is_shown(tmp_path: Path) -> None:
    found = re.search(r"```yaml\n(.*?)```", STORY, re.DOTALL)
    assert found
    text = found[1]
    [unreadable] = told(tmp_path, text)
    assert unreadable in STORY
    text = text.replace("08:00-12\n", "08:00-12:00\n")
    shown = re.findall(r"^…(:\d+: .*?)…", STORY, re.MULTILINE)
    problems = told(tmp_path, text)
    assert len(problems) == len(shown) == 3
    assert all(words in problem for words, problem in zip(shown, problems, strict=True))
    text = text.replace("the practice", "weiss").replace("friday evening", "friday afternoon")
    assert told(tmp_path, text + PEOPLE) == []
    groups = tmp_path / "policies/tenants/harbour-dental/groups"
    groups.mkdir()
    shutil.copy(ROOT / "examples/policies/tree/tenants/harbour-dental/groups/imaging.yaml", groups)
    [behind] = told(tmp_path, text + PEOPLE)
    assert "no device ever comes to it: 'imaging' stands before it" in behind
    assert told(tmp_path, re.sub(r"segments:\n.*\n", "", text) + PEOPLE) == []


PLACES: dict[str, tuple[str | int, ...]] = {
    "`segments`": ("segments", 0),
    "`approvals`": ("approvals", 0),
    "`urgency`": ("urgency", 0),
    "`rings`": ("rings", 0),
    "`soak` of a ring": ("rings", 0, "soak"),
    "`windows`, by name": ("windows", "x"),
    "`blackouts`": ("blackouts", 0),
    "`reboots`, by name": ("reboots", "x"),
    "`remedies`, by name": ("remedies", "x"),
    "`exceptions`": ("exceptions", 0),
}


def test_the_table_of_keys_is_whole() -> None:
    """Every key of each place that it names, and every field of conditions, in the order of the language."""
    table = STORY.partition("## Keys")[2]
    rows = dict(re.findall(r"^\| (`.*?) \| (.*) \|$", table, re.MULTILINE))
    expected = {name: keys_at(place, in_order=True) for name, place in PLACES.items()}
    expected |= {"`when` of a segment, `devices`": [*DEVICE_FIELDS], "`when` elsewhere, `patches`": [*PATCH_FIELDS]}
    assert {name: re.findall(r"`(\w+)`", keys) for name, keys in rows.items()} == expected


def test_every_command_of_the_guide_is_there() -> None:
    """With the options that it is called with."""
    pages = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    sections = {part.partition("\n")[0]: part for part in pages.split("\n### ")[1:]}
    called = re.findall(r"^patchring .*|(?<=`)patchring [^`]+", STORY, re.MULTILINE)
    assert len(called) > 10
    for command in called:
        words = command.split()[1:]
        section = next((sections[name] for n in (2, 1) if (name := " ".join(words[:n])) in sections), None)
        assert section, command
        assert [word for word in words if word.startswith("--") and f"`{word}" not in section] == [], command
