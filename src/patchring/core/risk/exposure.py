"""Whether a device is likely to be reached from the internet (C6): a proposal, which a person confirms.

Until somebody does, a device counts as exposed. A proposal never changes that; it says where to look first. What
devices listen on is not reported yet, so the software that serves others stands for it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from patchring.core.devices import DeviceClass
from patchring.core.reason import Reason, reason

EDGE_ROLES = frozenset(
    {"web", "proxy", "reverse_proxy", "vpn", "gateway", "firewall", "mail", "mail_gateway", "dns", "ftp", "rds_gateway"}
)
# Packages whose work is to be reached, by the names of package managers.
SERVING = (
    "apache2", "httpd", "nginx", "caddy", "haproxy", "lighttpd", "traefik", "openvpn", "wireguard", "strongswan",
    "postfix", "exim4", "sendmail", "dovecot-core", "bind9", "bind", "vsftpd", "proftpd-core", "openssh-server",
)  # fmt: skip
_DESKS = frozenset({DeviceClass.WORKSTATION, DeviceClass.LAPTOP, DeviceClass.KIOSK, DeviceClass.POINT_OF_SALE})


@dataclass(frozen=True)
class Seen:
    """What is known of a device. `serving`: those of SERVING that it has. `from_outside_at`: when a scan from outside
    last reached it; None: none did."""

    device_class: DeviceClass
    roles: Collection[str]
    serving: Collection[str]
    from_outside_at: datetime | None = None


@dataclass(frozen=True)
class Proposal:
    """`exposed` None: nothing speaks for either. The reasons come strongest first, at least one."""

    exposed: bool | None
    reasons: tuple[Reason, ...]


def propose(seen: Seen) -> Proposal:
    """What a person should look at first."""
    found = []
    if seen.from_outside_at is not None:
        found.append(reason("seen_from_outside", f"a scan from outside reached it on {seen.from_outside_at:%Y-%m-%d}"))
    edge = sorted(EDGE_ROLES.intersection(seen.roles))
    if edge:
        found.append(reason("role_at_edge", f"its role is {', '.join(edge)}"))
    if seen.serving:
        found.append(reason("serves_others", f"it has {', '.join(sorted(seen.serving))}"))
    if found:
        return Proposal(True, tuple(found))
    if seen.device_class in _DESKS:
        text = f"a {seen.device_class.replace('_', ' ')} without software that serves others"
        return Proposal(False, (reason("nothing_serves", text),))
    return Proposal(None, (reason("unknown", "nothing speaks for either, so it counts as exposed"),))
