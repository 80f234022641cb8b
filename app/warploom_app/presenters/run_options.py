"""Which settings of a run matter for a mode, and where it may take place: what the run bar and its panel show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec
from PySide6.QtCore import QCoreApplication

from warploom.graph import UNIFORM, Precision
from warploom.graph.precision_plan import AUTO, CHOICES
from warploom.recording.recording import Settings
from warploom.schedule.modes import MODES
from warploom.worker.messages import DeviceList, OptimizeOptions
from warploom_app.presenters.names import scheduler_title

_STAGED = frozenset({"both", "parallel"})  # bound groups by r and stages by s
_WIDE = frozenset({"both", "parallel", "merge", "list", "local"})  # s bounds streams or merges, too
_BASELINES = frozenset({"sequential", "greedy"})
_ORDER = (
    "both", "ios-both", "parallel", "merge", "dataflow", "list", "nimble", "opara", "local", "greedy", "sequential",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Relevance:
    """Whether a setting changes anything in a mode."""

    group_operators: bool
    stage_groups: bool
    search_seconds: bool


def relevance(mode: str) -> Relevance:
    """What matters in a mode."""
    schedulers = frozenset(MODES[mode].schedulers) if mode in MODES else _WIDE
    return Relevance(bool(schedulers & _STAGED), bool(schedulers & _WIDE), bool(schedulers - _BASELINES))


def offered_modes() -> tuple[str, ...]:
    """The modes in the order of the list: everything, IOS, schedulers without barriers, baselines, then any other."""
    return (*(name for name in _ORDER if name in MODES), *(name for name in MODES if name not in _ORDER))


def mode_title(name: str) -> str:
    """What the window calls a mode."""
    return _tr("best of all") if name == "both" else scheduler_title(name)


def can_calibrate(options: OptimizeOptions) -> bool:
    """Whether calibration data changes anything."""
    return options.precision not in UNIFORM


def with_precision(options: OptimizeOptions, precision: str) -> OptimizeOptions:
    """The options with another precision, without what does not go with it."""
    budget = options.error_budget if precision == AUTO else None
    changed = msgspec.structs.replace(options, precision=precision, error_budget=budget)
    return changed if can_calibrate(changed) else msgspec.structs.replace(changed, calibrate=None)


def as_recorded(options: OptimizeOptions, settings: Settings) -> OptimizeOptions:
    """The options with everything that a recording tells of how it was made; where it was made stays open.

    A batch of one is left to the model, as most models say so themselves.
    """
    precision = AUTO if settings.precision_plan is not None else settings.precision.value
    if settings.precision is Precision.INT8:
        precision = settings.precision.value
    return msgspec.structs.replace(
        with_precision(options, precision if precision in CHOICES else options.precision),
        batch=settings.batch if settings.batch > 1 else None,
        mode=settings.mode if settings.mode in MODES else options.mode,
        max_group_operators=settings.max_group_operators,
        max_stage_groups=settings.max_stage_groups,
        repeats=settings.repeats,
        sample_interval_ns=settings.sample_interval_ns,
        search_seconds=settings.search_seconds,
    )


def precision_title(precision: str) -> str:
    """What a choice of the precision means."""
    titles = {
        Precision.FP32: _tr("32-bit floats, without TF32"),
        Precision.TF32: _tr("32-bit floats, multiplied with 10-bit mantissas on tensor cores"),
        Precision.FP16: _tr("16-bit floats"),
        Precision.BF16: _tr("16-bit floats of the range of float32"),
        Precision.INT8: _tr("8-bit integers where they gain, calibrated; 16-bit floats elsewhere"),
        AUTO: _tr("The fastest within the error budget, decided operator by operator"),
    }
    return titles.get(precision, precision)


@dataclass(frozen=True, slots=True)
class Target:
    """A place to run.

    Attributes:
        host: Address of a machine; "" for this one.
        device: Id of the device there.
        title: What the list shows.
        note: More about it.
        available: Whether it can be chosen.
        simulated: Whether it is a model.
    """

    host: str
    device: str
    title: str
    note: str
    available: bool
    simulated: bool


def targets(local: DeviceList | None, remote: Mapping[str, DeviceList | None]) -> tuple[Target, ...]:
    """Every device of this machine, then the GPUs of each host (simulated ones are the same everywhere).

    Args:
        local: Devices of this machine, once they are known.
        remote: Devices by host; None for a host that did not answer (yet).
    """
    found = list(_of_machine("", local)) if local is not None else []
    for host, devices in remote.items():
        if devices is None:
            text = _tr("{} (not tested)").format(host)
            found.append(Target(host, "auto", text, _tr("Test the connection in the settings"), True, False))
        else:
            found += _of_machine(host, devices)
    return tuple(found)


def _of_machine(host: str, devices: DeviceList) -> Iterable[Target]:
    hardware = any(not one.simulated for one in devices.devices)
    for one in devices.devices:
        if host and one.simulated and (hardware or one.id != devices.default):
            continue
        title = _tr("{} (simulated)").format(one.name) if one.simulated else one.name
        yield Target(host, one.id, f"{title} · {host}" if host else title, one.note, one.available, one.simulated)


def _tr(text: str) -> str:
    return QCoreApplication.translate("RunOptions", text)
