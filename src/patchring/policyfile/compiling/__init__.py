"""From several layers to one flat text: core sees a table of segments, whoever wrote its rows."""

from patchring.policyfile.compiling.flat import Flat
from patchring.policyfile.compiling.whole import flattened

__all__ = ["Flat", "flattened"]
