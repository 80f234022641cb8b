"""The choice of precisions as a job asks for it: by error budget, or 8-bit integers with calibration data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from warploom.device.protocol import Device
from warploom.graph import Graph
from warploom.graph.precision_plan import ERROR_BUDGET
from warploom.precision.decision import Decision, Report, entry
from warploom.precision.histogram import CalibrationMethod
from warploom.precision.integer import choose_int8
from warploom.precision.mixed import choose_mixed
from warploom.precision.samples import Samples, affordable, folder_samples, random_samples

_SEED = 101
_RANDOM_FOR_SCALES = 8
_MEASURED = 2
_FLOPS_OF_A_TRIAL = 100_000_000_000


@dataclass(frozen=True, slots=True)
class Choice:
    """What was asked for.

    Attributes:
        integers: Whether products shall be quantized; otherwise floats are given 16 or 32 bits.
        budget: Largest relative L2 error of an output, for floats.
        calibrate: Folder of .npy files; None for random inputs.
        method: How ranges follow from calibration data.
    """

    integers: bool
    budget: float = ERROR_BUDGET
    calibrate: Path | None = None
    method: CalibrationMethod = CalibrationMethod.MSE


def choose_precision(graph: Graph, device: Device, choice: Choice, report: Report) -> Decision:
    """Decides how every operator of a Graph computes.

    Args:
        graph: Fused, in float32, its weights included.
        device: Says what operators cost.
        choice: What was asked for.
        report: Told what is being done; may raise to end it.

    Raises:
        CalibrationError: If the calibration data does not fit the Graph.
        UnsupportedOperatorError: If the device cannot run the Graph.
    """
    samples = _samples(graph, choice)
    if not choice.integers:
        measured = affordable(graph, (*samples.held_out, *samples.calibration)[:_MEASURED], _FLOPS_OF_A_TRIAL)
        return choose_mixed(graph, device, measured, choice.budget, report)
    decision = choose_int8(graph, device, samples, choice.method, report)
    if choice.calibrate is None and decision.plan is not None and decision.plan.scales:
        warning = "random inputs stand in for calibration data, which real inputs may not resemble: give --calibrate"
        return _with_first(decision, "uncalibrated", graph.name, warning)
    return decision


def _samples(graph: Graph, choice: Choice) -> Samples:
    if choice.calibrate is not None:
        return folder_samples(choice.calibrate, graph)
    return random_samples(graph, _RANDOM_FOR_SCALES if choice.integers else _MEASURED, _SEED)


def _with_first(decision: Decision, what: str, subject: str, reason: str) -> Decision:
    log = (entry(what, (subject,), reason), *decision.log)
    return Decision(decision.graph, decision.precision, decision.plan, log)
