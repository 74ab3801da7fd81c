"""The verbs. Each is one transaction (or a run of them), and joins the rooms of the tracker; faces only call.

Names are fetched when they are first asked for: a command pays for what it does, not for the whole house.
"""

from typing import TYPE_CHECKING

from tracker.lazily import fetch_lazily

if TYPE_CHECKING:
    from tracker.operations.adopt import Adopted, adopt_directive, adopt_registry, plan_directive
    from tracker.operations.calendar import CalendarPlan, DayChange, Move, plan_calendar
    from tracker.operations.channels import remove_channel, set_channel
    from tracker.operations.deliver import Delivered, deliver
    from tracker.operations.events import Recorded, record_event
    from tracker.operations.opening import init, open_store, upgrade
    from tracker.operations.progress import accept, acknowledge, send_back, submit
    from tracker.operations.rebuild import Rebuilt, rebuild
    from tracker.operations.sweep import Swept, sweep
    from tracker.operations.verify import verify

__all__ = [
    "Adopted",
    "CalendarPlan",
    "DayChange",
    "Delivered",
    "Move",
    "Rebuilt",
    "Recorded",
    "Swept",
    "accept",
    "acknowledge",
    "adopt_directive",
    "adopt_registry",
    "deliver",
    "init",
    "open_store",
    "plan_calendar",
    "plan_directive",
    "rebuild",
    "record_event",
    "remove_channel",
    "send_back",
    "set_channel",
    "submit",
    "sweep",
    "upgrade",
    "verify",
]

fetch_lazily(
    __name__,
    {
        "tracker.operations.adopt": "Adopted adopt_directive adopt_registry plan_directive",
        "tracker.operations.calendar": "CalendarPlan DayChange Move plan_calendar",
        "tracker.operations.channels": "remove_channel set_channel",
        "tracker.operations.deliver": "Delivered deliver",
        "tracker.operations.events": "Recorded record_event",
        "tracker.operations.opening": "init open_store upgrade",
        "tracker.operations.progress": "accept acknowledge send_back submit",
        "tracker.operations.rebuild": "Rebuilt rebuild",
        "tracker.operations.sweep": "Swept sweep",
        "tracker.operations.verify": "verify",
    },
)
