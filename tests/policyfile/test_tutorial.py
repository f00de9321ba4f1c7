"""The story in docs/policy.md is what happens: its mistakes get the messages that it shows, and its end is in order."""

import re
import shutil
from pathlib import Path

from patchring.policyfile import Tree, check_tree

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
