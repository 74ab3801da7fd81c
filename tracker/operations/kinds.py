"""The kinds of channels and their fields, for faces that ask for them."""

from tracker.notify.kinds import KINDS, Field, Kind

__all__ = ["KINDS", "Field", "Kind"]
