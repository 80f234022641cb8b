"""Fixtures that every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from warploom.cli.qt_libraries import QT, how_to_install, missing_libraries
from warploom.onnx_runtime import OPT_OUT

# Before any import of Qt: tests never need a screen.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("PYTEST_QT_API", "pyside6")
os.environ.setdefault(OPT_OUT, "1")  # some tests start ONNX Runtime themselves

_MISSING_FOR_QT = missing_libraries(QT)

# pytest-qt imports Qt when it is loaded, which fails without these libraries: then the window's tests are left out.
pytest_plugins = ["fixtures_recording", *([] if _MISSING_FOR_QT else ["pytestqt.plugin"])]

_REPOSITORY = Path(__file__).resolve().parent.parent


def pytest_report_header() -> str | None:
    """Says why the window's tests are left out; continuous integration must have what they need."""
    if not _MISSING_FOR_QT:
        return None
    if os.environ.get("CI"):
        raise pytest.UsageError(how_to_install(_MISSING_FOR_QT))
    return f"The window's tests are left out. {how_to_install(_MISSING_FOR_QT)}"


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leaves out the window's tests where Qt cannot be loaded."""
    return True if _MISSING_FOR_QT and collection_path == _REPOSITORY / "tests" / "app" else None


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
