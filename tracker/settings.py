"""Settings of one installation, read from TRACKER_* environment variables; every one has a working default."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from pathlib import Path

from tracker.domain.errors import Invalid
from tracker.domain.sign_in import Stay

PREFIX = "TRACKER_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where the store is, how mail leaves, and how the office names itself.

    >>> Settings.of({"TRACKER_OFFICE": "Văn phòng"}).office
    'Văn phòng'
    """

    database_url: str = "sqlite:///tracker.db"
    smtp_url: str = "smtp://127.0.0.1:25"
    base_url: str = "http://127.0.0.1:8000"
    office: str = "Directive Tracking Office"
    contact: str = "the secretariat of the office"
    sender: str = "tracker@directives.example"
    directives: str = "directives"
    author_writes: str = ""  # "yes": the drafts page may put files into the folder of the directives
    sources: str = ""  # the folder of the texts that directives were read from; where none is set, no words are shown
    key: str = ""  # the file of the private key; where none is set, beside an SQLite store, else ./tracker.key
    secret: str = ""  # the file of the key that seals secrets; where none is set, beside an SQLite store, else here
    intranet: str = ""  # hosts of the office's own network, which alone may have private addresses; by spaces
    evidence: str = ""  # a folder; where none is set, `evidence` beside an SQLite store
    evidence_limit: str = "50 MB"
    journal: str = ""  # the file (or folder) of the journal of sends; else beside an SQLite store, or a state folder
    alarm: str = ""  # smtp://relay?to=duty@office: who hears when nothing is sent, by a road of its own
    canary: str = ""  # a mailbox of ours that is written to every hour, so that a road that is blocked shows
    ping: str = ""  # a URL that is called while all is well, so that silence alarms outside
    rate: str = "1000"  # messages in ten minutes at most, from a live store
    hold_above: str = "1000"  # with more owed at once, what is not urgent waits for an operator
    watch_every: str = "5 minutes"  # a live store nobody swept, or sent from, for longer has a gap
    session_idle: str = "30 minutes"  # without a sign of life for so long, somebody logs in again
    session_longest: str = "12 hours"  # and after so long in any case
    oidc_issuer: str = ""  # the URL of the single sign-on; empty: there is none
    oidc_client: str = ""  # what the tracker is called there
    oidc_secret: str = ""  # a file with the client's secret; empty: PKCE alone
    oidc_name: str = ""  # what the button says; else the host of the issuer
    oidc_match: str = ""  # how a first sign-on finds its account: email, or preferred_username; empty: by hand only
    oidc_roles: str = ""  # claim=value:role or claim=value:agency/OFFICE, by commas; empty: the account says

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Settings":
        """Return the settings of an environment: TRACKER_DATABASE_URL, TRACKER_SMTP_URL and so on.

        Each may stand in a file instead, which a variable with _FILE behind its name names: so no
        password need stand in an environment. Raises Invalid where that file cannot be read.
        """
        found = {field.name: _told(environment, PREFIX + field.name.upper()) for field in fields(cls)}
        return cls(**{name: said for name, said in found.items() if said})

    @property
    def intranet_hosts(self) -> frozenset[str]:
        """Return the hosts that may have private addresses.

        >>> sorted(Settings(intranet="chat.moha.example, Hooks.moha.example").intranet_hosts)
        ['chat.moha.example', 'hooks.moha.example']
        """
        return frozenset(self.intranet.lower().replace(",", " ").split())

    @property
    def may_write_directives(self) -> bool:
        """Return whether the drafts page may put files into the folder of the directives; raises Invalid.

        >>> Settings(author_writes="yes").may_write_directives, Settings().may_write_directives
        (True, False)
        """
        if self.author_writes not in ("", "yes", "no"):
            raise Invalid(
                f"'{self.author_writes}' is neither yes nor no: see TRACKER_AUTHOR_WRITES", code="bad-setting"
            )
        return self.author_writes == "yes"

    @property
    def rate_limit(self) -> int:
        """Return how many messages may leave in ten minutes; raises Invalid for no number above zero."""
        return _number(self.rate, "TRACKER_RATE")

    @property
    def hold_limit(self) -> int:
        """Return how many may be owed at once before some wait for an operator; raises Invalid for no number.

        >>> Settings(hold_above="50").hold_limit
        50
        """
        return _number(self.hold_above, "TRACKER_HOLD_ABOVE")

    @property
    def watch_limit(self) -> timedelta:
        """Return how long nobody may sweep or send before that is a gap; raises Invalid for no number of minutes.

        >>> Settings(watch_every="90").watch_limit
        datetime.timedelta(seconds=5400)
        """
        number, _, unit = self.watch_every.strip().partition(" ")
        if not number.isascii() or not number.isdigit() or unit.strip() not in ("", "minute", "minutes"):
            raise Invalid(f"'{self.watch_every}' is no number of minutes: see TRACKER_WATCH_EVERY", code="bad-setting")
        return timedelta(minutes=int(number))

    @property
    def stay(self) -> Stay:
        """Return how long somebody stays logged in; raises Invalid for no time."""
        return Stay(
            idle=_span(self.session_idle, "TRACKER_SESSION_IDLE"),
            longest=_span(self.session_longest, "TRACKER_SESSION_LONGEST"),
        )


def _told(environment: Mapping[str, str], variable: str) -> str:
    """Return what a variable says, or the file that it names; empty where neither is set."""
    if (said := environment.get(variable)) or not (name := environment.get(f"{variable}_FILE")):
        return said or ""
    try:
        return Path(name).read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise Invalid(f"{name} cannot be read: {why}: see {variable}_FILE", code="bad-setting") from None


def _span(text: str, variable: str) -> timedelta:
    """Return a time of minutes or hours.

    >>> _span("12 hours", "X")
    datetime.timedelta(seconds=43200)
    """
    number, _, unit = text.strip().partition(" ")
    minutes = {"minute": 1, "minutes": 1, "hour": 60, "hours": 60}.get(unit.strip())
    if not number.isascii() or not number.isdigit() or not 1 <= int(number) <= 10_000 or minutes is None:
        raise Invalid(f"'{text}' is no time like '30 minutes' or '12 hours': see {variable}", code="bad-setting")
    return timedelta(minutes=int(number) * minutes)


def _number(text: str, variable: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise Invalid(f"'{text}' is no number above zero: see {variable}", code="bad-setting")
    return int(text)
