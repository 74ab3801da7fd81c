"""Every other service, through Apprise: a chat room, a team, a telephone; by typed fields, or by a URL of the old form.

One channel is one service and one target, so that "half of it arrived" cannot happen. Apprise
says only yes or no; its reason is read from its log, without the secrets such a URL is made of.
"""

import logging
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from apprise import Apprise, AppriseAsset, NotifyBase
from apprise.common import NotifyFormat
from apprise.manager_plugins import NotificationManager

from tracker.notify.kinds import KINDS, host_of
from tracker.notify.notice import folded
from tracker.notify.outcome import Outcome
from tracker.notify.plugin import SCHEMA
from tracker.notify.reach import Calls, Forbidden, Reach, guarded, proxied, why_not
from tracker.notify.relay import is_loopback
from tracker.notify.way import Way

ASSET = AppriseAsset(async_mode=False, secure_logging=True, http_redirects=False, app_id="tracker")

# For these the host in the URL is the host called. A chat service's URL looks alike, but what
# stands in the host's place is a token, and the call leaves the machine whatever it says.
SELF_HOSTED = frozenset(("json", "jsons", "xml", "xmls", "form", "forms"))
_MAIL = frozenset(("mailto", "mailtos", SCHEMA))
_SCHEMA = re.compile(r"([a-z0-9][a-z0-9+.-]{0,30})://", re.IGNORECASE)
_NOISY = ("apprise", "urllib3")
_REASON_MAX = 300
SECONDS = 5.0
_STATUS = re.compile(r"error=([1-5]\d\d)\b")

_manager: Callable[[], Any] = NotificationManager
_loading = threading.Lock()


def _registry() -> Any:
    """Return the services that Apprise knows; it reads them at the first question, which only one thread may ask."""
    with _loading:
        manager = _manager()
        manager.load_modules()
        return manager


def wrong_with(channel: str) -> str | None:
    """Return what is wrong with a service's URL, as a sentence without the URL; None when fine."""
    found = _SCHEMA.match(channel)
    if not found:
        return "the channel is neither an e-mail address nor the URL of a service"
    schema = found[1].lower()
    if schema in _MAIL:
        return f"{schema}:// is not for channels: write the e-mail address alone"
    with _quiet():
        if schema not in _registry() and schema not in ("http", "https"):
            return f"Apprise knows no service called {schema}://"
        apprise = _loaded(channel)
    if apprise is None:
        return f"the {schema}:// URL cannot be read: a part is missing or misspelt"
    services = list(apprise.find())
    if len(services) != 1 or len(services[0]) > 1:
        return "the channel names several recipients; give each a channel of its own"
    return None


def leaves_the_machine(channel: str) -> bool:
    """Return whether sending to the channel could reach beyond this machine."""
    try:
        host = urlsplit(channel).hostname or ""
    except ValueError:  # no URL at all, which is reason enough to keep it here
        return True
    if _schema(channel) not in SELF_HOSTED or not is_loopback(host):
        return True
    return bool(getproxies()) and not proxy_bypass(host)  # a proxy carries even 127.0.0.1 elsewhere


def notify(channel: str, *, title: str, body: str, identity: str, reach: Reach) -> Outcome:
    """Return what became of one message to one URL of the old form. `identity` is the same for every copy."""
    with _quiet() as said, guarded(reach, SECONDS) as calls:
        apprise = _loaded(channel)
        if apprise is None:
            return Outcome("permanent", None, "configuration: Apprise cannot read the channel")
        for service in apprise.find():
            _identify(service, channel, identity)
        result = apprise.notify(body=body, title=title, body_format=NotifyFormat.TEXT)
        reason = _reason(said, channel)
    if calls.failed and isinstance(calls.failed[-1], Forbidden):
        return Outcome("permanent", None, "configuration: the URL leads to no public address: set the channel again")
    if result is None:
        return Outcome("permanent", None, "configuration: no service took the message")
    return Outcome("accepted", None, "taken by the service") if result else Outcome("temporary", None, reason)


def tell(way: Way, *, title: str, body: str, reach: Reach) -> Outcome:
    """Return what became of one message to one service of our list; nothing that it wrote is repeated but a status."""
    kind, host = KINDS[way.kind], host_of(way)
    if host and proxied(host):
        why = f"a proxy of the environment stands before {host}: name the host in no_proxy"
        return Outcome("permanent", None, f"configuration: {why}")
    with _quiet() as said, guarded(reach, SECONDS) as calls:
        try:
            apprise = _loaded(kind.told(way.fields) if kind.told else {})
            services = list(apprise.find()) if apprise else []
            if apprise is None or len(services) != 1 or len(services[0]) != 1:
                return Outcome("permanent", None, f"configuration: the fields make no {way.kind} channel")
            done = apprise.notify(body=body, title=title, body_format=NotifyFormat.TEXT)
        except Exception as error:  # its message could hold anything
            return Outcome("temporary", None, f"{way.kind} could not be told: {type(error).__name__}")
        return Outcome("accepted", None, "taken by the service") if done else _untold(way, " ".join(said), calls)


def _untold(way: Way, said: str, calls: Calls) -> Outcome:
    if calls.failed and isinstance(calls.failed[-1], Forbidden):
        return Outcome("permanent", None, f"configuration: {calls.failed[-1]}")
    if found := _STATUS.search(said):
        return Outcome("temporary", int(found[1]), f"{way.kind} answered {found[1]}")
    if calls.reached:
        return Outcome("unknown", None, f"{way.kind} did not say that it took the message")
    if calls.failed:
        return Outcome("temporary", None, f"no connection to {way.kind}: {why_not(calls.failed[-1], SECONDS)}")
    return Outcome("temporary", None, f"{way.kind} did not take the message")


def _loaded(channel: str | dict[str, Any]) -> Apprise | None:
    """Return Apprise holding the channel, held to one honest attempt; None if it cannot be read."""
    apprise = Apprise(asset=ASSET)
    if not apprise.add(channel if isinstance(channel, str) else _made(channel)):
        return None
    for service in apprise.find():
        # A URL may ask for these, and each would falsify an outcome: retries hide failures,
        # `optional` calls a failure success, a redirect delivers to another host than checked.
        service.retry, service.wait, service.optional, service.redirects = 0, 0.0, False, False
    return apprise


def _made(told: dict[str, Any]) -> NotifyBase:
    """Return one service; not by Apprise's own door, which writes what it cannot read to its log."""
    made: NotifyBase = _registry()[told["schema"]](**told, asset=ASSET)
    return made


def _identify(service: NotifyBase, channel: str, identity: str) -> None:
    """Let a webhook's receiver see that a repeated call is the same reminder."""
    headers = getattr(service, "headers", None)
    if isinstance(headers, dict) and _schema(channel) in SELF_HOSTED:
        headers["Idempotency-Key"] = identity


class _Said(logging.Handler):
    """What Apprise wrote on this thread, warnings and worse."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.thread, self.lines = threading.get_ident(), list[str]()

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self.thread:
            self.lines.append(record.getMessage())


class _Hush:
    """Loggers kept to ourselves while anybody here calls: at ERROR and at DEBUG they write passwords and tokens."""

    def __init__(self) -> None:
        self._lock, self._within = threading.Lock(), 0
        self._before: dict[str, bool] = {}

    def __enter__(self) -> None:
        with self._lock:
            if not self._within:
                self._before = {name: logging.getLogger(name).propagate for name in _NOISY}
                for name in _NOISY:
                    logging.getLogger(name).propagate = False
            self._within += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._within -= 1
            if not self._within:
                for name, propagate in self._before.items():
                    logging.getLogger(name).propagate = propagate


_hush = _Hush()


@contextmanager
def _quiet() -> Iterator[list[str]]:
    """Yield what Apprise says on this thread, while nobody else hears it."""
    logger, said = logging.getLogger(_NOISY[0]), _Said()
    with _hush:
        logger.addHandler(said)
        try:
            yield said.lines
        finally:
            logger.removeHandler(said)


def _reason(said: Sequence[str], channel: str) -> str:
    lines = "; ".join(filter(None, map(str.strip, said)))
    return folded(_masked(lines, channel))[:_REASON_MAX] or "the service refused without a reason"


def _masked(text: str, channel: str) -> str:
    for secret in sorted(_secrets(channel), key=len, reverse=True):
        text = text.replace(secret, "***")
    return text


def _schema(channel: str) -> str:
    return channel.partition("://")[0].lower()


def _secrets(channel: str) -> set[str]:
    """Return every part of the URL that may be a password or a token."""
    place, *rest = re.split(r"[/?#]", channel.partition("://")[2], maxsplit=1)
    login, _, host = place.rpartition("@")
    pieces = re.split(r"[/?&=:#]", "/".join((login, *rest)))
    if _schema(channel) not in SELF_HOSTED:
        pieces += host.split(":")
    found = {channel, *pieces, *map(unquote, pieces)}
    return {piece for piece in found if len(piece) > 2}
