"""Warploom: search, run and compare inter-operator schedules of neural networks on NVIDIA GPUs."""

from warploom.errors import WarploomError
from warploom.version import __version__

__all__ = ["WarploomError", "__version__"]
