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
