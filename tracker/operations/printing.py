"""Printing: a report as the file that was asked for; what stands in it is given, and the same in every kind."""

from collections.abc import Callable, Mapping

from tracker.domain.errors import Invalid
from tracker.files.printed import Block, Grid, Heading, Letter, Printed, Value, Words, shown
from tracker.files.printed_docx import docx
from tracker.files.printed_pdf import pdf
from tracker.files.printed_xlsx import xlsx

__all__ = ["MEDIA_TYPES", "Block", "Grid", "Heading", "Letter", "Printed", "Value", "Words", "print_as", "shown"]

_WRITERS: Mapping[str, Callable[[Printed], bytes]] = {"xlsx": xlsx, "pdf": pdf, "docx": docx}
MEDIA_TYPES: Mapping[str, str] = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


def print_as(kind: str, printed: Printed) -> bytes:
    """Return a report as a file of some kind; raises Invalid for one that nobody writes."""
    if kind not in _WRITERS:
        raise Invalid(f"'{kind[:20]}' is no kind of report file: {', '.join(_WRITERS)}", code="bad-kind")
    return _WRITERS[kind](printed)
