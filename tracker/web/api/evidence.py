"""Evidence: files are brought before a report names them, and handed out to who may have them."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, File, Path, Response, UploadFile
from fastapi.responses import StreamingResponse

from tracker.domain.errors import Refused
from tracker.operations.evidence import add_evidence, evidence_folder, fetch
from tracker.views.sight import sight
from tracker.views.tasks import get_seen
from tracker.web.api.counter import Counter, Who
from tracker.web.api.models import model_of, said
from tracker.web.api.problems import Problem
from tracker.web.api.rules import reads, writes
from tracker.web.api.shape import TASK, Ref, tag

CHUNK = 64 * 1024
BYTES: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
          "description": "The bytes that were kept, checked against their hash."}
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A file as it is kept: reports name it by its SHA-256. `again`: these bytes were known already."""

    sha256: str
    size: int
    media_type: str
    name: str
    seq: int
    again: bool


def add_to(router: APIRouter, counter: Counter) -> None:
    """Add these operations."""
    folder = evidence_folder(counter.settings)

    @router.post(
        f"{TASK}/evidence",
        response_model=model_of(Kept),
        status_code=201,
        tags=["evidence"],
        **writes("agency", repeats=False, owned=True),
    )
    def bring(
        ref: Ref, file: Annotated[UploadFile, File(description="The file.")], response: Response, who: Who
    ) -> dict[str, Any]:
        """Bring a file that a report will name. The same bytes brought again are recognised, and change nothing."""
        with counter.looking(who) as look:
            get_seen(sight(look.connection, **look.within), ref)
        name = file.filename or "file"
        found = counter.act(
            lambda at: add_evidence(counter.store, folder, file.file, name=name, at=at, actor=who.actor)
        )
        tag(response, found.sha256)
        kept = {one: getattr(found, one) for one in Kept.__dataclass_fields__}
        return said(Kept(**kept), who.language)

    @router.get("/evidence/{sha256}", response_class=Response, responses=BYTES, tags=["evidence"], **reads(owned=True))
    def have(sha256: Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")], who: Who) -> Response:
        """Hand a file out. Who may not have it is told what somebody is told who asks for one that does not exist."""
        with ExitStack() as stack:
            try:
                found = counter.act(lambda at: fetch(counter.store, folder, sha256, at=at, actor=who.actor))
                known, stream = stack.enter_context(found)
            except Refused:
                raise Problem("not-found", "there is no such evidence, or it is not yours to have") from None
            closing = stack.pop_all()

        def chunks() -> Iterator[bytes]:
            with closing:
                while chunk := stream.read(CHUNK):
                    yield chunk

        headers = {
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(known.name)}",
            "Content-Length": str(known.size),
            "ETag": f'"{known.sha256}"',
            "X-Media-Type": known.media_type,
        }
        return StreamingResponse(chunks(), media_type="application/octet-stream", headers=headers)
