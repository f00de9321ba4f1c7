"""A feature that needs a newer library and does not go with an application that is installed.

While the newer application is not to be had, the package manager could only remove the old one: nothing is done, and
the reason is told. Once it is to be had, a person approves all three packages together, and they go in one action.
"""

from __future__ import annotations

from lab.prove import record
from lab.prove.errors import CommandRefused, ProofFailed, require
from lab.prove.roster import MSP, in_ring
from lab.prove.scene import Scene
from lab.prove.waiting import eventually

PATCH = "apt:lab-web=1.3"
BENCH = tuple(in_ring(0))
ALONG = {"lab-library": "2.0", "lab-notes": "2.0"}


def conflict_refused(scene: Scene) -> str:
    before = {package: scene.fleet.versions(package, BENCH) for package in ("lab-web", *ALONG)}
    scene.publish("lab", BENCH, lab_web="1.3", lab_library="2.0")
    _until_held_back(scene, "kept_back")
    reason = _refusal(scene)
    after = {package: scene.fleet.versions(package, BENCH) for package in ("lab-web", *ALONG)}
    require(after == before, f"nothing installed and nothing removed: {before}", after)
    said = scene.office.explain(MSP, BENCH[0], PATCH)
    texts = " / ".join(each["text"] for each in said["reasons"])
    require("kept_back" in texts, "explain says that the package manager keeps it back", texts)
    return reason


def _refusal(scene: Scene) -> str:
    try:
        scene.office.command("rollouts", "start", MSP.slug, PATCH, "--yes")
    except CommandRefused as refused:
        return refused.reason
    raise ProofFailed(f"a rollout of {PATCH} refused while it would remove lab-notes", "it was started")


def approved_together(scene: Scene) -> str:
    scene.publish("lab", BENCH, lab_notes="2.0")
    _until_held_back(scene, "")
    scene.until_rollouts(PATCH, "awaiting_approval", 30, [MSP])
    along = [word for name, version in ALONG.items() for word in ("--with", f"{name}={version}")]
    scene.office.command("approve", MSP.slug, PATCH, *along, "--reason", "they belong together", "--yes")
    scene.until_states(PATCH, BENCH, 90)
    for package, version in {"lab-web": "1.3", **ALONG}.items():
        there = scene.fleet.versions(package, BENCH)
        require(set(there.values()) == {f"{version} installed"}, f"{package} {version} on {BENCH}", there)
    answers = {name: (scene.fleet.answer(name), scene.fleet.answer(name, 8081)) for name in BENCH}
    require(set(answers.values()) == {("lab-web 1.3", "lab-notes 2.0")}, "both applications answer", answers)
    begun = record.begun(scene.chain(MSP), scene.rollout(MSP, PATCH)["rollout_id"])
    require(len(begun) == len(BENCH), "one action on each device for all three packages", begun)
    return "three packages in one signed approval and one action"


def _until_held_back(scene: Scene, word: str) -> None:
    def seen() -> dict[str, str]:
        rows = {name: scene.office.device(MSP, name)["missing"] for name in BENCH}
        return {n: next((r["held_back"] for r in m if r["patch_key"] == PATCH), "absent") for n, m in rows.items()}

    expected = f"{PATCH} missing with the word {word!r} of the package manager"
    eventually(expected, seen, lambda s: set(s.values()) == {word}, 30, lambda: scene.why(PATCH, BENCH[:1]))
