"""Channels as entries determine them, but for their secrets: of those a keyed fingerprint is known, nothing else."""

from collections.abc import Mapping

from tracker.audit.vault import fingerprint_of
from tracker.notify.way import MAIL, public_address
from tracker.operations.replay import Replay
from tracker.store import adopted
from tracker.store.adopted import Channel
from tracker.store.redo import Again, Key
from tracker.store.store import Connection


def channels(connection: Connection, replay: Replay) -> dict[Key, Again]:
    """Return the channels; one with a secret can be compared, and put right but for it, yet not made again."""
    there: Mapping[Key, Channel] = {
        (one.agency, one.name): one for ways in adopted.channels(connection).values() for one in ways
    }
    return {key: _again(said, there.get(key)) for key, said in replay.channels.items()}


def _again(said: Mapping[str, str], found: Channel | None) -> Again:
    # entries before issue 4 said neither language nor kind
    columns = {"agency": said["agency"], "name": said["channel"]}
    columns |= {name: said[name] for name in ("language", "kind") if name in said}
    public, mark = said["address"], said.get("fingerprint")
    if said.get("kind", MAIL) == MAIL and "://" not in public:
        return Again({**columns, "secret": None, "address": public}, {"language": None, "kind": MAIL})
    if mark is not None:
        kept = found is not None and found.secret is not None and fingerprint_of(found.secret) == mark
        columns["address"] = public
    else:  # of the time before secrets were sealed
        kept = found is not None and public in (found.address, public_address(found.address))
    if kept:
        return Again(columns, None)
    return Again({**columns, "address": public, "secret": mark}, None, mendable=False)
