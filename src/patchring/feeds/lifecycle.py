"""How long releases of products are maintained, from endoflife.date.

Two forms are read: the products as they stand in its repository (front matter by name, as one JSON object), and the
answer of its API, version 1, to `/products/full`.
"""

from datetime import date, datetime

import msgspec

from patchring.feeds.errors import WrongShape
from patchring.feeds.model import Lifecycle, Snapshot
from patchring.feeds.reading import as_json, clean, document, name, shown, snapshot

FEED = "endoflife"
_Said = str | bool | None


class _Cycle(msgspec.Struct):
    """As it stands in the repository: `eoas` ends active support, `eol` security support, `eoes` what is paid for."""

    cycle: str = msgspec.field(name="releaseCycle")
    released: str = msgspec.field(name="releaseDate")
    eol: _Said = None
    eoas: _Said = None
    eoes: _Said = None
    lts: _Said = None
    latest: str | None = None
    label: str | None = msgspec.field(default=None, name="releaseLabel")
    codename: str | None = None


class _Product(msgspec.Struct):
    title: str
    releases: list[_Cycle]
    label: str | None = msgspec.field(default=None, name="releaseLabel")


class _Latest(msgspec.Struct):
    name: str | None = None


class _Release(msgspec.Struct, rename="camel"):
    """As the API says it: whether, and from when."""

    name: str
    label: str = ""
    release_date: str | None = None
    is_lts: bool | None = None
    lts_from: str | None = None
    is_eoas: bool | None = None
    eoas_from: str | None = None
    is_eol: bool | None = None
    eol_from: str | None = None
    is_eoes: bool | None = None
    eoes_from: str | None = None
    latest: _Latest | None = None


class _Listed(msgspec.Struct):
    name: str
    releases: list[_Release]
    label: str = ""


class _Answer(msgspec.Struct):
    schema_version: str
    result: list[_Listed]
    generated_at: str = ""


def parse(raw: bytes, observed_at: datetime) -> Snapshot[Lifecycle]:
    """Which form it is, it says itself. Raises FeedRefused."""
    text = document(FEED, raw)
    top = as_json(FEED, text, dict[str, msgspec.Raw])
    if "schema_version" in top:
        answer = as_json(FEED, text, _Answer)
        rows = [_of_answer(product, release) for product in answer.result for release in product.releases]
        return snapshot(FEED, raw, rows, observed_at, version=clean(FEED, "the schema", answer.schema_version, 40))
    products = as_json(FEED, text, dict[str, _Product])
    rows = [_of_repository(key, product, cycle) for key, product in products.items() for cycle in product.releases]
    return snapshot(FEED, raw, rows, observed_at)


def _of_repository(key: str, product: _Product, said: _Cycle) -> Lifecycle:
    where = name(FEED, "a product", f"{key} {said.cycle}")
    template = said.label or product.label or "__RELEASE_CYCLE__"
    label = template.replace("__RELEASE_CYCLE__", said.cycle).replace("__CODENAME__", said.codename or "")
    return Lifecycle(
        product=name(FEED, "a product", key, 100),
        cycle=name(FEED, f"a cycle of {key}", said.cycle, 100),
        label=clean(FEED, where, f"{product.title} {label}"),
        released_on=_day(where, said.released),
        eol=_said(where, said.eol),
        support_until=_said(where, said.eoas),
        extended_until=_said(where, said.eoes),
        long_term=_said(where, said.lts),
        latest=clean(FEED, where, said.latest or "", 200),
    )


def _of_answer(product: _Listed, said: _Release) -> Lifecycle:
    where = name(FEED, "a product", f"{product.name} {said.name}")
    return Lifecycle(
        product=name(FEED, "a product", product.name, 100),
        cycle=name(FEED, f"a cycle of {product.name}", said.name, 100),
        label=clean(FEED, where, f"{product.label or product.name} {said.label or said.name}"),
        released_on=_day(where, said.release_date) if said.release_date else None,
        eol=_said(where, said.eol_from or said.is_eol),
        support_until=_said(where, said.eoas_from or said.is_eoas),
        extended_until=_said(where, said.eoes_from or said.is_eoes),
        long_term=_said(where, said.lts_from or said.is_lts),
        latest=clean(FEED, where, (said.latest.name if said.latest else "") or "", 200),
    )


def _said(where: str, said: _Said) -> date | bool | None:
    return _day(where, said) if isinstance(said, str) else said


def _day(where: str, said: str) -> date:
    try:
        return date.fromisoformat(said)
    except ValueError as error:
        raise WrongShape(FEED, f"expected a day at {where}, got {shown(said)}") from error
