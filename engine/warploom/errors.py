"""The errors that Warploom raises on purpose: one root, one branch per part of the path of the data.

Every message is one sentence (or two) for the user: what is wrong, where (file, node or call), what to do.
Anything else that escapes is a defect of Warploom itself.
"""

from __future__ import annotations


class WarploomError(Exception):
    """Root of all errors with a message meant for the user."""

    code = "error"
    sticky = False
    """Whether the process that it was raised in cannot do such work any more and has to be replaced."""


class ModelImportError(WarploomError):
    """A model file cannot be read or is not a valid model."""

    code = "import"


class GraphError(WarploomError):
    """A Graph breaks one of its invariants (a defect of a pass, or of a hand-built graph)."""

    code = "graph"


class UnsupportedOperatorError(WarploomError):
    """A device was asked to run an operator that it has no kernel for."""

    code = "unsupported-operator"


class ScheduleError(WarploomError):
    """A schedule or stream plan does not fit its graph, or search limits are out of range."""

    code = "schedule"


class DeviceError(WarploomError):
    """A device is missing, unknown or failed."""

    code = "device"


class ProfileError(WarploomError):
    """A timeline could not be recorded or is inconsistent."""

    code = "profile"


class RecordingError(WarploomError):
    """A recording file cannot be read or written."""

    code = "recording"


class CalibrationError(WarploomError):
    """The data that a model is to be calibrated with is missing or does not fit it."""

    code = "calibration"


class PlanError(WarploomError):
    """A plan file cannot be read, written or run here, or an input does not fit it."""

    code = "plan"


class ReportError(WarploomError):
    """A report or export cannot be made or written."""

    code = "report"


class CommandError(WarploomError):
    """A command line or a worker request asks for something that does not exist."""

    code = "command"


class CancelledError(WarploomError):
    """The user cancelled the work; the message says what is kept of it."""

    code = "cancelled"
