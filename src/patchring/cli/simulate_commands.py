"""`patchring simulate`: patches on simulated fleets, let out in Patchring's way and in the ways of others."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from patchring.cli.errors import CliError
from patchring.cli.output import Json, console, show_json, show_rows
from patchring.cli.progress import trials_bar

simulate = typer.Typer(help="Patches on simulated fleets: what would break, and when it would be held.")
WAYS = "Ways to compare, one each; `patchring simulate ways` lists them."


def register(app: typer.Typer) -> None:
    app.add_typer(simulate, name="simulate", no_args_is_help=True)


@simulate.command("run")
def run_scenarios(
    file: Annotated[Path | None, typer.Argument(exists=True, dir_okay=False, help="Scenarios (JSON or YAML).")] = None,
    way: Annotated[list[str] | None, typer.Option("--way", "-w", help=WAYS)] = None,
    bad: Annotated[int, typer.Option(min=0, max=1000, help="Without a file: so many bad patches.")] = 10,
    good: Annotated[int, typer.Option(min=0, max=1000, help="Without a file: so many good patches.")] = 10,
    devices: Annotated[int, typer.Option(min=40, max=200_000, help="Without a file: devices of the fleet.")] = 30_000,
    tenants: Annotated[int, typer.Option(min=1, max=5_000, help="Without a file: clients of the fleet.")] = 300,
    jobs: Annotated[int, typer.Option(min=0, max=256, help="At once; 0: as many as there are processors.")] = 0,
    keep: Annotated[Path | None, typer.Option(help="Keeps results here, and goes on from them.")] = None,
    as_json: Json = False,
) -> None:
    """Let patches out on simulated fleets, and compare ways: devices broken, false holds, days of exposure.

    Nothing of it touches a server. The same scenario and seed give the same bytes. docs/simulation.md has the format.

    Example: patchring simulate run --bad 20 --good 20 -w standard -w thresholds_signals
    """
    from patchring.sim.errors import SimError
    from patchring.sim.trials.catalogue import way as known
    from patchring.sim.trials.runs import Trial, run_all
    from patchring.sim.trials.scenario import read

    ways = way or ["standard", "all_at_once", "time_rings", "thresholds_signals"]
    try:
        for name in ways:
            known(name)
        scenarios = read(file) if file else _made_up(bad, good, devices, tenants)
    except SimError as error:
        raise CliError(str(error)) from error
    trials = [Trial(scenario, seed, name) for name in ways for scenario in scenarios for seed in scenario.seeds]
    with trials_bar() as progress:
        results = run_all(trials, jobs or os.cpu_count() or 1, keep, progress)
    _show(scenarios, results, as_json)


def _made_up(bad: int, good: int, devices: int, tenants: int) -> Sequence[Any]:
    """From the seeds that nothing was tuned on."""
    import msgspec

    from patchring.sim.trials import cases
    from patchring.sim.trials.scenario import FleetSpec, check

    fleet = FleetSpec(devices=devices, tenants=tenants, internal=max(4, min(100, devices // 20)))
    found = [cases.bad(seed, other=True) for seed in cases.MEASURED_ON[:bad]]
    found += [cases.good(seed) for seed in cases.MEASURED_ON[1000 - good :]] if good else []
    scenarios = [msgspec.structs.replace(each, fleet=fleet) for each in found]
    for each in scenarios:
        check(each)
    return scenarios


def _show(scenarios: Sequence[Any], results: Sequence[Any], as_json: bool) -> None:
    from patchring.sim.trials.runs import trials_version
    from patchring.sim.trials.summary import summarise

    kinds = {(each.name, seed): (bool(each.patch.defects), each.patch.kev) for each in scenarios for seed in each.seeds}
    rows = [each.as_json() for each in summarise(results, kinds)]
    if as_json:
        show_json(
            {"code_version": trials_version(), "summary": rows, "trials": [each.as_json() for each in results]},
        )
        return
    show_rows(rows, COLUMNS, False, "nothing was run")
    console.print("[dim]mean (low to high of 95 %; worst). left broken: after what was taken back.[/dim]")


def _spread(name: str, digits: int = 1) -> Any:
    def told(row: Any) -> str:
        each = row[name]
        if each is None:
            return "no data"
        figures = [f"{each[key]:,.{digits}f}" for key in ("mean", "low", "high", "worst")]
        return f"{figures[0]} ({figures[1]} to {figures[2]}; {figures[3]})"

    return told


def _share(name: str) -> Any:
    return lambda row: f"{row[name]['count']} of {row[name]['of']}" if row[name] else "no data"


COLUMNS = (
    "way",
    ("broken", _spread("broken")),
    ("left broken", _spread("left_broken")),
    ("servers", _spread("servers_broken")),
    ("bad held", _share("held")),
    ("good held", _share("false_holds")),
    ("days exposed", _spread("exposure_days")),
    ("exploited", _spread("exposure_kev_days")),
)


@simulate.command("ways")
def list_ways(as_json: Json = False) -> None:
    """Ways of letting a patch out that can be compared.

    Example: patchring simulate ways
    """
    from patchring.sim.trials.catalogue import WAYS as there

    show_rows([{"way": name, "is": words} for name, (words, _) in there.items()], ("way", "is"), as_json, "none")


@simulate.command("example")
def example(
    bad: Annotated[int, typer.Option(min=0, max=100, help="Bad patches in it.")] = 2,
    good: Annotated[int, typer.Option(min=0, max=100, help="Good patches in it.")] = 1,
    as_json: Json = False,
) -> None:
    """A file of scenarios to begin with, every value in it.

    Example: patchring simulate example > scenarios.yaml
    """
    import msgspec

    from patchring.sim.trials import cases
    from patchring.sim.trials.scenario import FORMAT, ScenarioFile

    found = [cases.bad(seed, other=True) for seed in cases.MEASURED_ON[:bad]]
    found += [cases.good(seed) for seed in cases.MEASURED_ON[bad : bad + good]]
    content = msgspec.to_builtins(ScenarioFile(FORMAT, tuple(found)))
    if as_json:
        show_json(content)
    else:
        print(msgspec.yaml.encode(content).decode(), end="")
