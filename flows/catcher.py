"""A mail server for exercises: it takes every mail on loopback and lays it down as a file; nothing goes further.

    python -m flows.catcher FOLDER

prints its port, and ends when its standard input does, so it never outlives whoever started it.
"""

import asyncio
import re
import subprocess
import sys
from email import policy
from email.parser import BytesHeaderParser
from pathlib import Path
from types import TracebackType
from typing import Any

from aiosmtpd.smtp import SMTP

from flows.server import stop

_UNFIT = re.compile(r"[^A-Za-z0-9@._+-]")
_HEADERS = BytesHeaderParser(policy=policy.compat32)


class Catcher:
    """A catcher in a process of its own, so that sending and catching use two cores; use it as a context manager."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = 0
        self._process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        """Return the address for TRACKER_SMTP_URL."""
        return f"smtp://127.0.0.1:{self.port}"

    def __enter__(self) -> "Catcher":
        self._process = subprocess.Popen(
            [sys.executable, "-m", "flows.catcher", str(self.folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
            cwd=Path(__file__).parent.parent,
        )
        assert self._process.stdout is not None
        if not (said := self._process.stdout.readline().strip()):
            raise RuntimeError("the mail catcher did not start")
        self.port = int(said)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        stop(self._process)
        for stream in (self._process.stdin, self._process.stdout) if self._process else ():
            if stream is not None:
                stream.close()


class Shelf:
    """Where mails are laid down: one folder a recipient, numbered in the order of arrival."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.taken = 0

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """Take responsibility for a mail, once it is a file for each recipient."""
        for recipient in envelope.rcpt_tos:
            self.lay_down(recipient, envelope.original_content)
        return "250 2.0.0 laid down"

    def lay_down(self, recipient: str, content: bytes) -> Path:
        """Write one mail and return its file."""
        self.taken += 1
        reference = _HEADERS.parsebytes(content).get("X-Reminder-Reference", "mail")
        file = self.folder / fit(recipient.lower()) / f"{self.taken:05}-{fit(str(reference))}.eml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        return file


def fit(words: str) -> str:
    """Return words as one name below a folder, whatever somebody sent.

    >>> fit("../../bnv@agency.example"), fit("..")
    ('_.._.._bnv@agency.example', '_..')
    """
    name = _UNFIT.sub("_", words)[:80]
    return f"_{name}" if name.startswith(".") or not name else name


async def serve(folder: Path) -> None:
    """Take mails until standard input ends."""
    loop = asyncio.get_running_loop()
    shelf = Shelf(folder)
    server = await loop.create_server(lambda: SMTP(shelf, enable_SMTPUTF8=True, hostname="localhost"), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
