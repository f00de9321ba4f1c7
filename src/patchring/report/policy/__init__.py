"""A policy as a document that a client reads and signs: eight sections, one file each, all pure."""

from patchring.report.policy.document import policy_document
from patchring.report.policy.edition import Edition

__all__ = ["Edition", "policy_document"]
