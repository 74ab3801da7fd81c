"""Reminders: what was to be told to whom and what became of it, each with its mail as it reads."""

from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response

from tracker.operations.exactcopy import exact_copies
from tracker.operations.mailcopy import Copy, copy_of
from tracker.operations.retrying import retry
from tracker.views.mailbook import Line, MailPage, Sought, mail_book, mail_page
from tracker.views.stamp import Stamp
from tracker.web.api.counter import At, Counter, When, Who
from tracker.web.api.models import model_of, paged, said
from tracker.web.api.rules import reads, writes
from tracker.web.api.shape import AgencyCode, Cursor, Limit, check_tag, number_of, page, tag

State = Literal["pending", "sending", "accepted", "failed", "cancelled", "held", "suppressed"]
Reference = Annotated[str, Path(pattern=r"^[a-z]{2,6}-[A-Za-z0-9-]{1,80}$", examples=["ntf-0f3a"])]
EML: dict[int | str, dict[str, Any]] = {
    200: {"content": {"message/rfc822": {"schema": {"type": "string"}}}, "description": "The mail."}
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderPage:
    """Reminders that fit, the newest first, and how many in all."""

    stamp: Stamp
    total: int
    reminders: tuple[Line, ...]


def add_to(router: APIRouter, counter: Counter) -> None:
    """Add these operations."""
    _add_list(router, counter)
    _add_one(router, counter)


def _add_list(router: APIRouter, counter: Counter) -> None:
    @router.get("/reminders", response_model=paged("Reminders", ReminderPage), tags=["reminders"], **reads())
    def list_reminders(
        request: Request,
        response: Response,
        who: Who,
        when: At,
        state: State | None = None,
        stage: Annotated[str | None, Query(pattern=r"^[a-z_]{1,40}$")] = None,
        agency: AgencyCode = None,
        since: Annotated[datetime | None, Query(description="Made at or after this instant.")] = None,
        until: Annotated[datetime | None, Query(description="Made before this instant.")] = None,
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> dict[str, Any]:
        """List reminders. An agency's member sees those its offices were to be told."""
        with counter.looking(who, when) as look:
            sought = Sought(state=state, stage=stage, agency=agency, since=_aware(since), until=_aware(until))
            found = mail_book(
                look.connection,
                sought,
                after=number_of(cursor),
                limit=limit,
                language=look.language,
                **look.within,
            )
            shown = ReminderPage(stamp=found.stamp, total=found.total, reminders=found.lines)
            return page(counter, request, response, said(shown, who.language), found.after)


def _add_one(router: APIRouter, counter: Counter) -> None:
    @router.get(
        "/reminders/{reference}.eml", response_class=Response, responses=EML, tags=["reminders"], **reads(owned=True)
    )
    def mail(reference: Reference, who: Who) -> Response:
        """Return the mail of a reminder: what was last sent, octet for octet but for the signatures of its links.

        Where no exact copy is kept it is written again, as it reads without the links that act.
        """
        copies = counter.act(
            lambda at: exact_copies(counter.store, reference, settings=counter.settings, scope=who.scope)
        )
        if copies:
            return _file(copies[-1].reference, copies[-1].octets)
        found = counter.act(
            lambda at: copy_of(counter.store, reference, settings=counter.settings, at=at, scope=who.scope)
        )
        return _file(found.reference, as_mail(found))

    @router.get("/reminders/{reference}", response_model=model_of(MailPage), tags=["reminders"], **reads(owned=True))
    def one_reminder(reference: Reference, response: Response, who: Who, when: At) -> dict[str, Any]:
        """Show a reminder with every attempt at it."""
        return shown_one(reference, response, who, when)

    @router.post(
        "/reminders/{reference}:retry",
        response_model=model_of(MailPage),
        tags=["reminders"],
        **writes("secretariat", decides=True),
    )
    def again(reference: Reference, request: Request, response: Response, who: Who) -> dict[str, Any]:
        """Let a reminder that failed be tried once more, with all that left in the same mail."""
        with counter.looking(who) as look:
            found = mail_page(look.connection, reference, language=look.language, **look.within)
        check_tag(request, _mark(found))
        counter.act(lambda at: retry(counter.store, [reference], at=at, actor=who.actor))
        return shown_one(reference, response, who, None)

    def shown_one(reference: str, response: Response, who: Who, when: When | None) -> dict[str, Any]:
        with counter.looking(who, when) as look:
            found = mail_page(look.connection, reference, language=look.language, **look.within)
            tag(response, _mark(found))
            return said(found, who.language)


def _file(reference: str, octets: bytes) -> Response:
    name = f'attachment; filename="{reference}.eml"'
    return Response(octets, media_type="message/rfc822", headers={"Content-Disposition": name})


def as_mail(copy: Copy) -> bytes:
    """Return a copy as the bytes of a mail."""
    message = EmailMessage(policy=SMTP)
    for name, value in copy.headers:
        if name.lower() not in ("content-type", "mime-version", "content-transfer-encoding", "subject"):
            message[name] = value
    message["Subject"] = copy.subject
    message.set_content(copy.text)
    if copy.html:
        message.add_alternative(copy.html, subtype="html")
    return message.as_bytes()


def _mark(found: MailPage) -> str:
    return f"{found.line.row.state}-{len(found.line.row.attempts)}"


def _aware(at: datetime | None) -> datetime | None:
    from zoneinfo import ZoneInfo

    return at.replace(tzinfo=ZoneInfo("Asia/Ho_Chi_Minh")) if at is not None and at.tzinfo is None else at
