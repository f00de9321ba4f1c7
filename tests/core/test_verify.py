"""Verified means seen in effect; what cannot be told is not verified, and what was broken before convicts nobody."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patchring.core.rollout.verify import Seen, VerdictOutcome, verify
from tests.core.builders import NOW

GOOD = Seen(
    acted_at=NOW,
    scanned_at=NOW + timedelta(minutes=1),
    wanted={"web": "2"},
    installed={"web": frozenset({"2"})},
    offered=frozenset(),
    boot_before="a",
    boot_now="a",
    reboot_needed=False,
    probes_before={"unit:web": "pass"},
    probes_after={"unit:web": "pass"},
    before={"web": frozenset({"1"})},
)
AFTER = {"reboot_needed": True, "boot_now": "b"}
OLD = {"installed": {"web": frozenset({"1"})}}


@pytest.mark.parametrize(
    ("given_", "outcome", "codes"),
    [
        ({}, "verified", ["seen_in_effect"]),
        ({"probes_before": {}, "probes_after": {}}, "verified", ["seen_in_effect"]),
        ({"scanned_at": None}, "not_yet", ["scan_missing"]),
        ({"scanned_at": NOW - timedelta(seconds=1)}, "not_yet", ["scan_missing"]),
        (OLD, "failed", ["version_missing"]),
        ({"installed": {}}, "failed", ["version_missing"]),
        ({"offered": frozenset({"web"})}, "failed", ["still_offered"]),
        ({"reboot_needed": True}, "not_yet", ["reboot_missing"]),
        ({"reboot_needed": True, **OLD}, "not_yet", ["reboot_missing"]),
        (AFTER, "verified", ["seen_in_effect"]),
        ({**AFTER, **OLD}, "failed", ["version_missing"]),
        ({**AFTER, "boot_before": ""}, "inconclusive", ["boot_unread"]),
        ({"reboot_needed": True, "boot_now": "", **OLD}, "inconclusive", ["boot_unread"]),
        ({"boot_before": "", "boot_now": ""}, "verified", ["seen_in_effect"]),
        ({"installed": {"web": frozenset({"3"})}}, "inconclusive", ["version_foreign"]),
        ({"installed": {"web": frozenset({"3"})}, "before": {}}, "failed", ["version_missing"]),
        ({"probes_after": {"unit:web": "fail"}}, "failed", ["probe_failed"]),
        ({"probes_after": {"unit:web": "fail"}, "reboot_needed": True}, "failed", ["probe_failed"]),
        ({"probes_after": {"unit:web": "unknown"}}, "inconclusive", ["probe_unread"]),
        ({"probes_after": {}}, "inconclusive", ["probe_unread"]),
        (
            {"probes_before": {"unit:web": "fail"}, "probes_after": {"unit:web": "fail"}},
            "verified",
            ["seen_in_effect", "probe_failed_before"],
        ),
        ({"probes_before": {}, "probes_after": {"unit:web": "fail"}}, "inconclusive", ["probe_unread"]),
        (
            {"probes_before": {"unit:web": "unknown"}, "probes_after": {"unit:web": "fail"}},
            "inconclusive",
            ["probe_unread"],
        ),
        ({"probes_after": {"unit:web": "fail"}, **OLD}, "failed", ["version_missing", "probe_failed"]),
    ],
)
def test_the_verdict(given_: dict[str, object], outcome: str, codes: list[str]) -> None:
    """Each case changes one thing (or two) of a device on which everything went well."""
    verdict = verify(replace(GOOD, **given_))
    assert (verdict.outcome, [reason.code for reason in verdict.reasons]) == (outcome, codes)


probes = st.dictionaries(st.sampled_from("abc"), st.sampled_from(["pass", "fail", "unknown"]), max_size=3)


@given(before=probes, after=probes, rebooted=st.booleans(), needed=st.booleans(), version=st.sampled_from("123"))
@settings(max_examples=200, deadline=None)
def test_verified_and_failed_are_never_guessed(
    before: dict[str, str], after: dict[str, str], rebooted: bool, needed: bool, version: str
) -> None:
    """Verified: the version is there, rebooted where needed, every probe read, none newly broken. Failed: a probe that
    was healthy is not, or the old version is still there."""
    there = {"web": frozenset({version})}
    boot = "b" if rebooted else "a"
    seen = replace(GOOD, probes_before=before, probes_after=after, boot_now=boot, reboot_needed=needed, installed=there)
    outcome = verify(seen).outcome
    broken = any(after.get(probe) == "fail" and before[probe] == "pass" for probe in before)
    if outcome is VerdictOutcome.VERIFIED:
        assert version == "2"
        assert rebooted or not needed
        assert set(before) <= set(after)
        assert "unknown" not in after.values()
        assert all(before.get(probe) == "fail" for probe in after if after[probe] == "fail")
    assert (outcome is VerdictOutcome.FAILED) == (broken or (version == "1" and (rebooted or not needed)))
