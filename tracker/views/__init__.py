"""Read models: what is true at an instant, shared by terminal, pages, flows and files; free of presentation.

Every view says as of when it is true and at which position of the ledger. The registry in force
at that instant, and the directive where one is explained, are given by the caller.


Names are fetched when they are first asked for: a command pays for what it does, not for the whole house.
"""

from typing import TYPE_CHECKING

from tracker.lazily import fetch_lazily

if TYPE_CHECKING:
    from tracker.domain.cells import Cells
    from tracker.store.queries import Wanted
    from tracker.store.store import Connection, Store
    from tracker.views.adopted import (
        Channel,
        DirectiveList,
        channel_list,
        directive_document,
        directive_list,
        registry_document,
        task_keys,
    )
    from tracker.views.board import Board, board
    from tracker.views.directive import DirectiveView, RollUp, directive_show, roll_up
    from tracker.views.health import Health, health
    from tracker.views.history import History, history
    from tracker.views.life import DeputyList, Effect, ExtensionList, Life
    from tracker.views.plain import document
    from tracker.views.reminders import ReminderList, reminder_list
    from tracker.views.reviews import ReviewList, review_list
    from tracker.views.stamp import Stamp
    from tracker.views.tasks import Explanation, TaskList, TaskView, explain, resolve, task_list, task_show

__all__ = [
    "Board",
    "Cells",
    "Channel",
    "Connection",
    "DeputyList",
    "DirectiveList",
    "DirectiveView",
    "Effect",
    "Explanation",
    "ExtensionList",
    "Health",
    "History",
    "Life",
    "ReminderList",
    "ReviewList",
    "RollUp",
    "Stamp",
    "Store",
    "TaskList",
    "TaskView",
    "Wanted",
    "board",
    "channel_list",
    "directive_document",
    "directive_list",
    "directive_show",
    "document",
    "explain",
    "health",
    "history",
    "registry_document",
    "reminder_list",
    "resolve",
    "review_list",
    "roll_up",
    "task_keys",
    "task_list",
    "task_show",
]

fetch_lazily(
    __name__,
    {
        "tracker.domain.cells": "Cells",
        "tracker.store.queries": "Wanted",
        "tracker.store.store": "Connection Store",
        "tracker.views.adopted": "Channel DirectiveList channel_list directive_document directive_list"
        " registry_document task_keys",
        "tracker.views.board": "Board board",
        "tracker.views.directive": "DirectiveView RollUp directive_show roll_up",
        "tracker.views.health": "Health health",
        "tracker.views.history": "History history",
        "tracker.views.life": "DeputyList Effect ExtensionList Life",
        "tracker.views.plain": "document",
        "tracker.views.reminders": "ReminderList reminder_list",
        "tracker.views.reviews": "ReviewList review_list",
        "tracker.views.stamp": "Stamp",
        "tracker.views.tasks": "Explanation TaskList TaskView explain resolve task_list task_show",
    },
)
