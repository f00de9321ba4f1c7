"""YAML and pydantic in, core's policy out."""

from patchring.policyfile.errors import PolicyInvalid, Problem, Severity
from patchring.policyfile.load import Checked, check, fingerprint, load
from patchring.policyfile.shapes.schema import json_schema
from patchring.policyfile.tree import Tree, check_layer, check_tree
from patchring.policyfile.zones import zone, zones_version

__all__ = [
    "Checked",
    "PolicyInvalid",
    "Problem",
    "Severity",
    "Tree",
    "check",
    "check_layer",
    "check_tree",
    "fingerprint",
    "json_schema",
    "load",
    "zone",
    "zones_version",
]
