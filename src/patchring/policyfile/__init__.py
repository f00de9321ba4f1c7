"""YAML and pydantic in, core's policy out."""

from patchring.policyfile.errors import PolicyInvalid, Problem
from patchring.policyfile.load import fingerprint, load
from patchring.policyfile.shape import json_schema
from patchring.policyfile.zones import zone, zones_version

__all__ = ["PolicyInvalid", "Problem", "fingerprint", "json_schema", "load", "zone", "zones_version"]
