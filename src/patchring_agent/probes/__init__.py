"""Questions about the health of this device, with typed results.

`unit:NAME` a systemd unit is active; `tcp:HOST:PORT` a connection is accepted; `http://...` or `https://...` answers
below 400, or as ` status=204` and ` body=TEXT` behind it say; `boot-id` names this boot. A probe that cannot be read
is `unknown`: that is never a pass.
"""

from patchring_agent.probes.run import run_probes

__all__ = ["run_probes"]
