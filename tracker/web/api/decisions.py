"""Reports, requests for more time and "not ours": made by the agency, decided by the secretariat."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response

from tracker.domain.assignment import Assignment
from tracker.domain.errors import Refused
from tracker.domain.evidence import Proof
from tracker.operations import extensions, ownership, progress
from tracker.views.questions import AskedList, OneAsked, asked, asked_open
from tracker.views.reviews import Question
from tracker.web.api.bodies import (
    ContestBody,
    ExcuseBody,
    ExtensionBody,
    GrantBody,
    ReturnBody,
    SubmissionBody,
    TransferBody,
    WhyBody,
)
from tracker.web.api.counter import At, Caller, Counter, When, Who
from tracker.web.api.models import model_of, paged, said
from tracker.web.api.rules import reads, writes
from tracker.web.api.shape import TASK, Cursor, Limit, Position, Ref, decided_by, page, tag

ONE = model_of(OneAsked)
NOUNS: tuple[tuple[str, Question], ...] = (
    ("submissions", "report"),
    ("extensions", "extension"),
    ("contests", "contest"),
)
Verb = Callable[[str, datetime, int | None], object]


def add_to(router: APIRouter, counter: Counter) -> None:
    """Add these operations."""
    for noun, question in NOUNS:
        _add_reads(router, counter, noun, question)
    _add_asking(router, counter)
    _add_reports(router, counter)
    _add_extensions(router, counter)
    _add_contests(router, counter)


def _add_reads(router: APIRouter, counter: Counter, noun: str, question: Question) -> None:
    def every(
        request: Request, response: Response, who: Who, when: At, limit: Limit = 50, cursor: Cursor = None
    ) -> dict[str, Any]:
        with counter.looking(who, when) as look:
            found = asked_open(
                look.connection, question, cursor=cursor, limit=limit, language=look.language, **look.within
            )
            return page(counter, request, response, said(found, who.language), found.after)

    def one(entry: Position, response: Response, who: Who, when: At) -> dict[str, Any]:
        return _shown(counter, who, response, entry, question, when)

    every.__doc__ = f"List the {noun} that await a decision."
    one.__doc__ = f"Show one of the {noun} by the entry that made it. Its ETag is what a decision is made by."
    model = paged(noun.capitalize(), AskedList)
    router.get(f"/{noun}", response_model=model, tags=[noun], name=f"list_{noun}", **reads())(every)
    router.get(f"/{noun}/{{entry:int}}", response_model=ONE, tags=[noun], name=f"one_of_{noun}", **reads(owned=True))(
        one
    )


def _add_asking(router: APIRouter, counter: Counter) -> None:
    mine = {"response_model": ONE, "status_code": 201, **writes("agency", decides=True, owned=True)}

    @router.post(f"{TASK}/submissions", tags=["submissions"], **mine)
    def submit(ref: Ref, body: SubmissionBody, request: Request, response: Response, who: Who) -> dict[str, Any]:
        """Report that a task is done. It counts as received now, whatever day it names."""
        proofs = [Proof(one.sha256, one.number, one.dated) for one in body.proofs]
        return _asking(
            counter,
            request,
            response,
            who,
            ref,
            "report",
            lambda at, seen: progress.submit(
                counter.store,
                ref,
                at=at,
                actor=who.actor,
                words=body.words,
                document=body.document,
                done_on=body.done_on,
                proofs=proofs,
                seen=seen,
            ),
        )

    @router.post(f"{TASK}/extensions", tags=["extensions"], **mine)
    def ask(ref: Ref, body: ExtensionBody, request: Request, response: Response, who: Who) -> dict[str, Any]:
        """Ask for more time. Nothing moves by asking."""
        return _asking(
            counter,
            request,
            response,
            who,
            ref,
            "extension",
            lambda at, seen: extensions.ask(
                counter.store, ref, body.day, at=at, actor=who.actor, why=body.why, seen=seen
            ),
        )

    @router.post(f"{TASK}/contests", tags=["contests"], **mine)
    def contest(ref: Ref, body: ContestBody, request: Request, response: Response, who: Who) -> dict[str, Any]:
        """Say that a task is not yours. The deadline goes on running."""
        return _asking(
            counter,
            request,
            response,
            who,
            ref,
            "contest",
            lambda at, seen: ownership.contest(
                counter.store, ref, at=at, actor=who.actor, why=body.why, proposed=body.proposed, seen=seen
            ),
        )


def _add_reports(router: APIRouter, counter: Counter) -> None:
    decided = {"response_model": ONE, "tags": ["submissions"], **writes("secretariat", decides=True)}

    @router.post("/submissions/{entry:int}:accept", **decided)
    def accept(entry: Position, request: Request, response: Response, who: Who) -> dict[str, Any]:
        """Accept a report: the task is completed, and what waited for it may start."""
        return _deciding(
            counter,
            request,
            response,
            who,
            entry,
            "report",
            lambda ref, at, seen: progress.accept(counter.store, ref, at=at, actor=who.actor, seen=seen),
        )

    @router.post("/submissions/{entry:int}:return", **decided)
    def send_back(entry: Position, body: ReturnBody, request: Request, response: Response, who: Who) -> dict[str, Any]:
        """Return a report with the exact missing thing. The deadline goes on running."""
        return _deciding(
            counter,
            request,
            response,
            who,
            entry,
            "report",
            lambda ref, at, seen: progress.send_back(
                counter.store, ref, at=at, actor=who.actor, missing=body.missing, seen=seen
            ),
        )


def _add_extensions(router: APIRouter, counter: Counter) -> None:
    decided = {"response_model": ONE, "tags": ["extensions"], **writes("secretariat", decides=True)}

    @router.post("/extensions/{entry:int}:grant", **decided)
    def grant(entry: Position, body: GrantBody, request: Request, response: Response, who: Who) -> dict[str, Any]:
        """Grant what was asked for, or another day. The first date stays for ever."""
        return _deciding(
            counter,
            request,
            response,
            who,
            entry,
            "extension",
            lambda ref, at, seen: extensions.grant(
                counter.store,
                ref,
                at=at,
                actor=who.actor,
                instrument=body.instrument,
                day=body.day,
                along=body.along,
                seen=seen,
            ),
        )

    @router.post("/extensions/{entry:int}:refuse", **decided)
    def refuse(entry: Position, body: WhyBody, request: Request, response: Response, who: Who) -> dict[str, Any]:
        """Refuse more time. The date stays."""
        return _deciding(
            counter,
            request,
            response,
            who,
            entry,
            "extension",
            lambda ref, at, seen: extensions.refuse(
                counter.store, ref, at=at, actor=who.actor, why=body.why, seen=seen
            ),
        )


def _add_contests(router: APIRouter, counter: Counter) -> None:
    decided = {"response_model": ONE, "tags": ["contests"], **writes("secretariat", decides=True)}

    @router.post("/contests/{entry:int}:uphold", **decided)
    def uphold(entry: Position, body: WhyBody, request: Request, response: Response, who: Who) -> dict[str, Any]:
        """Decide that the task stays with the agency."""
        return _deciding(
            counter,
            request,
            response,
            who,
            entry,
            "contest",
            lambda ref, at, seen: ownership.uphold(counter.store, ref, at=at, actor=who.actor, why=body.why, seen=seen),
        )

    @router.post("/contests/{entry:int}:transfer", **decided)
    def transfer(entry: Position, body: TransferBody, request: Request, response: Response, who: Who) -> dict[str, Any]:
        """Give the task to another agency, with its date and its first date."""
        return _deciding(
            counter,
            request,
            response,
            who,
            entry,
            "contest",
            lambda ref, at, seen: ownership.transfer(
                counter.store, ref, body.to, at=at, actor=who.actor, why=body.why, seen=seen
            ),
        )

    @router.post("/contests/{entry:int}:excuse", **decided)
    def excuse(entry: Position, body: ExcuseBody, request: Request, response: Response, who: Who) -> dict[str, Any]:
        """Decide that the task does not apply to the agency."""
        return _deciding(
            counter,
            request,
            response,
            who,
            entry,
            "contest",
            lambda ref, at, seen: ownership.excuse(
                counter.store, ref, at=at, actor=who.actor, why=body.why, agreed_by=body.agreed_by, seen=seen
            ),
        )


def _asking(
    counter: Counter,
    request: Request,
    response: Response,
    who: Caller,
    ref: str,
    question: Question,
    verb: Callable[[datetime, int | None], Assignment],
) -> dict[str, Any]:
    """Return the question that a verb of an agency asked; raises NotFound outside its scope."""
    _check_within(counter, who, ref)
    seen = decided_by(request)
    after = counter.act(lambda at: verb(at, seen))
    response.headers["Location"] = f"{request.scope.get('root_path', '')}/{_noun(question)}/{after.changed}"
    return _shown(counter, who, response, after.changed, question)


def _deciding(
    counter: Counter,
    request: Request,
    response: Response,
    who: Caller,
    entry: int,
    question: Question,
    verb: Verb,
) -> dict[str, Any]:
    """Return a question that a verb of the secretariat answered."""
    with counter.looking(who) as look:
        found = asked(look.connection, entry, question, language=look.language, **look.within).asked
    seen = decided_by(request)
    if found.state != "open":
        raise Refused(f"entry {entry} was decided already, or has ended: {found.state}", code="refused")
    counter.act(lambda at: verb(found.ref, at, seen if seen is not None else found.seen))
    return _shown(counter, who, response, entry, question)


def _shown(
    counter: Counter, who: Caller, response: Response, entry: int, question: Question, when: When | None = None
) -> dict[str, Any]:
    with counter.looking(who, when) as look:
        found = asked(look.connection, entry, question, language=look.language, **look.within)
        tag(response, found.asked.seen)
        return said(found, who.language)


def _check_within(counter: Counter, who: Caller, ref: str) -> None:
    from tracker.views.sight import sight
    from tracker.views.tasks import get_seen

    with counter.looking(who) as look:
        get_seen(sight(look.connection, **look.within), ref)


def _noun(question: Question) -> str:
    return next(noun for noun, one in NOUNS if one == question)
