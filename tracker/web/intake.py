"""Intake: how much of a body is read, and for how long. What is too big or too slow is never held or spooled whole."""

import asyncio
import re
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

FORM = 1024 * 1024
FORM_SECONDS = 20.0
FILE_SECONDS = 600.0
MARGIN = 1024 * 1024  # what stands around a file, and so much more that its form can still say that it is too large
_WITH_FILES = re.compile(r"/tasks/.+/report|/api/v1/tasks/.+/evidence")


@dataclass(frozen=True, slots=True)
class Intake:
    """Lets through bodies up to a size: 413 beyond it, 408 for those that do not come to an end, 400 for who hangs up.

    `files` is how large a file may be where one is taken; a form without files has a megabyte.
    """

    app: ASGIApp
    files: int

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, its body by and by."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
            await self.app(scope, receive, send)
            return
        limit, patience = self._bounds(scope)
        said = Headers(scope=scope).get("content-length", "")
        too_big = said.isdecimal() and int(said) > limit
        loop = asyncio.get_running_loop()
        ends, size = loop.time() + patience, 0

        async def received() -> Message:
            nonlocal size
            if too_big:
                raise HTTPException(413, "body")
            if size < 0:  # whole: what comes now is only that the other side has gone
                return await receive()
            try:
                message = await asyncio.wait_for(receive(), ends - loop.time())
            except TimeoutError:
                raise HTTPException(408, "body") from None
            if message["type"] == "http.disconnect":
                raise HTTPException(400, "body")  # nobody hears it, and no log calls it a mistake of ours
            size += len(message.get("body", b""))
            if size > limit:
                raise HTTPException(413, "body")
            if not message.get("more_body"):
                size = -1
            return message

        await self.app(scope, received, send)

    def _bounds(self, scope: Scope) -> tuple[int, float]:
        kind = Headers(scope=scope).get("content-type", "")
        if kind.startswith("multipart/form-data") and _WITH_FILES.fullmatch(scope["path"]):
            return self.files + MARGIN, FILE_SECONDS
        return FORM, FORM_SECONDS
