"""The verbs. Each is one transaction (or a run of them), and joins the rooms of the tracker; faces only call."""

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
