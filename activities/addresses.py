"""Which network addresses a page or feed may come from: public ones only, unless told so."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""Host and port to all addresses the name has, as text; raises ``OSError``."""

# Special ranges of the IANA registries that some supported Python versions call global.
_NOT_PUBLIC = tuple(
    ip_network(block)
    for block in (
        "100.64.0.0/10",  # carrier-grade NAT
        "192.0.0.0/24",
        "192.88.99.0/24",  # 6to4 relays, withdrawn
        "64:ff9b:1::/48",  # local-use NAT64
        "2001::/23",  # Teredo, ORCHID and other protocol assignments
        "3fff::/20",  # documentation
        "5f00::/16",  # segment routing
        "fec0::/10",  # site-local, withdrawn
    )
)
_NAT64 = ip_network("64:ff9b::/96")
_IPV4_COMPATIBLE = ip_network("::/96")


async def resolve(host: str, port: int) -> list[str]:
    """All addresses of ``host`` by the system's resolver, in its order of preference."""
    loop = asyncio.get_running_loop()
    answers = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(answer[4][0]) for answer in answers))


def is_public(address: str) -> bool:
    """Whether ``address`` is an ordinary address of the public Internet.

    An IPv6 address that carries an IPv4 one inside (mapped, compatible, 6to4, NAT64) counts as
    public only when the inner one does: it leads there.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, IPv6Address):
        if parsed.scope_id is not None:
            return False
        inner = _carried(parsed)
        if inner is not None:
            return is_public(str(inner))
    return (
        parsed.is_global
        and not parsed.is_multicast
        and not parsed.is_reserved
        and not parsed.is_unspecified
        and not any(parsed in block for block in _NOT_PUBLIC)
    )


def _carried(address: IPv6Address) -> IPv4Address | None:
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address in _NAT64 or address in _IPV4_COMPATIBLE:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return None
