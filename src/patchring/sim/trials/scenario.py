"""What a file of scenarios may hold: a fleet, the noise of every day, a patch with what is wrong with it, and seeds.

Everything has a default, and what is not known is refused. Hours are counted from the release of the patch, which is
on a Tuesday at 18:00 UTC; shares are 0 to 1. docs/simulation.md explains each value.
"""

from pathlib import Path

import msgspec

from patchring.sim.errors import WrongScenario
from patchring.sim.trials.kinds import NAMES, SIGNALS

FORMAT = 1


class FleetSpec(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Of `devices` the first tenant, the operator's own, has `internal`; the others are spread over `tenants`.
    `history_days`: how long they were watched before the release; 0: since that hour, so the priors serve."""

    devices: int = 30_000
    tenants: int = 300
    internal: int = 100
    sensitive_share: float = 0.06
    history_days: int = 28
    seed: int = 1


class NoiseSpec(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """`level` multiplies every usual rate. `spread`: how much devices of a kind differ (shape of a gamma distribution;
    smaller is wilder). Outages of one site a week for a hundred tenants, and of a cloud service in 28 days."""

    level: float = 1.0
    spread: float = 0.5
    site_outages: float = 6.0
    cloud_outages: float = 0.7


class Where(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Devices that have all of what is named; an empty word names nothing."""

    role: str = ""
    build: str = ""
    model: str = ""
    app: str = ""
    servers: bool | None = None


class Defect(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """`share` of the devices `where` break, about `onset_h` hours after the installation (log-normal with
    `onset_spread`), and show `signals`, each with its chance. `reversible`: the chance that taking the patch back
    repairs the device."""

    share: float
    signals: dict[str, float]
    where: Where = Where()
    onset_h: float = 3.0
    onset_spread: float = 0.6
    reversible: float = 0.85


class PatchSpec(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """`bump`: so much more noise than usual a harmless patch makes in the first day after the restart. `failing`: the
    share of installations that fail for reasons of the device. `confirmed_h`: when the vendor says that it is bad;
    None: not within the trial."""

    defects: tuple[Defect, ...] = ()
    kev: bool = False
    bump: float = 0.4
    failing: float = 0.02
    confirmed_h: float | None = None


class Scenario(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One patch on one fleet. `hours` of virtual time. The same scenario and seed give the same bytes."""

    name: str
    patch: PatchSpec = PatchSpec()
    fleet: FleetSpec = FleetSpec()
    noise: NoiseSpec = NoiseSpec()
    hours: int = 672
    seeds: tuple[int, ...] = (1,)


class ScenarioFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    format: int
    scenarios: tuple[Scenario, ...]


def read(path: Path) -> tuple[Scenario, ...]:
    """The scenarios of a JSON or YAML file. Raises WrongScenario with what was expected, and where."""
    decode = msgspec.yaml.decode if path.suffix in (".yaml", ".yml") else msgspec.json.decode
    try:
        found = decode(path.read_bytes(), type=ScenarioFile)
    except OSError as error:
        raise WrongScenario(f"{path} cannot be read: {error.strerror}") from error
    except msgspec.DecodeError as error:
        said = " ".join(str(error).split())
        raise WrongScenario(f"{path}: {said}; docs/simulation.md explains the format") from error
    if found.format != FORMAT:
        raise WrongScenario(f"{path}: expected format {FORMAT}, got {found.format}")
    if not found.scenarios:
        raise WrongScenario(f"{path} has no scenarios; `patchring simulate example` prints some")
    for scenario in found.scenarios:
        check(scenario)
    return found.scenarios


def check(scenario: Scenario) -> None:
    """Raises WrongScenario where a scenario cannot be run."""
    fleet, where = scenario.fleet, f"scenario {scenario.name}"
    if not 20 <= fleet.devices <= 200_000 or not 1 <= fleet.tenants <= min(5_000, fleet.devices // 4):
        raise WrongScenario(f"{where}: expected 20 to 200,000 devices, at least four of them for each tenant")
    if not 0 < fleet.internal <= fleet.devices // 2:
        raise WrongScenario(f"{where}: expected between 1 and half of the devices to be the operator's own")
    if not 0 <= fleet.history_days <= 366:
        raise WrongScenario(f"{where}: expected 0 to 366 days of history, got {fleet.history_days}")
    if not 24 <= scenario.hours <= 24 * 92:
        raise WrongScenario(f"{where}: expected 24 to 2,208 hours, got {scenario.hours}")
    for defect in scenario.patch.defects:
        if unknown := sorted(set(defect.signals) - set(SIGNALS)):
            raise WrongScenario(f"{where}: no such signal: {', '.join(unknown)}. There are: {', '.join(SIGNALS)}")
        if not 0 <= defect.share <= 1 or not all(0 <= chance <= 1 for chance in defect.signals.values()):
            raise WrongScenario(f"{where}: shares and chances are between 0 and 1")
        for column, names in NAMES.items():
            if (name := getattr(defect.where, column)) and name not in names:
                raise WrongScenario(f"{where}: no such {column}: {name}. There are: {', '.join(names)}")
        if defect.onset_h <= 0:
            raise WrongScenario(f"{where}: expected an onset of more than 0 hours, got {defect.onset_h}")
