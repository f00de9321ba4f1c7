"""Which addresses a feed may be got from."""

import ipaddress

import httpx


class Refused(Exception):
    """What a server wants is not done; asking again would not change it."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind


def safe_address(said: str | httpx.URL, *, plain_loopback: bool) -> httpx.URL:
    """The address, if it is https with a host and no credentials in it. Raises Refused."""
    try:
        address = httpx.URL(said)
    except httpx.InvalidURL as error:
        raise Refused("feed_address", f"expected an https address, got one that is none ({error})") from error
    plain = address.scheme == "http" and plain_loopback and _is_loopback(address.host)
    if not (address.scheme == "https" or plain) or not address.host:
        raise Refused("feed_insecure", f"expected an https address, got {str(address)[:200]!r}: use https")
    if address.userinfo:
        raise Refused("feed_address", f"expected an address without a password in it (host {address.host})")
    return address


def next_address(here: httpx.URL, location: str, *, plain_loopback: bool) -> httpx.URL:
    """Where a redirect leads; never from https to http. Raises Refused, httpx.InvalidURL."""
    if not location:
        raise Refused("feed_redirects", "expected a redirect to say where to, it does not")
    return safe_address(here.join(location), plain_loopback=plain_loopback and here.scheme == "http")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
