"""Seals of a real ledger: when they are made, by whom, and what they catch. On SQLite and on PostgreSQL alike."""

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.simulation.a_store import ADOPTED, a_store
from tracker.audit.keys import Signer, Vkey
from tracker.audit.seal import parse
from tracker.audit.sealed import Outside
from tracker.domain.entry import Draft, link
from tracker.domain.errors import Broken, Conflict, Refused
from tracker.operations import verify
from tracker.operations.keys import keys, make_key, rotate_key
from tracker.operations.sealing import AGE, ENTRIES, seal
from tracker.store import ledger, seals
from tracker.store.seals import Sealed
from tracker.store.store import Store

SECOND = timedelta(seconds=1)
LATER = ADOPTED + timedelta(hours=1)


@pytest.fixture
def keyfile(tmp_path: Path) -> Path:
    return tmp_path / "tracker.key"


def a_keyed_store(url: str, keyfile: Path) -> Store:
    store = a_store(url)
    make_key(store, keyfile, at=ADOPTED, actor="cli:root")
    return store


def sealed(store: Store, keyfile: Path, at=LATER, **how: bool) -> Sealed:  # type: ignore[no-untyped-def]
    made = seal(store, at=at, keyfile=keyfile, **how)
    assert made is not None
    return made


def note(store: Store, count: int = 1, *, at=LATER) -> None:  # type: ignore[no-untyped-def]
    """Record so many entries."""
    with store.write() as connection:
        ledger.append(connection, [Draft(kind="note", effective_at=at, actor="x")] * count, at=at)


def tamper(store: Store, *statements: str, **values: object) -> None:
    with store.write() as connection:
        on = " ON entry" if connection.dialect.name == "postgresql" else ""
        for name in ("entry_no_update", "entry_no_delete"):
            connection.execute(text(f"DROP TRIGGER IF EXISTS {name}{on}"))
        for statement in statements:
            connection.execute(text(statement), values)


def rechain(store: Store, start: int) -> None:
    """Give every entry from `start` on the hash its text has now, as somebody would who can write anything."""
    with store.write() as connection:
        entries = list(ledger.entries(connection))
        previous = entries[start - 2].hash if start > 1 else "0" * 64
        for entry in entries[start - 1 :]:
            digest = link(previous, entry.body)
            connection.execute(
                text("UPDATE entry SET previous = :p, hash = :h WHERE seq = :s"),
                {"p": previous, "h": digest, "s": entry.seq},
            )
            previous = digest
        connection.execute(text("UPDATE head SET hash = :h"), {"h": previous})


def edit(store: Store, seq: int) -> None:
    """Change the actor of an entry, in its column and in its text, and make the chain fit again."""
    tamper(
        store,
        "UPDATE entry SET actor = 'nobody', body = replace(body, '\"actor\":\"' || actor, '\"actor\":\"nobody')"
        " WHERE seq = :seq",
        seq=seq,
    )
    rechain(store, seq)


# ── When ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_minute_after_the_first_unsealed_entry_a_seal_is_due(database_url: str, keyfile: Path) -> None:
    store = a_keyed_store(database_url, keyfile)
    assert seal(store, at=ADOPTED + AGE - SECOND, keyfile=keyfile) is None
    first = sealed(store, keyfile, ADOPTED + AGE)
    assert first.size == store.position().seq
    assert seal(store, at=LATER, keyfile=keyfile) is None, "nothing is new"
    note(store)
    note(store, at=LATER + AGE - 2 * SECOND)
    assert seal(store, at=LATER + AGE - SECOND, keyfile=keyfile) is None
    assert sealed(store, keyfile, LATER + AGE).size == first.size + 2


def test_a_thousand_new_entries_are_sealed_at_once(database_url: str, keyfile: Path) -> None:
    store = a_keyed_store(database_url, keyfile)
    first = sealed(store, keyfile)
    note(store, ENTRIES - 1)
    assert seal(store, at=LATER, keyfile=keyfile) is None
    note(store)
    assert sealed(store, keyfile).size == first.size + ENTRIES
    note(store, ENTRIES + 1)
    assert sealed(store, keyfile).size == first.size + 2 * ENTRIES + 1
    assert (verify(store).holds, verify(store).seals) == (True, 3)


def test_whoever_asks_gets_any_change_sealed_but_nothing_twice(database_url: str, keyfile: Path) -> None:
    store = a_keyed_store(database_url, keyfile)
    assert seal(store, at=ADOPTED, keyfile=keyfile) is None
    assert sealed(store, keyfile, ADOPTED, force=True).size == store.position().seq
    assert seal(store, at=LATER, keyfile=keyfile, force=True) is None


def test_two_sealers_at_once_make_one_seal(database_url: str, keyfile: Path) -> None:
    store = a_keyed_store(database_url, keyfile)
    made, start = [], threading.Barrier(4)

    def work() -> None:
        start.wait()
        made.append(seal(store, at=LATER, keyfile=keyfile))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 4
    assert sum(one is not None for one in made) == 1
    with store.read() as connection:
        assert seals.count(connection) == 1


def test_a_rewrite_before_the_last_seal_stops_the_next_one(database_url: str, keyfile: Path) -> None:
    store = a_keyed_store(database_url, keyfile)
    sealed(store, keyfile)
    edit(store, 2)
    note(store)
    with pytest.raises(Broken, match="does not hold"):
        sealed(store, keyfile, force=True)  # what is new follows another hash than the sealed one


# ── Keys ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_without_a_key_nothing_is_sealed_and_the_command_is_named(database_url: str, keyfile: Path) -> None:
    store = a_store(database_url)
    with pytest.raises(Refused, match="tracker key make"):
        seal(store, at=LATER, keyfile=keyfile)


def test_a_key_is_made_once_and_only_its_owner_reads_it(database_url: str, keyfile: Path) -> None:
    store = a_keyed_store(database_url, keyfile)
    before = keyfile.read_bytes()
    assert keyfile.stat().st_mode & 0o777 == 0o600
    with pytest.raises(Conflict, match="rotate"):
        make_key(store, keyfile, at=LATER, actor="cli:root")
    assert keyfile.read_bytes() == before
    with store.read() as connection:
        *_, entry = ledger.entries(connection)
    (key,) = keys(store, keyfile)
    assert (entry.kind, entry.payload) == ("key_made", {"key": key.vkey.name, "vkey": key.vkey.text()})
    assert b"PRIVATE" not in entry.body.encode()


def test_a_key_that_lies_there_is_taken_and_never_written_over(database_url: str, keyfile: Path) -> None:
    keyfile.write_bytes(Signer.new().pem())
    keyfile.chmod(0o600)
    before = keyfile.read_bytes()
    sealed(a_keyed_store(database_url, keyfile), keyfile)
    assert keyfile.read_bytes() == before


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_key_that_others_may_read_is_not_used(tmp_path: Path, keyfile: Path, mode: int) -> None:
    store = a_keyed_store(f"sqlite:///{tmp_path / 'x.db'}", keyfile)
    keyfile.chmod(mode)
    with pytest.raises(Refused, match="chmod 600"):
        seal(store, at=LATER, keyfile=keyfile)


def test_a_lost_or_another_key_is_refused(tmp_path: Path, keyfile: Path) -> None:
    store = a_keyed_store(f"sqlite:///{tmp_path / 'x.db'}", keyfile)
    keyfile.unlink()
    with pytest.raises(Refused, match="TRACKER_KEY"):
        seal(store, at=LATER, keyfile=keyfile)
    keyfile.write_bytes(Signer.new().pem())
    keyfile.chmod(0o600)
    with pytest.raises(Refused, match="another key"):
        seal(store, at=LATER, keyfile=keyfile)


def test_a_rotated_key_seals_from_there_on_and_old_seals_still_hold(database_url: str, keyfile: Path) -> None:
    store = a_keyed_store(database_url, keyfile)
    first, old = sealed(store, keyfile), keyfile.read_bytes()
    new = rotate_key(store, keyfile, at=LATER, actor="cli:root")
    second = sealed(store, keyfile, force=True)
    assert (first.key, second.key) == tuple(key.vkey.name for key in keys(store, keyfile))
    assert second.key == new.vkey.name == f"{parse(first.note).seal.origin}/2"
    assert keyfile.read_bytes() == old
    assert (new.file.name, new.file.stat().st_mode & 0o777) == ("tracker.key.2", 0o600)
    rotate_key(store, keyfile, at=LATER, actor="cli:root")
    sealed(store, keyfile, force=True)
    assert (verify(store).holds, verify(store).seals) == (True, 3)


def test_a_rotation_that_was_cut_short_goes_on_with_the_file_it_left(tmp_path: Path, keyfile: Path) -> None:
    store = a_keyed_store(f"sqlite:///{tmp_path / 'x.db'}", keyfile)
    left = Signer.new()
    file = keyfile.with_name("tracker.key.2")
    file.write_bytes(left.pem())
    file.chmod(0o600)
    assert rotate_key(store, keyfile, at=LATER, actor="cli:root").vkey.public == left.public


def test_a_seal_by_the_old_key_does_not_hold_after_the_rotation(database_url: str, keyfile: Path) -> None:
    store = a_keyed_store(database_url, keyfile)
    rotate_key(store, keyfile, at=LATER, actor="cli:root")
    made = sealed(store, keyfile, force=True)
    said = parse(made.note).seal
    from tracker.audit.seal import sign

    forged = sign(said, f"{said.origin}/1", Signer.of(keyfile.read_bytes())).text()
    tamper(store, "UPDATE seal SET note = :note", note=forged)
    verdict = verify(store)
    assert (verdict.broken_at, verdict.seals) == (made.size, 0)
    assert "names the key" in str(verdict.why)


# ── What a seal catches ──────────────────────────────────────────────────────────────────────────────────────


def test_an_edit_that_rechains_is_seen_by_the_seal_after_it(database_url: str, keyfile: Path) -> None:
    store = a_keyed_store(database_url, keyfile)
    made = sealed(store, keyfile)
    note(store, 3)
    edit(store, 4)
    verdict = verify(store)
    assert verdict.broken_at == made.size
    assert "do not give its root" in str(verdict.why)


def test_an_edit_of_what_no_seal_holds_yet_is_not_seen(database_url: str, keyfile: Path) -> None:
    store = a_keyed_store(database_url, keyfile)
    made = sealed(store, keyfile)
    note(store, 3)
    edit(store, made.size + 2)
    assert verify(store).holds, "the README says so: newer than the last seal is unproven"


def test_a_tail_cut_off_together_with_the_head_is_seen_by_the_seal(database_url: str, keyfile: Path) -> None:
    store = a_keyed_store(database_url, keyfile)
    made = sealed(store, keyfile)
    cut(store, made.size - 1)
    verdict = verify(store)
    assert verdict.broken_at == made.size
    assert "speaks of" in str(verdict.why)
    with pytest.raises(Broken, match="cut off"):
        seal(store, at=LATER, keyfile=keyfile)


def cut(store: Store, end: int) -> None:
    tamper(
        store,
        "DELETE FROM entry WHERE seq > :end",
        "UPDATE head SET seq = :end, hash = (SELECT hash FROM entry WHERE seq = :end)",
        end=end,
    )


def test_a_tail_cut_off_with_its_seals_is_seen_by_a_seal_kept_outside(database_url: str, keyfile: Path) -> None:
    store = a_keyed_store(database_url, keyfile)
    outside = Outside(notes=(parse(sealed(store, keyfile).note),))
    assert verify(store, outside=outside).holds
    tamper(store, "DELETE FROM seal")
    cut(store, outside.notes[0].seal.size - 1)
    assert verify(store).holds, "alone the ledger cannot know"
    verdict = verify(store, outside=outside)
    assert verdict.broken_at == outside.notes[0].seal.size


def test_a_ledger_rewritten_and_sealed_anew_with_the_real_key_is_seen_by_a_seal_kept_outside(
    database_url: str, keyfile: Path
) -> None:
    store = a_keyed_store(database_url, keyfile)
    outside = Outside(notes=(parse(sealed(store, keyfile).note),))
    tamper(store, "DELETE FROM seal")
    edit(store, 5)
    sealed(store, keyfile, force=True)
    assert verify(store).holds, "whoever has the key seals what he likes"
    assert verify(store, outside=outside).broken_at == outside.notes[0].seal.size


def test_a_receipt_kept_outside_names_its_entry(database_url: str, keyfile: Path) -> None:
    store = a_keyed_store(database_url, keyfile)
    with store.read() as connection:
        fifth = seals.entry_at(connection, 5)
    assert fifth is not None
    outside = Outside(entries=((5, fifth.hash),))
    assert verify(store, outside=outside).holds
    edit(store, 5)
    assert verify(store, outside=outside).broken_at == 5


def test_a_key_known_from_elsewhere_is_held_against_the_ledgers(database_url: str, keyfile: Path) -> None:
    store = a_keyed_store(database_url, keyfile)
    (key,) = keys(store, keyfile)
    assert verify(store, outside=Outside(vkey=key.vkey)).holds
    other = Vkey(key.vkey.name, Signer.new().public)
    assert verify(store, outside=Outside(vkey=other)).broken_at == key.seq


@pytest.mark.parametrize("line", range(7))
def test_a_seal_tampered_with_in_the_database_is_seen_and_not_built_upon(
    tmp_path: Path, keyfile: Path, line: int
) -> None:
    store = a_keyed_store(f"sqlite:///{tmp_path / 'x.db'}", keyfile)
    made = sealed(store, keyfile)
    lines = made.note.split("\n")
    lines[line] = lines[line][:-1] + ("7" if lines[line][-1:] != "7" else "8")
    tamper(store, "UPDATE seal SET note = :note", note="\n".join(lines))
    assert verify(store).broken_at == made.size
    note(store)
    with pytest.raises(Broken, match="seal of"):
        seal(store, at=LATER, keyfile=keyfile, force=True)


def test_a_state_tampered_with_is_not_built_upon(database_url: str, keyfile: Path) -> None:
    store = a_keyed_store(database_url, keyfile)
    made = sealed(store, keyfile)
    size, first, *rest = made.frontier.split(" ")
    spoilt = " ".join([size, ("0" if first[0] != "0" else "1") + first[1:], *rest])
    tamper(store, "UPDATE seal SET frontier = :state", state=spoilt)
    note(store)
    with pytest.raises(Broken, match="says something else"):
        seal(store, at=LATER, keyfile=keyfile, force=True)


def test_entries_that_do_not_follow_the_last_seal_are_not_signed(database_url: str, keyfile: Path) -> None:
    store = a_keyed_store(database_url, keyfile)
    made = sealed(store, keyfile)
    note(store, 3)
    tamper(store, "UPDATE entry SET actor = 'nobody' WHERE seq = :seq", seq=made.size + 2)
    with pytest.raises(Broken, match=f"entry {made.size + 2} does not hold"):
        seal(store, at=LATER, keyfile=keyfile, force=True)
    with store.read() as connection:
        assert seals.count(connection) == 1


def test_ten_thousand_entries_are_sealed_from_the_state_of_the_last_seal(tmp_path: Path, keyfile: Path) -> None:
    store = a_keyed_store(f"sqlite:///{tmp_path / 'x.db'}", keyfile)
    for _ in range(10):
        note(store, 1_003)
        sealed(store, keyfile)
    verdict = verify(store)
    assert (verdict.holds, verdict.seals, verdict.sealed) == (True, 10, store.position().seq)
