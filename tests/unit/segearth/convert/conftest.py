"""The oracles and their published weights, built once."""

from __future__ import annotations

from pathlib import Path

import pytest
from torch import Tensor

from tests.unit.segearth.convert.authors import write_safetensors, write_text
from tests.unit.segearth.convert.oracles import Oracles, build_oracles, published_state


@pytest.fixture(scope="session")
def oracles() -> Oracles:
    return build_oracles()


@pytest.fixture(scope="session")
def state(oracles: Oracles) -> dict[str, Tensor]:
    return published_state(oracles)


@pytest.fixture
def published(tmp_path: Path, state: dict[str, Tensor]) -> Path:
    """A whole folder in the authors' layout."""
    folder = write_safetensors(tmp_path / "r2", state)
    write_text(folder)
    return folder
