"""Files of scenarios: what is read, and what is said of those that cannot be run."""

from pathlib import Path

import msgspec
import pytest

from patchring.sim.errors import WrongScenario
from patchring.sim.trials import cases
from patchring.sim.trials.scenario import FORMAT, Defect, PatchSpec, Scenario, ScenarioFile, Where, read

ONE = "format: 1\nscenarios:\n- name: one\n"


def file(folder: Path, text: str, name: str = "scenarios.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_what_is_left_out_has_its_default(tmp_path: Path) -> None:
    text = ONE + "  patch: {defects: [{share: 0.5, signals: {ticket: 1}, where: {role: kiosk}}]}\n"
    defect = Defect(share=0.5, signals={"ticket": 1}, where=Where(role="kiosk"))
    assert read(file(tmp_path, text)) == (Scenario(name="one", patch=PatchSpec(defects=(defect,))),)


@pytest.mark.parametrize("name", ["scenarios.yaml", "scenarios.json"])
def test_what_is_written_is_read(tmp_path: Path, name: str) -> None:
    """Everything that the generators draw, in both forms."""
    made = tuple(cases.bad(seed, other=seed % 2 == 0) for seed in range(30))
    encode = msgspec.json.encode if name.endswith("json") else msgspec.yaml.encode
    text = encode(msgspec.to_builtins(ScenarioFile(FORMAT, made))).decode()
    assert read(file(tmp_path, text, name)) == made


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("format: 2\nscenarios: []\n", "expected format 1, got 2"),
        ("format: 1\nscenarios: []\n", "has no scenarios; `patchring simulate example` prints some"),
        ("format: 1\nscenarios: [\n", "docs/simulation.md explains the format"),
        (ONE + "  patchh: {}\n", "unknown field `patchh`"),
        (ONE + "  hours: 3\n", "expected 24 to 2,208 hours, got 3"),
        (ONE + "  fleet: {devices: 10}\n", "expected 20 to 200,000 devices"),
        (ONE + "  fleet: {internal: 0}\n", "expected between 1 and half of the devices to be the operator's own"),
        (ONE + "  fleet: {history_days: 400}\n", "expected 0 to 366 days of history, got 400"),
        (ONE + "  patch: {defects: [{share: 0.5, signals: {reboot: 1}}]}\n", "no such signal: reboot. There are: inst"),
        (ONE + "  patch: {defects: [{share: 2, signals: {ticket: 1}}]}\n", "shares and chances are between 0 and 1"),
        (ONE + "  patch: {defects: [{share: 1, signals: {}, onset_h: 0}]}\n", "an onset of more than 0 hours, got 0"),
        (
            ONE + "  patch: {defects: [{share: 1, signals: {}, where: {role: dc}}]}\n",
            "no such role: dc. There are: workstation, laptop",
        ),
    ],
)
def test_what_cannot_be_run_says_why_in_one_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(WrongScenario) as refused:
        read(file(tmp_path, text))
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(WrongScenario, match=r"cannot be read: No such file"):
        read(tmp_path / "none.yaml")
