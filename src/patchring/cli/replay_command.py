"""`patchring replay`: real updates that broke things, let out again under a policy's rings."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from patchring.cli.errors import CliError
from patchring.cli.output import Json, console, say, show_json, show_rows
from patchring.cli.progress import trials_bar

SHARES = ("low", "middle", "high")


def register(app: typer.Typer) -> None:
    app.command("replay")(replay)


def replay(
    policy: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="A policy: its rings soak.")] = None,
    tenant: Annotated[str, typer.Option(help="The tenant whose policy it is.")] = "replay",
    pace: Annotated[str, typer.Option(help="How fast inside the rings: careful, standard or fast.")] = "standard",
    share: Annotated[str, typer.Option(help="Of the devices that break: low, middle or high assumption.")] = "middle",
    devices: Annotated[int, typer.Option(min=40, max=200_000, help="Devices of the fleet.")] = 10_000,
    tenants: Annotated[int, typer.Option(min=1, max=5_000, help="Clients of the fleet.")] = 100,
    only: Annotated[list[str] | None, typer.Option(help="Only this incident, such as W007; several.")] = None,
    jobs: Annotated[int, typer.Option(min=0, max=256, help="At once; 0: as many as there are processors.")] = 0,
    html: Annotated[Path | None, typer.Option(help="Writes a page with plots here.")] = None,
    as_json: Json = False,
) -> None:
    """Let real updates that broke things out again: what each ring would have met, and when it would have been held.

    Compares with everybody at once. The fleet is simulated; nothing touches a server. Takes a minute or two.

    Example: patchring replay --policy northwind.yaml --html replay.html
    """
    from patchring.cli.policy_files import read_policy
    from patchring.core.gate.promotion import PACES
    from patchring.report.replay import replay_page
    from patchring.sim.errors import SimError
    from patchring.sim.trials import replay as past
    from patchring.sim.trials.incidents import incidents
    from patchring.sim.trials.scenario import FleetSpec, Scenario, check

    if pace not in PACES or share not in SHARES:
        raise CliError(f"expected a pace of {', '.join(PACES)} and a share of {', '.join(SHARES)}, got {pace}, {share}")
    found = [each for each in incidents() if not only or each.incident_id in only]
    if not found:
        raise CliError(f"no such incident: {', '.join(only or [])}. `patchring replay --json` lists them")
    fleet = FleetSpec(devices=devices, tenants=tenants, internal=max(4, devices // 100))
    try:
        check(Scenario(name="replay", fleet=fleet))
    except SimError as error:
        raise CliError(str(error)) from error
    frame = past.frame_of(read_policy(policy, tenant)[1] if policy else None)
    with trials_bar() as progress:
        played = past.replay(found, fleet, frame, pace, share, jobs or os.cpu_count() or 1, progress)
    told = played.as_json()
    if html:
        html.write_text(replay_page(told), encoding="utf-8")
    if as_json:
        show_json(told)
        return
    _show(told)
    if html:
        say(f"written: {html}")


def _show(told: Mapping[str, Any]) -> None:
    show_rows(told["incidents"], COLUMNS, False, "nothing was let out")
    at_once, rings = (sum(row[name]["broken"] for row in told["incidents"]) for name in ("all_at_once", "rings"))
    cost = told["cost"]
    console.print(f"broken in all: {at_once:,} at once, {rings:,} by rings", markup=False)
    console.print(
        f"had nothing been wrong: {cost['exposure_days']:.1f} days to the mean device, "
        f"{cost['exposure_exploited_days']:.1f} for exploited ones, {cost['at_once_days']:.1f} without rings",
        markup=False,
    )


def _held(row: Mapping[str, Any]) -> str:
    rings = row["rings"]
    if rings["held_facets"]:
        at, facet, _ = rings["held_facets"][0]
        return f"{facet} after {at} h"
    stopped = rings["stopped_by_person_at"]
    return f"by the vendor's word, {stopped} h" if stopped is not None else "not"


COLUMNS = (
    "incident",
    ("released", lambda row: row["released_on"]),
    "symptom",
    ("exploited", lambda row: len(row["exploited"]) or "no"),
    ("at once", lambda row: row["all_at_once"]["broken"]),
    ("by rings", lambda row: row["rings"]["broken"]),
    ("held", _held),
)
