"""Fixtures that every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# Before any import of Qt: tests never need a screen.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

pytest_plugins = ["fixtures_recording"]

_REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return _REPOSITORY


@pytest.fixture(scope="session")
def shared_path() -> Path:
    """The folder of reference data beside the checkout; tests that need it skip without it (users do not have it)."""
    path = _REPOSITORY.parent / "shared"
    if not (path / "reference").is_dir():
        pytest.skip("the reference data beside the checkout is not here")
    return path
