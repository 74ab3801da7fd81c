"""Forecasts: the mails that would go out, or would have gone out, by a policy; and how two policies compare."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from tracker.domain.outbox import TOGETHER


@dataclass(frozen=True, slots=True, kw_only=True)
class Foretold:
    """One reminder that would be made: what for, to whom, as what they hear of it, and in which state.

    `state` is 'pending', 'suppressed' (a cap), 'failed' (the office has no channel), or 'waiting': made
    already, not sent yet.
    """

    at: datetime
    assignment: str
    rung: str
    stage: str
    moment: datetime
    agency: str
    channel: str
    role: str
    state: str
    last_day: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ForetoldMail:
    """What would leave for one office on one channel at one time, as one mail."""

    at: datetime
    agency: str
    channel: str
    reminders: tuple[Foretold, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """How many mails and reminders, how many of those suppressed or without a channel, and the stages told."""

    mails: int
    reminders: int
    suppressed: int
    unreachable: int
    recipients: int
    stages: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What would go out between two instants if nobody acted; `policy` is the file tried, None the policy in force.

    `unseen` are recurring tasks whose next occurrence comes into sight in that time: it is not in here.
    """

    begin: datetime
    end: datetime
    zone: str
    policy: str | None
    figures: Figures
    mails: tuple[ForetoldMail, ...]
    not_sent: tuple[Foretold, ...]
    unseen: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What one policy and another would have sent in the time between, and what was made in fact."""

    begin: datetime
    end: datetime
    zone: str
    policy: str
    made: int
    in_force: Figures
    tried: Figures


def mails(found: tuple[Foretold, ...]) -> tuple[ForetoldMail, ...]:
    """Return reminders as the mails they leave in: one for each office and channel in a minute, the earliest first.

    What an entry has to tell at once leaves alone.
    """
    bundles: dict[tuple[datetime, str, str, str], list[Foretold]] = {}
    for one in found:
        if one.state in ("pending", "waiting"):
            bundles.setdefault(_mail(one), []).append(one)
    return tuple(
        ForetoldMail(at=min(one.at for one in together), agency=agency, channel=channel, reminders=tuple(together))
        for (_, agency, channel, _), together in sorted(bundles.items(), key=lambda item: item[0])
    )


def figures(found: tuple[Foretold, ...]) -> Figures:
    """Return the counts of some reminders; what is suppressed or has no channel is in none but its own."""
    sent = [one for one in found if one.state in ("pending", "waiting")]
    stages: dict[str, int] = {}
    for one in sent:
        stages[one.stage] = stages.get(one.stage, 0) + 1
    return Figures(
        mails=len(set(map(_mail, sent))),
        reminders=len(sent),
        suppressed=sum(one.state == "suppressed" for one in found),
        unreachable=sum(one.state == "failed" for one in found),
        recipients=len({one.agency for one in sent}),
        stages=dict(sorted(stages.items())),
    )


def _mail(one: Foretold) -> tuple[datetime, str, str, str]:
    """Return what tells the mail of a reminder from others."""
    alone = "" if one.stage in TOGETHER else f"{one.assignment} {one.rung}"
    return _minute(one.at), one.agency, one.channel, alone


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)
