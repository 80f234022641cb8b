"""Warploom: search, run and compare inter-operator schedules of neural networks on NVIDIA GPUs."""

from warploom.errors import WarploomError
from warploom.version import __version__

TYPE_CHECKING = False  # what type checkers take for true: to import `typing` takes longer than all of this
if TYPE_CHECKING:
    from warploom.api import Network, Plan, PlanContext, build, load_plan, optimize
    from warploom.recording.recording import Recording

__all__ = [
    "Network",
    "Plan",
    "PlanContext",
    "Recording",
    "WarploomError",
    "__version__",
    "build",
    "load_plan",
    "optimize",
]

_LAZY = dict.fromkeys(("Network", "Plan", "PlanContext", "build", "load_plan", "optimize"), "warploom.api")
_LAZY["Recording"] = "warploom.recording.recording"


def __getattr__(name: str) -> object:
    """Loads the API when it is first asked for: the command line starts without it."""
    if name not in _LAZY:
        raise AttributeError(f"module 'warploom' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_LAZY[name]), name)
