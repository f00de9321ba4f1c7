"""Text in, core's policy out: read, check the shape, check what a shape cannot say, build."""

import hashlib

from pydantic import ValidationError

from patchring.core.policy.model import Policy
from patchring.policyfile.build import build
from patchring.policyfile.checks import contradictions
from patchring.policyfile.complaints import problem_of
from patchring.policyfile.errors import PolicyInvalid, Problem
from patchring.policyfile.reading import normalised, read_yaml
from patchring.policyfile.shape import PolicyShape


def fingerprint(text: str) -> str:
    """SHA-256, in hexadecimal, over the UTF-8 bytes of the text after NFC, without a byte-order mark and with lines
    ended by a line feed; nothing else of it is changed, comments and spaces count."""
    return hashlib.sha256(normalised(text).encode("utf-8", "surrogatepass")).hexdigest()


def load(text: str, source: str = "policy") -> Policy:
    """The policy of a text. Raises PolicyInvalid with every problem that was found; `source` names it in messages."""
    value, lines = read_yaml(normalised(text), source)
    try:
        shape = PolicyShape.model_validate(value)
    except ValidationError as error:
        raise PolicyInvalid(source, [problem_of(dict(each), lines) for each in error.errors()]) from error
    problems = [Problem(lines.of(path), path, text) for path, text in contradictions(shape)]
    if problems:
        raise PolicyInvalid(source, problems)
    return build(shape, lines, fingerprint(text))
