"""How far a call may reach: a host is looked up once, its address is judged, and that very address is called.

In earnest only public addresses are called, so that nobody who may name a host can make this machine
talk to itself or to its neighbours; hosts of the office's own network are named in a setting. In a
rehearsal nothing but this machine is called.
"""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any
from urllib.request import getproxies, proxy_bypass

from urllib3.util import connection as urllib3_connection

from tracker.notify.relay import is_loopback

# of the "global" addresses of either kind, those that lead elsewhere than they say, or to nobody
_V6_PUBLIC = ip_network("2000::/3")
_V6_NOT = tuple(map(ip_network, ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")))
_V4_NOT = tuple(map(ip_network, ("0.0.0.0/8", "192.0.0.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24",
                                 "192.175.48.0/24", "198.18.0.0/15", "240.0.0.0/4")))  # fmt: skip
_PRIVATE = tuple(map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")))
_ISATAP = (0x00005EFE, 0x02005EFE)

Address = IPv4Address | IPv6Address
Found = tuple[int, tuple[Any, ...]]


class Forbidden(OSError):
    """A call that may not be made, whatever the host answers."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Who may be called: the world, or in a rehearsal this machine; `intranet` hosts may have private addresses."""

    rehearsal: bool
    intranet: frozenset[str] = field(default_factory=frozenset)

    def refusal(self, host: str, address: str) -> str | None:
        """Return why an address of a host may not be called, None when it may.

        >>> Reach(False).refusal("a.example", "10.0.0.1"), Reach(False).refusal("a.example", "9.9.9.9")
        ('a.example is 10.0.0.1, which is no public address', None)
        """
        found = ip_address(address.partition("%")[0])
        if self.rehearsal:
            return None if found.is_loopback else "rehearsal delivers only to loopback"
        inside = host.lower().rstrip(".") in self.intranet and any(_within(found, one) for one in _PRIVATE)
        return None if is_public(found) or inside else f"{host} is {found}, which is no public address"


@lru_cache(maxsize=1024)
def is_public(address: Address) -> bool:
    """Return whether an address is somewhere in the world, and nothing else in disguise.

    >>> [is_public(ip_address(one)) for one in ("1.1.1.1", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1", "127.0.0.1")]
    [True, False, False, False]
    """
    if not address.is_global or address.is_multicast:
        return False
    if isinstance(address, IPv4Address):
        return not any(_within(address, one) for one in _V4_NOT)
    inside = int(address) >> 32 & 0xFFFFFFFF  # where ISATAP says that an IPv4 address follows
    return _within(address, _V6_PUBLIC) and inside not in _ISATAP and not any(_within(address, n) for n in _V6_NOT)


def look_up(host: str, port: int, *, within: float) -> tuple[Found, ...]:
    """Return the addresses of a host, asked for once; raises OSError where there is none in time."""
    if literal := _literal(host):  # nobody need be asked
        if literal.version == 4:
            return ((socket.AF_INET, (str(literal), port)),)
        return ((socket.AF_INET6, (str(literal), port, 0, 0)),)
    found: list[Found] = []
    trouble: list[OSError] = []

    def ask() -> None:
        try:
            answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
            found.extend((family, address) for family, _, _, _, address in answers)
        except (OSError, UnicodeError) as error:
            trouble.append(error if isinstance(error, OSError) else OSError("no name"))

    asking = threading.Thread(target=ask, daemon=True)  # the system's resolver knows no time-out of ours
    asking.start()
    asking.join(within)
    if asking.is_alive():
        raise TimeoutError(f"no name server answered within {within:.0f} s")
    if trouble:
        raise trouble[0]
    return tuple(found)


def _literal(host: str) -> Address | None:
    """Return the address that a host is written as; None for a name, and for an address of one wire alone."""
    try:
        return ip_address(host) if "%" not in host else None
    except ValueError:
        return None


def call(host: str, port: int, *, reach: Reach, until: float) -> socket.socket:
    """Return a connection to one of a host's addresses, every one of which may be called.

    Raises Forbidden where one of them may not, other OSErrors where none answers until then.
    """
    found = look_up(host, port, within=_left(until))
    for _, address in found:
        if why := reach.refusal(host, address[0]):
            raise Forbidden(why)
    trouble: OSError = OSError("it has no address")
    for family, address in found:
        try:
            return dial(family, address, within=_left(until))
        except OSError as error:
            trouble = error
    raise trouble


def dial(family: int, address: tuple[Any, ...], *, within: float) -> socket.socket:
    """Return a connection to exactly this address."""
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.settimeout(within)
        made.connect(address)
    except BaseException:
        made.close()
        raise
    return made


def why_not(error: OSError, seconds: float) -> str:
    """Return why there is no connection, in a few words of our own."""
    if isinstance(error, TimeoutError):
        return f"not within {seconds:.0f} s"
    if isinstance(error, socket.gaierror):
        return "the name is not known"
    return (error.strerror or type(error).__name__).lower()


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError("no answer in time")
    return left


def _within(address: Address, network: Any) -> bool:
    return address in network


def proxied(host: str) -> bool:
    """Return whether a call to a host would go through a proxy of the environment."""
    return bool(getproxies()) and not proxy_bypass(host)


class Calls:
    """What one thread of ours may call through urllib3, for how long, and what became of it."""

    def __init__(self, reach: Reach, until: float) -> None:
        self.reach, self.until = reach, until
        self.failed: list[OSError] = []
        self._twins: list[socket.socket] = []
        places = _places(getproxies().values())
        self.proxies = frozenset(place.rpartition("@")[2].partition(":")[0] for place in places)

    def connect(self, host: str, port: int) -> socket.socket:
        """Return a connection to a judged address; raises OSError, and remembers it."""
        try:
            made = call(host, port, reach=self.reach, until=self.until)
        except OSError as error:
            self.failed.append(error)
            raise
        self._twins.append(made.dup())
        return made

    @property
    def reached(self) -> bool:
        """Return whether anybody was connected to."""
        return bool(self._twins)

    def cut(self) -> None:
        """End every connection: whoever reads of it reads its end."""
        for twin in self._twins:
            with suppress(OSError):
                twin.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Give back what was needed to cut."""
        for twin in self._twins:
            twin.close()


_mine = threading.local()
_created: Callable[..., socket.socket] = urllib3_connection.create_connection


def _create(address: tuple[str, int], *args: Any, **options: Any) -> socket.socket:
    mine: Calls | None = getattr(_mine, "call", None)
    host = address[0].strip("[]")
    if mine is None or host in mine.proxies:
        return _created(address, *args, **options)
    return mine.connect(host, address[1])


@contextmanager
def guarded(reach: Reach, seconds: float) -> Iterator[Calls]:
    """Yield what becomes of it, while every call of this thread through urllib3 goes to a judged address.

    After so many seconds all of them are cut, however slowly somebody answers.
    """
    urllib3_connection.create_connection = _create
    _mine.call = made = Calls(reach, time.monotonic() + seconds)
    ending = threading.Timer(seconds, made.cut)
    ending.daemon = True
    ending.start()
    try:
        yield made
    finally:
        _mine.call = None
        ending.cancel()
        ending.join()
        made.close()


def _places(urls: Any) -> Iterator[str]:
    for url in urls:
        yield url.partition("://")[2].partition("/")[0] or url


def stays(host: str) -> bool:
    """Return whether a call to a host stays on this machine: it is its very name, and no proxy stands between."""
    return bool(host) and is_loopback(host) and not proxied(host)
