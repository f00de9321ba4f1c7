"""From a shape without contradictions to core's policy."""

from patchring.policyfile.values.policy import build

__all__ = ["build"]
