"""The viewer of the description."""

from typing import Any


def page(document: dict[str, Any]) -> str:
    """Return the description as a page."""
    return "<!doctype html>"
