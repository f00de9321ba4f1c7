"""A patch and its rollout in one tenant as they are shown. Pure."""

import shlex
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from patchring.core.rollout.states import RolloutState
from patchring.store.transaction import Row
from patchring.web.models import PatchView, RolloutView
from patchring.web.rings import ring_view
from patchring.web.texts import why
from patchring.web.words import rollout_state


def patch_meta(row: Row) -> str:
    """One line: KB, the patch's key, what it is, how it reboots."""
    what = ", ".join(word for word in (row["type"], row["classification"]) if word and word != "unknown")
    reboot = "" if row["reboot"] == "unknown" else f"reboot {row['reboot']}"
    return " · ".join(part for part in (row["kb"], row["patch_key"], what, reboot) if part)


def patch_view(row: Row) -> PatchView:
    return PatchView(row["patch_id"].hex, row["title"], patch_meta(row), row["security"])


def rollout_view(row: Row, rings: Sequence[Row], tenant: str, now: datetime) -> RolloutView:
    """A row of `page.rollouts` or `page.rollout` with its rows of `page.rings`."""
    return RolloutView(
        id=row["rollout_id"].hex,
        href=rollout_href(row),
        tenant=tenant,
        state=rollout_state(row["state"]),
        why=why(_own_reasons(row, rings)),
        rings=[ring_view(ring, now) for ring in rings],
        to_do=_to_do(row, rings),
    )


def rollout_href(row: Row) -> str:
    return f"/rollouts/{row['tenant_id']}/{row['rollout_id']}"


def device_href(row: Row) -> str:
    return f"/devices/{row['tenant_id']}/{row['device_id']}"


def _own_reasons(row: Row, rings: Sequence[Row]) -> list[dict[str, Any]]:
    """What is said of the rollout and not of one of its rings anyway."""
    said = {reason["text"] for ring in rings for reason in ring["reasons"]}
    return [reason for reason in row["reasons"] if reason["text"] not in said]


def _to_do(row: Row, rings: Sequence[Row]) -> str:
    """Approving needs a key that the server does not have: the page can only say the command."""
    waits = row["state"] == RolloutState.AWAITING_APPROVAL or any(_wants_approval(ring) for ring in rings)
    if not waits:
        return ""
    return f"patchring approve {row['tenant_slug']} {shlex.quote(row['patch_key'])} --reason …"


def _wants_approval(ring: Row) -> bool:
    return any(reason["code"] == "approval_missing" for reason in ring["reasons"])
