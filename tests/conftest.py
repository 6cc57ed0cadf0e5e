"""Fixtures that every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real datasets, reference cases and hostile inputs that lies beside the checkout."""
    folder = Path(os.environ.get("EVALHUB_SHARED", ROOT.parent / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip(f"no shared data at {folder}; set EVALHUB_SHARED to run this test")
    return folder
