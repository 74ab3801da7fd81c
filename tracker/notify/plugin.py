"""Our own mail service within Apprise, for the schema `trackermail://`.

Apprise's mail plugin answers False alike for "try later", "never" and "taken, then hung up",
and makes a new Message-ID for each attempt. This one hands a finished message to a kept `Lane`
and keeps the true outcome for whoever asked.
"""

from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

from apprise import Apprise, AppriseAsset, NotifyBase
from apprise.common import NotifyFormat
from apprise.manager_plugins import NotificationManager

from tracker.notify.outcome import Outcome
from tracker.notify.smtp import Envelope, Lane

SCHEMA = "trackermail"


_Base: Any = NotifyBase  # Apprise types its base as though nothing could be overridden
_registry: Callable[[], Any] = NotificationManager


class TrackerMail(_Base):  # type: ignore[misc]
    """Our mail server; give it a message and its recipient, notify, and read the outcome."""

    service_name = "Tracker mail"
    secure_protocol = SCHEMA
    templates = ("{schema}://{user}@{host}",)
    request_rate_per_sec = 0  # Apprise would wait 5.5 s between two mails to one recipient
    title_maxlen = 1_000
    body_maxlen = 10_000_000

    def __init__(self, *, lane: Lane | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.recipient = ""
        self.lane = lane
        self.message: EmailMessage | Envelope | None = None
        self.outcome = Outcome("unknown")
        self.mistake: Exception | None = None

    def send(self, body: str, title: str = "", **kwargs: Any) -> bool:
        """Return whether the server took the message; `outcome` says what truly happened.

        The message already holds `title` and `body`, in the parts and headers Apprise has no
        words for.
        """
        if self.lane is None or self.message is None:
            self.outcome = Outcome("permanent", None, "configuration: no mail server is at hand")
        else:
            self._hand_over(self.lane, self.message)
        return self.outcome.kind == "accepted"

    def _hand_over(self, lane: Lane, message: EmailMessage | Envelope) -> None:
        try:
            self.outcome = lane.send(message, self.recipient)
        except Exception as mistake:  # Apprise would turn a mistake of ours into "not delivered"
            self.mistake = mistake

    def url(self, privacy: bool = False, *args: Any, **kwargs: Any) -> str:
        """Return the service without its recipient; Apprise writes it to its log."""
        return f"{SCHEMA}://"


def register() -> None:
    """Make the schema known to Apprise, once."""
    manager = _registry()
    if SCHEMA not in manager:
        manager.add(TrackerMail)


def mail_service(lane: Lane, *, asset: AppriseAsset) -> tuple[Apprise, TrackerMail]:
    """Return Apprise holding our mail service, and the service itself; to make them costs more than to send a mail."""
    register()
    service = TrackerMail(lane=lane, asset=asset, schema=SCHEMA, host="")
    return Apprise(service, asset=asset), service


def post(
    apprise: Apprise, service: TrackerMail, message: EmailMessage | Envelope, recipient: str, *, title: str, body: str
) -> Outcome:
    """Return what became of one message sent to one recipient through Apprise by our service."""
    service.message, service.recipient = message, recipient
    service.outcome = Outcome("permanent", None, "configuration: Apprise did not call the mail service")
    apprise.notify(body=body, title=title, body_format=NotifyFormat.TEXT)
    service.message, service.recipient = None, ""
    mistake, service.mistake = service.mistake, None
    if mistake is not None:
        raise mistake
    return service.outcome
