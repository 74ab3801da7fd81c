"""Five people to look as: in a rehearsal, with passwords that let them in; never in a live store."""

from pathlib import Path

import pytest

from tests.simulation.a_store import ADOPTED
from tests.simulation.an_office import the_registry
from tracker.domain.errors import Refused
from tracker.operations import adopt_registry, init
from tracker.operations.accounts import account_list, has_accounts
from tracker.operations.newcomers import a_password, make_five


def test_a_live_store_is_given_nobody(tmp_path: Path) -> None:
    store = init(f"sqlite:///{tmp_path}/live.db", rehearsal=False, at=ADOPTED, actor="test")
    with pytest.raises(Refused):
        make_five(store, at=ADOPTED, actor="test")
    assert not has_accounts(store)
    store.close()


def test_a_rehearsal_is_given_five_each_with_a_password_of_their_own(tmp_path: Path) -> None:
    store = init(f"sqlite:///{tmp_path}/rehearsal.db", rehearsal=True, at=ADOPTED, actor="test")
    adopt_registry(store, the_registry(secretariat="VPCP"), at=ADOPTED, actor="test")
    made = make_five(store, at=ADOPTED, actor="test")
    assert [one.role for one in made] == ["secretariat", "agency", "agency", "auditor", "admin"]
    assert len({one.password for one in made}) == 5
    assert {account.name for account, known in account_list(store) if known.password} == {one.name for one in made}
    assert made[0].password not in repr(made)
    store.close()


def test_no_two_passwords_are_alike_and_none_has_letters_taken_for_others() -> None:
    made = {a_password() for _ in range(200)}
    assert len(made) == 200
    assert not set("".join(made)) & set("il1o0")
