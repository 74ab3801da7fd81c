"""What tests of the pages are given."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.web.a_site import Site, a_site


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = a_site(tmp_path)
    yield made
    made.store.close()


@pytest.fixture(scope="module")
def looked_at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Yield a site that the tests of a module only look at, or are refused at."""
    made = a_site(tmp_path_factory.mktemp("site"))
    yield made
    made.store.close()
