"""Three clients and what a patch administrator would do first there, line by line, written down before it was asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

ALL = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
CLICK = "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H"
LITTLE = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:N"
SMALL = "CVSS:3.1/AV:L/AC:H/PR:L/UI:R/S:U/C:L/I:N/A:N"


@dataclass(frozen=True)
class Hole:
    """Where it is, what it gives, and why its line stands there. `old`: it was known three weeks before the rest.
    `epss` in millionths."""

    places: tuple[str, ...]
    vector: str
    why: str
    exploited: bool = False
    old: bool = False
    epss: int = 1_000


@dataclass(frozen=True)
class Fleet:
    """`places`: how many devices, and their facts. `holes` in the order written by hand; only ten are asked for."""

    name: str
    places: Mapping[str, tuple[int, Mapping[str, Any]]]
    holes: Sequence[Hole]


PRACTICE = Fleet(
    "practice",
    {
        "web": (1, {"internet_facing": True, "criticality": "high"}),
        "imaging": (1, {"criticality": "mission"}),  # nobody said whether it faces the internet
        "office": (2, {"internet_facing": False}),
        "one": (1, {"internet_facing": False}),
    },
    [
        Hole(("web",), SMALL, "somebody breaks in by this very hole, and ours is reachable", exploited=True),
        Hole(("office", "one"), SMALL, "used elsewhere; ours is behind the router, but it is used", exploited=True),
        Hole(("imaging",), ALL, "no user needed, gives everything, where without it nothing works"),
        Hole(("web",), ALL, "the same on what can be rebuilt in an hour"),
        Hole(("web",), LITTLE, "can be done by a program, so it will be, though it gives a little"),
        Hole(("web",), CLICK, "gives everything, but somebody has to click", epss=900_000),
        Hole(("office", "one"), ALL, "inside, everything without a user, on three computers"),
        Hole(("one",), ALL, "the same on one", epss=999_000),
        Hole(("office", "one"), SMALL, "inside, small; FIRST expects it to be used", epss=600_000),
        Hole(("office", "one"), SMALL, "inside, small", epss=2_000),
    ],
)

LAW_FIRM = Fleet(
    "law-firm",
    {
        "mail": (1, {"internet_facing": True, "criticality": "mission"}),
        "files": (1, {"internet_facing": False, "criticality": "high"}),
        "laptops": (6, {}),  # taken home and to court: nobody can say that nothing reaches them
        "reception": (1, {"internet_facing": False, "criticality": "low"}),
    },
    [
        Hole(("mail",), LITTLE, "programs use it against such servers now", exploited=True),
        Hole(("laptops",), CLICK, "used now, by mail; six people who click", exploited=True),
        Hole(("files",), SMALL, "used by those who are inside already", exploited=True),
        Hole(("mail",), ALL, "the next one that will be used, where everything passes"),
        Hole(("laptops",), ALL, "the same where no client's mail stops"),
        Hole(("mail",), LITTLE, "a program can read a little, from anywhere"),
        Hole(("laptops",), CLICK, "somebody has to click", epss=800_000),
        Hole(("files",), ALL, "from inside only; all the files"),
        Hole(("reception",), ALL, "from inside only; a calendar and a telephone list"),
        Hole(("files",), SMALL, "small"),
        Hole(("reception",), SMALL, "small, and who would mind", epss=950_000),
    ],
)

SHOP = Fleet(
    "shop",
    {
        "tills": (4, {"internet_facing": False, "criticality": "mission"}),
        "web": (2, {"internet_facing": True, "criticality": "high"}),
        "office": (3, {"internet_facing": False}),
        "cameras": (1, {"criticality": "low"}),  # brought by another company: nobody said
    },
    [
        Hole(("web",), SMALL, "used now, and ours is reachable", exploited=True),
        Hole(("office",), CLICK, "used now; inside", exploited=True),
        Hole(("cameras",), LITTLE, "two weeks were promised three weeks ago, for what may be reachable", old=True),
        Hole(("web",), ALL, "three days from now; customers pay here"),
        Hole(("cameras",), ALL, "the same on the recorder"),
        Hole(("web",), LITTLE, "by a program, a little"),
        Hole(("web",), CLICK, "everything, for who gets somebody to click"),
        Hole(("tills",), ALL, "inside; without them nothing is sold"),
        Hole(("office",), ALL, "inside; three office computers"),
        Hole(("tills",), SMALL, "small, on the tills"),
        Hole(("office",), SMALL, "small, in the office; expected to be used, which decides nothing", epss=990_000),
    ],
)

FLEETS = (PRACTICE, LAW_FIRM, SHOP)
