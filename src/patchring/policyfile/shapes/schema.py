"""JSON Schema, for editors: `# yaml-language-server: $schema=...`."""

from typing import Any

from patchring.policyfile.shapes.partial import layer_shape
from patchring.policyfile.shapes.whole import PolicyShape

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema(*, layer: bool = False) -> dict[str, Any]:
    """The schema of a complete policy, or of one layer of several."""
    shape = layer_shape() if layer else PolicyShape
    return {"$schema": _DIALECT, **shape.model_json_schema()}
