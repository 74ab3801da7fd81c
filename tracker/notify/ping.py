"""A call to an address outside that expects one every few minutes, and alarms when it stays away."""

import urllib.error
import urllib.request
from typing import Any

SECONDS = 10.0


class _Stays(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_given: Any) -> None:
        """Follow no redirect: what was configured is what is called."""


def ping(url: str) -> str | None:
    """Call an address once and return why that did not succeed, None where it did; never shows the address."""
    if not url.startswith(("https://", "http://")):
        return "ping: write TRACKER_PING as https://…"
    try:
        opener = urllib.request.build_opener(_Stays)
        with opener.open(urllib.request.Request(url, headers={"User-Agent": "tracker"}), timeout=SECONDS) as answer:
            return None if 200 <= answer.status < 300 else f"ping: the answer was {answer.status}"
    except urllib.error.HTTPError as error:
        return f"ping: the answer was {error.code}"
    except (OSError, ValueError) as error:  # the address may hold a secret, and so may what urllib says of it
        return f"ping: no answer ({type(error).__name__})"
