"""Text in, core's policy out: read, label the layers, check each shape, merge, compile, check the whole, build."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from pydantic import ValidationError

from patchring.core.policy.model import Policy
from patchring.policyfile.checks.activation import of_activation
from patchring.policyfile.checks.contradictions import contradictions
from patchring.policyfile.checks.warnings import warnings
from patchring.policyfile.compiling import Flat, flattened
from patchring.policyfile.complaints import problem_at, problem_of
from patchring.policyfile.errors import PolicyInvalid, Problem, Severity, in_order
from patchring.policyfile.layers import label
from patchring.policyfile.missing import rings_of
from patchring.policyfile.pages import Keys
from patchring.policyfile.reading import normalised, read_stream
from patchring.policyfile.shapes.partial import layer_shape
from patchring.policyfile.shapes.whole import PolicyShape
from patchring.policyfile.shapes.words import Shape
from patchring.policyfile.values import build

S = TypeVar("S", bound=Shape)


@dataclass(frozen=True)
class Checked:
    """A text that was looked at: `policy` None: it has errors. `problems` by file and line, warnings among them."""

    policy: Policy | None
    problems: tuple[Problem, ...]

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(each for each in self.problems if each.severity is Severity.ERROR)

    @property
    def warnings(self) -> tuple[Problem, ...]:
        return tuple(each for each in self.problems if each.severity is Severity.WARNING)

    def with_more(self, problems: Sequence[Problem]) -> "Checked":
        """The same with more to be said."""
        return Checked(self.policy, in_order([*self.problems, *problems]))


def fingerprint(text: str) -> str:
    """SHA-256, in hexadecimal, over the UTF-8 bytes of the text after NFC, without a byte-order mark and with lines
    ended by a line feed; nothing else of it is changed, comments and spaces count."""
    return hashlib.sha256(normalised(text).encode("utf-8", "surrogatepass")).hexdigest()


def load(text: str, source: str = "policy") -> Policy:
    """The policy of a text: one document, or a stream of layers. Raises PolicyInvalid with every error that was found;
    `source` names the text in messages. What is only warned of is not told: see `check`."""
    checked = check(text, source)
    if checked.policy is None:
        raise PolicyInvalid(source, checked.errors)
    return checked.policy


def check(text: str, source: str = "policy", today: date | None = None) -> Checked:
    """The policy of a text, and everything that is to be said of it. `today` tells which exceptions are over; None:
    nothing is said of that."""
    try:
        documents = read_stream(normalised(text), source)
    except PolicyInvalid as invalid:
        return Checked(None, invalid.problems)
    return check_documents(documents, fingerprint(text), today)


def check_documents(documents: Sequence[Keys], fingerprint: str, today: date | None = None) -> Checked:
    """The same of documents that were read, the widest first."""
    rings = rings_of(documents[0])
    problems = label(documents) or [each for document in documents for each in layer_problems(document, rings)]
    if problems:
        return Checked(None, in_order(problems))
    flat, problems = flattened(documents)
    if problems:
        return Checked(None, in_order(problems))
    return _whole(flat, fingerprint, today)


def layer_problems(document: Keys, rings: Sequence[str]) -> list[Problem]:
    """What is wrong with one document by itself; `rings` are the names of the baseline's. A baseline, like a policy
    that stands alone, is complete."""
    complete = document.mark.page.layer in ("policy", "baseline")
    return _shaped(PolicyShape if complete else layer_shape(), document, rings)[1]


def _shaped(kind: type[S], root: Keys, rings: Sequence[str]) -> tuple[S | None, list[Problem]]:
    try:
        return kind.model_validate(root), []
    except ValidationError as error:
        return None, [problem_of(dict(each), root, rings) for each in error.errors(include_url=False)]


def _whole(flat: Flat, fingerprint: str, today: date | None) -> Checked:
    shape, problems = _shaped(PolicyShape, flat.root, rings_of(flat.root))
    if shape is None:
        return Checked(None, in_order(problems))
    problems = [problem_at(flat.root, location, text) for location, text in contradictions(shape)]
    problems += _unready(shape, flat)
    if any(each.severity is Severity.ERROR for each in problems):
        return Checked(None, in_order(problems))
    policy = build(shape, flat, fingerprint)
    told = (
        problem_at(flat.root, where, text, Severity.WARNING) for where, text in warnings(shape, policy, flat, today)
    )
    return Checked(policy, in_order([*flat.notes, *problems, *told]))


def _unready(shape: PolicyShape, flat: Flat) -> Iterator[Problem]:
    """What is missing before it may go by itself: errors in a stream, told of a policy that stands alone."""
    layered = flat.layers != ("policy",)
    for location, text, needed in of_activation(shape, flat.root):
        severity = Severity.ERROR if layered and needed else Severity.WARNING
        yield problem_at(flat.root, location, text, severity)
