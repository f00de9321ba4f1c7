"""What was read, with the place that each value was written at. Containers carry the marks of what is in them, so that
merged and compiled texts still know file, line and path of every value."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

Location = tuple[int | str, ...]


@dataclass
class Page:
    """One document of a stream. `offset` is how many lines of `source` come before its first line. `layer` is set when
    the document said which it is; `policy` for a document that stands alone. `commented` are the lines, from 1 in the
    document, where a comment follows a value that has no quotes."""

    source: str
    offset: int = 0
    layer: str = "policy"
    commented: set[int] = field(default_factory=set, compare=False)


class Mark(NamedTuple):
    """Where something is written: `line` counts from 1 in its document; `path` is like `rings[0].soak.time`."""

    page: Page
    line: int
    path: str


class Keys(dict[str, Any]):
    """A mapping that knows where each of its keys was written, and where it begins itself."""

    __slots__ = ("mark", "marks")

    def __init__(self, mark: Mark) -> None:
        super().__init__()
        self.mark = mark
        self.marks: dict[str, Mark] = {}

    def put(self, key: str, value: Any, mark: Mark) -> None:
        self[key] = value
        self.marks[key] = mark

    def copy(self) -> "Keys":
        """A mapping of its own with the same values."""
        other = Keys(self.mark)
        other.update(self)
        other.marks.update(self.marks)
        return other


class Rows(list[Any]):
    """A list that knows where each of its items was written."""

    __slots__ = ("marks",)

    def __init__(self) -> None:
        super().__init__()
        self.marks: list[Mark] = []

    def put(self, value: Any, mark: Mark) -> None:
        self.append(value)
        self.marks.append(mark)


def mark_of(root: Keys, location: Location) -> tuple[Mark, Location]:
    """The mark of the value at a location, or of the nearest thing around it, and what of the location is left."""
    mark: Mark = root.mark
    value: Any = root
    for at, part in enumerate(location):
        if isinstance(value, Keys) and part in value.marks:
            mark = value.marks[str(part)]
        elif isinstance(value, Rows) and isinstance(part, int) and part < len(value):
            mark = value.marks[part]
        else:
            return mark, location[at:]
        value = value[part]
    return mark, ()


def path_of(location: Location, before: str = "") -> str:
    """`rings[0].soak.time`."""
    path = before
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path
