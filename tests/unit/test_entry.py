"""Entries: one canonical text, one hash, one form of time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from tracker.domain.entry import GENESIS, Draft, bodies_of, body_of, canonical, frame_of, instant, link, stamp

AT = datetime(2025, 8, 11, 1, tzinfo=UTC)

text = st.text(st.characters(exclude_categories=["Cs"]))
ascii_keys = st.text(st.characters(min_codepoint=32, max_codepoint=126))
payloads = st.dictionaries(
    ascii_keys,
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | text,
        lambda inner: st.lists(inner) | st.dictionaries(ascii_keys, inner),
        max_leaves=12,
    ),
)


@given(payloads)
def test_the_text_that_is_hashed_is_the_canonical_json_of_rfc_8785(document: dict[str, object]) -> None:
    assert canonical(document).encode() == rfc8785.dumps(document)  # type: ignore[arg-type]


@given(payloads, text, text, st.integers(1, 2**53 - 1))
def test_a_frame_gives_the_text_that_each_entry_would_have_alone(
    payload: dict[str, object], actor: str, about: str, seq: int
) -> None:
    draft = Draft(kind="swept", effective_at=AT, actor=actor, assignment="another", payload=payload)
    frame = frame_of(draft, recorded_at=AT + timedelta(days=1))
    alone = Draft(kind="swept", effective_at=AT, actor=actor, assignment=about, payload=payload)
    assert frame.body(about, seq) == body_of(alone, seq=seq, recorded_at=AT + timedelta(days=1))


duties = st.fixed_dictionaries(
    {
        "agency": text,
        "waiting_for": st.lists(text, max_size=1),
        "limit": st.none() | st.fixed_dictionaries({"zone": text}),
    }
)


@given(st.lists(st.tuples(st.sampled_from(["assigned", "submitted"]), st.sampled_from("ab"), text, duties), max_size=8))
def test_entries_that_are_alike_say_what_each_would_say_alone(
    found: list[tuple[str, str, str, dict[str, object]]],
) -> None:
    drafts = [Draft(kind=k, effective_at=AT, actor=actor, assignment=ref, payload=p) for k, actor, ref, p in found]
    drafts += [replace(draft, payload={**draft.payload, "agency": "another"}) for draft in drafts]
    alone = [body_of(draft, seq=seq, recorded_at=AT) for seq, draft in enumerate(drafts, 41)]
    assert list(bodies_of(drafts, first=41, recorded_at=AT)) == alone


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_stamp_reads_back_as_the_same_instant(at: datetime) -> None:
    assert instant(stamp(at)) == at


def test_a_stamp_is_utc_whatever_zone_the_instant_came_in() -> None:
    hanoi = AT.astimezone(timezone(timedelta(hours=7)))
    assert stamp(hanoi) == stamp(AT) == "2025-08-11T01:00:00.000000Z"


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        stamp(datetime(2025, 8, 11))  # noqa: DTZ001


def test_every_part_of_an_entry_changes_its_hash() -> None:
    draft = Draft(kind="submitted", effective_at=AT, actor="BNV", assignment="a/b/BNV", payload={"words": "xong"})
    whole = body_of(draft, seq=7, recorded_at=AT)
    others = [
        body_of(draft, seq=8, recorded_at=AT),
        body_of(draft, seq=7, recorded_at=AT + timedelta(microseconds=1)),
        *(
            body_of(Draft(**{**fields, **change}), seq=7, recorded_at=AT)  # type: ignore[arg-type]
            for fields in [
                {
                    "kind": "submitted",
                    "effective_at": AT,
                    "actor": "BNV",
                    "assignment": "a/b/BNV",
                    "payload": {"words": "xong"},
                }
            ]
            for change in (
                {"kind": "returned"},
                {"actor": "BTC"},
                {"assignment": None},
                {"payload": {}},
                {"effective_at": AT - timedelta(days=1)},
            )
        ),
    ]
    hashes = {link(GENESIS, body) for body in [whole, *others]} | {link("f" * 64, whole)}
    assert len(hashes) == len(others) + 2
