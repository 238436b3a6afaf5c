"""The network that a request comes from, for limits of what is open without a key."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from flask import request

from shared.web.service import current_service

_IPV6_PREFIX: Final = 64  # what a provider gives to one customer
_MOST_HOPS: Final = 20


def client_network() -> str:
    """The client's network, `192.0.2.1/32` or `2001:db8::/64`; empty if the peer has no address.

    Behind a proxy of TRUSTED_PROXIES the client is the last address in `X-Forwarded-For` that is no such proxy's;
    addresses before it are what the client says, and count for nothing.
    """
    proxies = current_service().trusted_proxies
    hops = ",".join(request.headers.getlist("X-Forwarded-For")).split(",")[-_MOST_HOPS:]
    client = _address(request.remote_addr or "")
    while client is not None and hops and any(client in proxy for proxy in proxies):
        named = _address(hops.pop())
        if named is None:
            break
        client = named
    return "" if client is None else str(_network(client))


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(text.strip())
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def _network(address: IPv4Address | IPv6Address) -> IPv4Network | IPv6Network:
    return ip_network((address, _IPV6_PREFIX if isinstance(address, IPv6Address) else 32), strict=False)
