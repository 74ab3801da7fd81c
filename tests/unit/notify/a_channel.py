"""A channel of every kind, filled in as an office would."""

from collections.abc import Mapping

WHSEC = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
FIELDS: Mapping[str, Mapping[str, str]] = {
    "webhook": {"url": "https://hooks.moha.example/in/9f8e7d6c5b4a", "secret": WHSEC},
    "telegram": {"token": "123456789:AAF-qwertyuiopasdfghjklzxcvbnm12345", "chat": "-1001234567890", "topic": "77"},
    "slack": {"url": "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"},
    "teams": {
        "url": "https://prod-01.westus.logic.azure.com:443/workflows/643e69f83c8944/triggers/manual/paths/invoke"
        "?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=KODuebWbDGYFr0z0eu"
    },
    "discord": {"url": "https://discord.com/api/webhooks/417429632418316298/JHMHI8qBe7bk2ZwO5U711o3dV_js"},
    "googlechat": {"url": "https://chat.googleapis.com/v1/spaces/AAAA/messages?key=k3yk3yk3y&token=t0kent0ken%3D"},
    "mattermost": {"host": "chat.moha.example:8443", "token": "3ccdd113474722377935511fc85d3dd4", "path": "sub"},
    "matrix": {"host": "matrix.moha.example", "token": "syt_Ym90_aBcDeFgHiJkL", "room": "!abc:moha.example"},
    "rocketchat": {
        "host": "rc.moha.example", "token": "kGh5rT2mNpQwErTyU/aBcDeFgHiJkLmNoPqRsTuVwXyZ01",
        "room": "nhac",
    },
    "ntfy": {"host": "push.moha.example", "topic": "nhac-viec-9f8e7d", "token": "tk_q1w2e3r4t5y6u7i8o9p0a1s2d3f4g"},
    "gotify": {"host": "push.moha.example", "token": "AbCdEf123456789", "path": "gotify"},
    "zulip": {
        "host": "moha.zulipchat.com", "bot": "nhac", "token": "a6e8b0a6e8b0c7f9d1a6e8b0a6e8b0aa",
        "stream": "nhac",
    },
    "nextcloud": {"host": "cloud.moha.example", "user": "bot", "password": "pAss-wOrd-1", "room": "roomid42"},
}  # fmt: skip


def on_host(kind: str, host: str) -> dict[str, str]:
    """Return the fields of a kind whose host the office names, at another host."""
    return {**FIELDS[kind], "host": host}
