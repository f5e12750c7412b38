"""A state folder of one test's own, in which nothing is left running."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.process.places import Place


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A state folder with its collectors."""
    here = Place(tmp_path / "state")
    try:
        yield here
    finally:
        here.end()
