"""A sample is decided by its seed and its population, and anybody can draw it again."""

import subprocess
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.domain.errors import Invalid
from tracker.domain.sampling import sample

REFS = st.sets(st.text(st.characters(codec="ascii", exclude_categories=["C"]), min_size=1), max_size=30)


@given(refs=REFS, size=st.integers(1, 40), seed=st.text(min_size=1))
def test_the_order_of_the_population_changes_nothing(refs: set[str], size: int, seed: str) -> None:
    assert sample(sorted(refs), size=size, seed=seed) == sample(sorted(refs, reverse=True), size=size, seed=seed)


@given(refs=REFS, size=st.integers(1, 40))
def test_the_smallest_ranks_are_drawn_in_their_order(refs: set[str], size: int) -> None:
    ranks = sorted((sha256(f"s\n{ref}".encode()).hexdigest(), ref) for ref in refs)
    assert sample(refs, size=size, seed="s").drawn == tuple(ranks[:size])


@given(refs=REFS)
def test_a_larger_sample_begins_with_the_smaller_one(refs: set[str]) -> None:
    small, large = (sample(refs, size=size, seed="s").drawn for size in (3, 5))
    assert large[: len(small)] == small


@pytest.mark.parametrize(("size", "drawn"), [(2, 2), (3, 3), (4, 3)])
def test_of_a_smaller_population_all_is_drawn(size: int, drawn: int) -> None:
    assert len(sample(["a", "b", "c"], size=size, seed="s").drawn) == drawn


def test_the_shell_commands_of_the_docstring_draw_the_same() -> None:
    refs = [f"2025/412-tb-vpcp/duty-{n}/BNV" for n in range(20)]
    script = r"""while read -r ref; do
        printf '%s %s\n' "$(printf '%s\n%s' "$SEED" "$ref" | sha256sum | cut -c-64)" "$ref"
    done | LC_ALL=C sort | head -n 5"""
    text = "".join(f"{ref}\n" for ref in refs)
    env = {"SEED": "2025-Q3", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(["sh", "-c", script], input=text, env=env, capture_output=True, text=True, check=True)
    found = sample(refs, size=5, seed="2025-Q3")
    assert [tuple(line.split(" ")) for line in done.stdout.splitlines()] == list(found.drawn)
    assert found.fingerprint == sha256("".join(f"{ref}\n" for ref in sorted(refs)).encode()).hexdigest()


@pytest.mark.parametrize("how", [{"size": 0, "seed": "s"}, {"size": 1, "seed": ""}])
def test_nothing_is_drawn_without_a_size_or_a_seed(how: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        sample(["a"], **how)  # type: ignore[arg-type]
