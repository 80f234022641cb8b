"""Finds the data that ships with Warploom, and the folders of the user."""

from __future__ import annotations

from pathlib import Path

import platformdirs

from warploom.errors import WarploomError

_PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = _PACKAGE.parent.parent


def data_path(folder: str, *parts: str) -> Path:
    """A shipped file or folder: inside the installed package first, in the checkout second.

    Args:
        folder: "assets" or "sample_models".
        parts: Path below it.

    Raises:
        WarploomError: If the installation lacks it.
    """
    for root in (_PACKAGE / f"_{folder}", _CHECKOUT / folder):
        path = root.joinpath(*parts)
        if path.exists():
            return path
    raise WarploomError(f"This installation lacks {'/'.join((folder, *parts))}: install Warploom again.")


def cache_folder() -> Path:
    """Where derived files may be kept between runs (created when missing)."""
    return platformdirs.user_cache_path("warploom", appauthor=False, ensure_exists=True)


def install_command(extra: str) -> str:
    """The command that installs an extra of this installation: from its checkout where it runs from one.

    Args:
        extra: A key of the project's optional dependencies, as "cuda13".
    """
    source = str(_CHECKOUT) if (_CHECKOUT / "pyproject.toml").exists() else "warploom"
    return f"pip install '{source}[{extra}]'"
