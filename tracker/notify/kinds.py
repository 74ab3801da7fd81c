"""The kinds of channels: which fields each has, which of them are secret, and what Apprise is told of them.

Nobody writes a URL of Apprise's, which could ask for redirects, retries or a false success: of a
service only what stands here reaches it, and a URL that a service hands out is taken apart first.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tracker.notify.relay import is_loopback
from tracker.notify.way import MAIL, WEBHOOK, Way
from tracker.notify.webhook import signing_key, wrong_url

Fields = Mapping[str, str]
LONGEST = 2_000


@dataclass(frozen=True, slots=True)
class Field:
    """One thing to fill in: what it is, how it is written, and whether it is a secret."""

    name: str
    says: str
    pattern: str
    secret: bool = False
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of channel. `shown` names the field its public address tells, and `told` makes Apprise's arguments."""

    name: str
    says: str
    fields: tuple[Field, ...]
    shown: str = ""
    told: Callable[[Fields], dict[str, Any]] | None = field(default=None, repr=False)

    @property
    def secrets(self) -> tuple[Field, ...]:
        """Return the fields that are secrets."""
        return tuple(one for one in self.fields if one.secret)

    @property
    def hosted(self) -> bool:
        """Return whether the office names the host itself."""
        return any(one.name in ("host", "url") and not one.secret for one in self.fields)

    def way(self, fields: Fields) -> Way:
        """Return the way these fields make; `wrong_with` has nothing against them."""
        if self.name == MAIL:
            return Way(MAIL, fields["address"])
        return Way(self.name, f"{self.name}:{self._public(fields)}", dict(fields))

    def _public(self, fields: Fields) -> str:
        said = fields.get(self.shown, "")
        return _host(said) if self.shown == "url" else said or "…"


def wrong_with(kind: str, fields: Fields) -> str | None:
    """Return what is wrong with the fields of a channel, as a sentence without any value; None when all is well.

    >>> wrong_with("gotify", {"host": "push.example", "token": "AbCdEf123456789"}) is None
    True
    >>> wrong_with("gotify", {"host": "push.example?redirect=yes"})
    "a gotify channel needs 'token': the application's token"
    """
    known = KINDS.get(kind)
    if known is None:
        return f"there is no kind '{kind[:40]}': {', '.join(KINDS)}"
    names = {one.name for one in known.fields}
    if strange := sorted(set(fields) - names):
        return f"a {kind} channel has no field '{strange[0][:40]}': it has {', '.join(sorted(names))}"
    for one in known.fields:
        said = fields.get(one.name)
        if not said and not one.optional:
            return f"a {kind} channel needs '{one.name}': {one.says}"
    for one in known.fields:
        said = fields.get(one.name)
        if said and (len(said) > LONGEST or not re.fullmatch(one.pattern, said)):
            return f"'{one.name}' cannot be read: {one.says}"
    return _closer(kind, fields)


def _closer(kind: str, fields: Fields) -> str | None:
    if kind != WEBHOOK:
        return None
    if wrong := wrong_url(fields["url"]):
        return wrong
    if (secret := fields.get("secret")) and signing_key(secret) is None:
        return "'secret' cannot be read: whsec_ and the base64 of 24 to 64 bytes"
    return None


def host_of(way: Way) -> str:
    """Return the host that an office named for a channel, without its port; of a service with a fixed host, none."""
    known = KINDS.get(way.kind)
    if known is None or not known.hosted or way.kind == MAIL:
        return ""
    if way.kind == WEBHOOK:
        return _host(way.fields["url"])
    return way.fields["host"].partition(":")[0]


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _served(fields: Fields, schema: str, **more: Any) -> dict[str, Any]:
    """Return the arguments for a service on a host of the office's own: TLS, but to this machine itself."""
    host, _, port = fields["host"].partition(":")
    secure = not is_loopback(host)
    return {
        "schema": schema + "s" * secure, "host": host, "port": int(port) if port else None, "secure": secure,
        "verify": True, "include_image": False, **more,
    }  # fmt: skip


def _telegram(fields: Fields) -> dict[str, Any]:
    chat = fields["chat"] + (f":{fields['topic']}" if fields.get("topic") else "")
    return {"schema": "tgram", "bot_token": fields["token"], "targets": [chat], "detect_owner": False}


def _slack(fields: Fields) -> dict[str, Any]:
    a, b, c = urlsplit(fields["url"]).path.split("/")[2:5]
    return {"schema": "slack", "token_a": a, "token_b": b, "token_c": c, "include_image": False, "use_blocks": False}


def _teams(fields: Fields) -> dict[str, Any]:
    parts = urlsplit(fields["url"])
    path, query = parts.path.strip("/").split("/"), parse_qs(parts.query)
    return {
        "schema": "workflows", "host": parts.hostname, "secure": True, "verify": True, "include_image": False,
        "workflow": path[path.index("workflows") + 1], "signature": query["sig"][0],
        "version": query["api-version"][0], "power_automate": path[0] == "powerautomate",
        "routing_id": path[path.index("cu") + 1] if "cu" in path else None,
    }  # fmt: skip


def _discord(fields: Fields) -> dict[str, Any]:
    number, token = urlsplit(fields["url"]).path.split("/")[3:5]
    return {"schema": "discord", "webhook_id": number, "webhook_token": token, "avatar": False, "fields": False}


def _googlechat(fields: Fields) -> dict[str, Any]:
    parts = urlsplit(fields["url"])
    query = parse_qs(parts.query)
    return {
        "schema": "gchat", "workspace": parts.path.split("/")[3], "webhook_key": query["key"][0],
        "webhook_token": query["token"][0],
    }  # fmt: skip


def _mattermost(fields: Fields) -> dict[str, Any]:
    path = f"/{fields['path']}" if fields.get("path") else ""
    return _served(fields, "mmost", fullpath=path, token=fields["token"])


def _matrix(fields: Fields) -> dict[str, Any]:
    # no discovery: the host that was named is the host that is called
    return _served(fields, "matrix", password=fields["token"], targets=[fields["room"]], discovery=False, e2ee=False)


def _rocketchat(fields: Fields) -> dict[str, Any]:
    told = _served(fields, "rocket", webhook=fields["token"], mode="webhook", targets=[])
    del told["include_image"]
    return told | ({"targets": [f"#{fields['room']}"]} if fields.get("room") else {})


def _ntfy(fields: Fields) -> dict[str, Any]:
    auth = {"auth": "token", "token": fields["token"]} if fields.get("token") else {}
    return _served(fields, "ntfy", targets=[fields["topic"]], mode="private", **auth)


def _gotify(fields: Fields) -> dict[str, Any]:
    path = f"/{fields['path']}/" if fields.get("path") else "/"
    return _served(fields, "gotify", fullpath=path, token=fields["token"])


def _zulip(fields: Fields) -> dict[str, Any]:
    return {
        "schema": "zulip", "botname": fields["bot"], "organization": fields["host"], "token": fields["token"],
        "targets": [fields["stream"]],
    }  # fmt: skip


def _nextcloud(fields: Fields) -> dict[str, Any]:
    told = _served(fields, "nctalk", user=fields["user"], password=fields["password"], targets=[fields["room"]])
    del told["include_image"]
    return told


_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_NAME = rf"{_LABEL}(?:\.{_LABEL}){{0,20}}"
HOST = Field(
    "host", "the server's name, such as chat.moha.example or chat.moha.example:8443", rf"{_NAME}(?::[1-9]\d{{0,4}})?"
)
PATH = Field(
    "path", "the folder below the host, where there is one", r"[A-Za-z0-9_-]+(?:/[A-Za-z0-9_-]+){0,5}", optional=True
)
_MAIL = Field("address", "a mailbox, name@host", r"(?s:.+)")  # `check_channel` looks closer
_URL = Field("url", "https://host/path, as the receiver gave it", r"[!-~]+")
_SIGNING = Field("secret", "the signing secret, where the receiver checks signatures: whsec_…", r"[!-~]+", True, True)
_BOT_TOKEN = Field("token", "the bot's token, digits:letters", r"\d{6,12}:[A-Za-z0-9_-]{30,60}", secret=True)
_CHAT = Field("chat", "the chat's number, or @name of a public channel", r"-?\d{1,20}|@[A-Za-z][A-Za-z0-9_]{4,31}")
_TOPIC = Field("topic", "the number of a topic in the chat", r"\d{1,12}", optional=True)
_SLACK = r"https://hooks\.slack\.com/services/[A-Z0-9]{6,16}/[A-Z0-9]{6,16}/[A-Za-z0-9]{16,40}"
_QUERY = r"[A-Za-z0-9_.~=&%+/-]*"
_TEAMS = (
    rf"https://{_NAME}\.(?:logic\.azure\.com|api\.powerplatform\.com)(?::443)?/"
    r"(?:powerautomate/automations/direct/(?:cu/[A-Za-z0-9-]+/)?)?workflows/[A-Za-z0-9_-]+/triggers/manual/paths/invoke"
    rf"\?(?=(?:{_QUERY}&)?sig=[A-Za-z0-9_-]{{16,}}(?:&|$))(?=(?:{_QUERY}&)?api-version=[0-9-]+(?:&|$)){_QUERY}"
)
_ROCKET = r"[A-Za-z0-9]{16,40}/[A-Za-z0-9]{20,60}"
_DISCORD = r"https://(?:ptb\.|canary\.)?discord(?:app)?\.com/api/webhooks/\d{6,25}/[A-Za-z0-9_-]{20,120}"
_GOOGLE = r"https://chat\.googleapis\.com/v1/spaces/[A-Za-z0-9_-]+/messages\?key=[A-Za-z0-9_-]+&token=[A-Za-z0-9_-]+(?:=|%3D){0,2}"


def _given(pattern: str) -> Field:
    return Field("url", "the URL of the incoming webhook, whole, as the service gave it", pattern, secret=True)


def _token(says: str, pattern: str, *, optional: bool = False) -> Field:
    return Field("token", says, pattern, secret=True, optional=optional)


_ALL = (
    Kind(MAIL, "a mailbox", (_MAIL,)),
    Kind(WEBHOOK, "a program of the receiver's, called over HTTPS (Standard Webhooks)", (_URL, _SIGNING), "url"),
    Kind("telegram", "Telegram, by a bot", (_BOT_TOKEN, _CHAT, _TOPIC), "chat", _telegram),
    Kind("slack", "Slack, by an incoming webhook", (_given(_SLACK),), "", _slack),
    Kind("teams", "Microsoft Teams, by a workflow", (_given(_TEAMS),), "", _teams),
    Kind("discord", "Discord, by a webhook", (_given(_DISCORD),), "", _discord),
    Kind("googlechat", "Google Chat, by an incoming webhook", (_given(_GOOGLE),), "", _googlechat),
    Kind(
        "mattermost", "Mattermost, by an incoming webhook",
        (HOST, _token("the last part of the webhook's URL", r"[a-z0-9]{20,40}"), PATH), "host", _mattermost,
    ),
    Kind(
        "matrix", "a Matrix room",
        (
            HOST, _token("the access token of the account that writes", r"[A-Za-z0-9_~.=-]{8,400}"),
            Field("room", "the room, !id:server or #alias:server", rf"[!#][A-Za-z0-9_.=-]+:{_NAME}(?::\d+)?"),
        ),
        "host", _matrix,
    ),
    Kind(
        "rocketchat", "Rocket.Chat, by an incoming webhook",
        (
            HOST, _token("the two last parts of the webhook's URL, with / between", _ROCKET),
            Field("room", "the room, where it is not the webhook's own", r"[A-Za-z0-9_.-]{1,100}", optional=True),
        ),
        "host", _rocketchat,
    ),
    Kind(
        "ntfy", "ntfy",
        (
            HOST, Field("topic", "the topic; whoever knows it can read it", r"[A-Za-z0-9_-]{1,64}", secret=True),
            _token("an access token, where the topic needs one", r"tk_[A-Za-z0-9]{20,60}", optional=True),
        ),
        "host", _ntfy,
    ),
    Kind("gotify", "Gotify", (HOST, _token("the application's token", r"[A-Za-z0-9._-]{15}"), PATH), "host", _gotify),
    Kind(
        "zulip", "a stream of Zulip",
        (
            Field("host", "the server's name, such as moha.zulipchat.com", rf"{_LABEL}\.{_NAME}"),
            Field("bot", "the bot's name, without -bot and what follows", r"[A-Za-z0-9_-]{1,32}"),
            _token("the bot's key", r"[A-Za-z0-9]{32}"),
            Field("stream", "the stream, without a space", r"[A-Za-z0-9_.-]{1,60}"),
        ),
        "host", _zulip,
    ),
    Kind(
        "nextcloud", "a conversation of Nextcloud Talk",
        (
            HOST, Field("user", "the account that writes", r"[A-Za-z0-9_.@-]{1,64}"),
            Field("password", "its app password", r"[!-~]{8,200}", secret=True),
            Field("room", "the token of the conversation, as in its link", r"[a-z0-9]{4,32}"),
        ),
        "host", _nextcloud,
    ),
)  # fmt: skip
KINDS: Mapping[str, Kind] = {one.name: one for one in _ALL}
