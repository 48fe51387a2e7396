"""Where a request came from: seen through the proxies that the settings name, and nobody else's words.

A household or a ward has one IPv4 address, but a whole /64 of IPv6 (RFC 6177): that is one source here.
"""

import asyncio
from functools import cache, partial
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from reporting.domain.actors import Actor
from reporting.errors import UnsafeSettings
from reporting.settings import settings
from reporting.shell import act_sessions
from reporting.shell.web_html import source_of

Address = IPv4Address | IPv6Address


@cache
def _networks(given: str) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(ip_network(one.strip(), strict=False) for one in given.split(",") if one.strip())
    except ValueError as error:
        raise UnsafeSettings(f"REPORTING_TRUSTED_PROXIES: {error}.") from error


def read_address(text: str) -> Address | None:
    """An address as headers write it: with a port, in brackets, IPv4 within IPv6; None for anything else."""
    bare = text.strip()
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        found = ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found


def _is_trusted(address: Address) -> bool:
    return any(address in network for network in _networks(settings().trusted_proxies))


def client_of(peer: str, forwarded: list[str]) -> str:
    """Who asks: ``peer``, or behind trusted proxies the last in X-Forwarded-For (its lines in their order) that is
    none of them. What stands further left anybody can write."""
    found = read_address(peer)
    if found is None:
        return peer
    hops = [hop for line in forwarded for hop in line.split(",")]
    while _is_trusted(found) and hops:
        said = read_address(hops.pop())
        if said is None:
            break
        found = said
    return str(found)


async def slowed(request: Request, way: str, by: Actor | None = None) -> str:
    """The source of a request that tries to come in by that ``way``, once it has waited as long as failures before
    make it. Nobody is locked out by what others behind the same address do."""
    source = source_of(request)
    seconds = await run_in_threadpool(act_sessions.slowness_s, way, source)
    if seconds:
        await run_in_threadpool(partial(act_sessions.note, "throttled", way, by=by, source=source))
        await asyncio.sleep(seconds)
    return source
