"""Compiling layers changes nothing for any device."""

from typing import Any

from hypothesis import HealthCheck, given, settings

from patchring.core.devices import DeviceFacts
from patchring.policyfile import load
from tests.policyfile.layered import as_text, concerning, devices, documents, effect, merged_policy


@given(stream=documents(), device=devices())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_stream_is_what_merging_the_layers_of_each_device_would_be(
    stream: list[dict[str, Any]], device: DeviceFacts
) -> None:
    """Segment, ring, window, restarts, way back, approvals, urgency and blackouts of any device are those of merging
    only the layers that concern it."""
    whole = load(as_text(stream))
    assert effect(whole, device) == effect(merged_policy(concerning(stream, device)), device)
