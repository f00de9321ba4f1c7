"""Section 3: in which order devices get an update, how long each ring is watched, how many at once."""

from collections.abc import Iterator

from patchring.core.policy.carried import all_by_people, by_people
from patchring.core.policy.handling import Superseded
from patchring.core.policy.model import Limits, Override, Ring
from patchring.core.policy.people import Stability
from patchring.report.model import Block, Heading, Line, Row, Section, Table
from patchring.report.policy.constraints import constraints_of
from patchring.report.policy.edition import Edition, groups_of_ring
from patchring.report.words import capital, counted, names, sentence, span, times

_OVERRIDES = {
    "no_soak": "The rule that every ring is watched for a time was set aside",
    "single_ring": "The rule that there are at least two rings was set aside",
}
_SUPERSEDED = {
    Superseded.FINISH: "the older one is brought to its end first",
    Superseded.REPLACE: "the newer one takes its place where it has not been installed yet",
    Superseded.RESTART: "the newer one begins again with the first ring",
}
_STABILITY = {
    Stability.STABLE: "Your devices take updates well.",
    Stability.NORMAL: "Your devices take updates as others do.",
    Stability.FRAGILE: "Your devices take updates badly, so we go slowly.",
}


def rollout_section(edition: Edition) -> Section:
    intro = (
        "An update does not reach all devices at once. It goes through rings: first a few devices where a failure does "
        "little harm, then more. The next ring begins only when enough devices of the one before were checked and "
        "found well, and when it was watched long enough. In every ring one device goes alone first."
    )
    blocks = (
        _rings(edition),
        Line(
            "“Found well” means that the device itself reports the update as being in effect, and that the services "
            "that are watched on it still work."
        ),
        *_overrides(edition),
        Heading("How many at the same time"),
        *_limits(edition),
        *_campaign(edition),
        *_downloads(edition),
        Heading("When a newer update comes out meanwhile"),
        *_releases(edition),
        *_standing(edition),
        *constraints_of(edition, 3),
    )
    return Section(3, "Rings: the order and the pace", intro, blocks)


def _rings(edition: Edition) -> Table:
    columns = ("Ring", "Which groups", "Watched for", "Found well before the next", "At the same time")
    rows = tuple(_ring_row(edition, ring) for ring in edition.policy.rings)
    return Table(columns, (17, 28, 13, 19, 23), rows)


def _ring_row(edition: Edition, ring: Ring) -> Row:
    groups = capital(names([rule.name for rule in groups_of_ring(edition.policy, ring.number)])) or "None of yours"
    well = counted(ring.soak.verified_min, "device")
    if ring.soak.device_hours_min:
        well += f", together {ring.soak.device_hours_min:,} hours in use"
    at_once = f"one, then up to {times(ring.growth)} as many as were found well, at most {ring.at_once_max:,}"
    cells = (f"{ring.number + 1}. {capital(ring.name)}", groups, span(ring.soak.time), well, at_once)
    return Row(cells, edition.changed(f"rings.{ring.name}"))


def _overrides(edition: Edition) -> Iterator[Line]:
    for key, override in edition.policy.overrides.items():
        yield Line(_set_aside(key, override), "Set aside:", edition.changed(f"overrides.{key}"))


def _set_aside(key: str, override: Override) -> str:
    return f"{_OVERRIDES.get(key, key)} by {override.by[0]} and {override.by[1]}: {sentence(override.reason)}"


def _limits(edition: Edition) -> Iterator[Line]:
    for key, text in _limit_lines(edition.policy.limits):
        yield Line(text, changed=edition.changed(f"limits.{key}"))
    for site, limit in edition.policy.limits.at_sites.items():
        text = f"At the site {site}, at most {counted(limit, 'device')} at the same time."
        yield Line(text, changed=edition.changed(f"limits.sites.{site}"))


def _limit_lines(limits: Limits) -> Iterator[tuple[str, str]]:
    for key, limit, where in (
        ("tenant", limits.tenant, "In your whole company"),
        ("site", limits.site, "At each site"),
        ("ring", limits.ring, "In each ring"),
    ):
        if limit is not None:
            yield key, f"{where}, at most {counted(limit, 'device')} at the same time."
    if limits.redundancy_group is not None:
        text = (
            f"Of devices that stand in for one another, at most {counted(limits.redundancy_group, 'device')} at a time."
        )
        yield "redundancy_group", text
    elif limits.tenant is None:
        yield "tenant", "Nothing beyond the rings limits how many are worked on at the same time."


def _campaign(edition: Edition) -> Iterator[Line]:
    campaign = edition.policy.catch_up_campaign
    if campaign is not None:
        text = (
            f"Updates that were missed for long are made up for apart, what is being attacked first: at most "
            f"{counted(campaign.patches_at_once_max, 'update')} on {counted(campaign.at_once_max, 'device')} at once."
        )
        yield Line(text, "Backlog:", edition.changed("catch_up_campaign"), by_people("catch_up_campaign"))


def _downloads(edition: Edition) -> Iterator[Line]:
    downloads = edition.policy.downloads
    if downloads is None:
        return
    said, fields = [], ["battery_min", "disk_free_mib_min", "metered"]
    if downloads.before:
        said.append(f"They are fetched up to {span(downloads.before)} before the window.")
        fields.append("before")
    if downloads.site_rate_mbit_max is not None:
        said.append(f"Together they take {downloads.site_rate_mbit_max} Mbit/s of a site’s line at most.")
        fields.append("site_rate_mbit_max")
    paid = "also" if downloads.metered else "not"
    said.append(f"They are {paid} fetched over connections that are paid by volume.")
    said.append(
        f"A battery has to be at {downloads.battery_min} percent, and {_size(downloads.disk_free_mib_min)} be free."
    )
    people = all_by_people(*(f"downloads.{field}" for field in fields))
    yield Line(" ".join(said), "Downloads:", edition.changed("downloads"), people)


def _size(mib: int) -> str:
    return f"{mib / 1024:.3g} GB of the disk" if mib >= 1024 else f"{mib} MB of the disk"


def _releases(edition: Edition) -> Iterator[Line]:
    releases = edition.policy.releases
    text = f"When a newer release of the same update appears in the middle, {_SUPERSEDED[releases.superseded]}."
    yield Line(text, changed=edition.changed("releases.superseded"))
    if releases.behind_max is not None:
        text = f"No group falls back more than {counted(releases.behind_max, 'release')} without a new one found well."
        yield Line(text, changed=edition.changed("releases.behind_max"))


def _standing(edition: Edition) -> Iterator[Block]:
    standing = edition.policy.people.standing
    if standing.stability is Stability.NORMAL and not standing.pilot:
        return
    said = [_STABILITY[standing.stability]] if standing.stability is not Stability.NORMAL else []
    if standing.pilot:
        said.append("You agreed that your less important devices are among the first.")
    if standing.reason:
        said.append(sentence(standing.reason))
    if standing.rated_by:
        said.append(f"Said by {edition.person(standing.rated_by)}.")
    fields = ["stability"] * (standing.stability is not Stability.NORMAL) + ["pilot"] * standing.pilot
    people = all_by_people(*(f"standing.{field}" for field in fields))
    yield Heading("How your devices are rated")
    yield Line(" ".join(said), "", edition.changed("standing"), people)
