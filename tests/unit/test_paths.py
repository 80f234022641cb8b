"""Paths: where an installation takes its extras from."""

from __future__ import annotations

from pathlib import Path

import pytest

from warploom import paths
from warploom.paths import install_command


def test_that_extras_are_installed_from_the_checkout_or_else_by_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(paths, "_CHECKOUT", tmp_path)
    assert install_command("cuda13") == "pip install 'warploom[cuda13]'"
    (tmp_path / "pyproject.toml").touch()
    assert install_command("cuda13") == f"pip install '{tmp_path}[cuda13]'"
