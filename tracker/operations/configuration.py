"""The settings in force as they may be shown: no password, no token, no secret."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields

from tracker.settings import PREFIX, Settings

_URLS = frozenset({"database_url", "smtp_url", "alarm"})
_HIDDEN = re.compile(r"(?:^|_)(?:secret|password|token)$")
# a secret is a file's name here, and that of a file may be shown
_FILES = frozenset({"secret"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting: its variable, what may be shown of its value, whether it is another than the default."""

    variable: str
    value: str
    changed: bool


def shown_settings(settings: Settings) -> Iterator[Setting]:
    """Yield every setting.

    >>> found = {one.variable: one.value for one in shown_settings(Settings(database_url="postgresql://t:pw@db/t"))}
    >>> found["TRACKER_DATABASE_URL"]
    'postgresql://t:…@db/t'
    """
    for field in fields(settings):
        value = str(getattr(settings, field.name))
        yield Setting(
            variable=PREFIX + field.name.upper(), value=shown(field.name, value), changed=value != field.default
        )


def shown(name: str, value: str) -> str:
    """Return what may be shown of a setting.

    >>> shown("ping", "https://ping.example/uuid-1?k=v"), shown("oidc_secret", "s3cret"), shown("office", "Văn phòng")
    ('https://ping.example/…', '…', 'Văn phòng')
    """
    if not value:
        return ""
    if name not in _FILES and _HIDDEN.search(name):
        return "…"
    if name in _URLS:
        return re.sub(r"(://[^:/@]*):[^@]*@", r"\1:…@", value)
    if name == "ping":
        return re.sub(r"^(\w+://)(?:[^/@]*@)?([^/?]*).*$", r"\1\2/…", value)
    return value
