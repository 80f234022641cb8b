"""Chooses what is quantized to 8 bits: scales come from calibration data; what loses by it stays in 16 bits."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from warploom.device.protocol import Array, Device
from warploom.device.simulated.sessions import SessionCache
from warploom.graph import Graph, LogEntry, Operator, Precision, PrecisionPlan
from warploom.graph.quantized import is_quantized
from warploom.passes.apply_precision import apply_precision
from warploom.passes.quantize import calibrated_tensors, one_scale, quantize_obstacle, scale_of
from warploom.precision.decision import Decision, Report, entry
from warploom.precision.gain import quantized_with_gain
from warploom.precision.histogram import CalibrationMethod, Histogram
from warploom.precision.lockstep import OutputNoise, measure_noise
from warploom.precision.samples import Sample, Samples, affordable
from warploom.precision.walk import walk

LEAST_DECIBELS = 20.0
"""Signal-to-quantization-noise ratio below which an operator stays in 16 bits."""

_FLOPS = 1_000_000_000_000
"""Spent on calibration, and as much on judging it: less than a minute on two cores."""

_MOST_NAMED = 8


@dataclass(frozen=True, slots=True)
class _Round:
    """One set of quantized operators with what is known of it."""

    plan: PrecisionPlan
    graph: Graph
    noise: Mapping[str, OutputNoise]


def choose_int8(graph: Graph, device: Device, samples: Samples, method: CalibrationMethod, report: Report) -> Decision:
    """Quantizes the products of a Graph.

    Args:
        graph: Fused, in float32, weights included.
        device: Says what an operator costs in 16 and in 8 bits.
        samples: Inputs that scales are made from, and others that judge them.
        method: How scales follow from what was seen.
        report: Told what is being done.

    Raises:
        UnsupportedOperatorError: If the device cannot run the Graph.
    """
    found = {operator.name: quantize_obstacle(graph, operator) for operator in graph.operators}
    candidates = [name for name, obstacle in found.items() if obstacle is None]
    if not candidates:
        return _without(graph)
    sessions = SessionCache()
    scales = calibrated_scales(
        graph, candidates, affordable(graph, samples.calibration, _FLOPS), method, sessions, report
    )
    judged = affordable(graph, samples.held_out or samples.calibration, _FLOPS)
    log = [_calibrated(samples, len(judged), method, candidates, graph)]
    report("the noise of quantized operators")
    first = _round(graph, candidates, scales, judged, sessions)
    lossy = {name for name in candidates if first.noise[name].alone.decibels < LEAST_DECIBELS}
    log += [_lossy(name, first) for name in candidates if name in lossy]
    kept = [name for name in candidates if name not in lossy]
    if kept:
        report("what 8 bits gain")
        gain = quantized_with_gain(graph, kept, lambda names: _planned(graph, names, scales)[1], device)
        log += gain.log
        kept = list(gain.operators)
    if not kept:
        decision = _without(graph)
        return dataclasses.replace(decision, log=(*log, *decision.log))
    last = first if len(kept) == len(candidates) else _round(graph, kept, scales, judged, sessions)
    log += _noise_entries(kept, last)
    return Decision(last.graph, Precision.INT8, last.plan, tuple(log))


def calibrated_scales(
    graph: Graph,
    operators: Sequence[str],
    samples: Sequence[Sample],
    method: CalibrationMethod,
    sessions: SessionCache,
    report: Report,
) -> dict[str, float]:
    """The scale of every tensor that quantizing these operators needs; those that move data share the largest.

    Args:
        graph: Fused, weights included.
        operators: To be quantized.
        samples: Inputs by name.
        method: How the range follows from the values.
        sessions: Where CPU sessions are kept.
        report: Told which sample is run.
    """
    wanted = calibrated_tensors(graph, operators)
    seen = {name: Histogram() for name in wanted}
    for i, sample in enumerate(samples):
        report(f"calibration, input {i + 1} of {len(samples)}")
        for name in wanted & sample.keys():
            seen[name].add(sample[name])

        def visit(_: Operator, __: Mapping[str, Array], results: Mapping[str, Array]) -> None:
            for name in wanted & results.keys():
                seen[name].add(results[name])

        walk(exposed(graph, wanted), Precision.FP32, sample, sessions, visit)
    thresholds = {name: histogram.threshold(method) for name, histogram in seen.items()}
    for names in one_scale(graph, operators):
        largest = max(thresholds.get(name, 0.0) for name in names)
        thresholds |= dict.fromkeys(names & thresholds.keys(), largest)
    return {name: scale_of(threshold) for name, threshold in thresholds.items()}


def exposed(graph: Graph, names: Collection[str]) -> Graph:
    """The Graph whose operators also give the inner tensors named."""
    operators = []
    for operator in graph.operators:
        inner = [out for p in operator.body for out in p.outputs if out in names and out not in operator.outputs]
        operators.append(dataclasses.replace(operator, outputs=(*operator.outputs, *inner)) if inner else operator)
    return graph.replace(operators=operators)


def _planned(graph: Graph, operators: Sequence[str], scales: Mapping[str, float]) -> tuple[PrecisionPlan, Graph]:
    needed = calibrated_tensors(graph, operators)
    plan = PrecisionPlan(
        Precision.INT8,
        tuple((name, Precision.INT8) for name in operators),
        tuple(sorted((name, scales[name]) for name in needed)),
    )
    return plan, apply_precision(graph, plan)


def _round(
    graph: Graph,
    operators: Sequence[str],
    scales: Mapping[str, float],
    samples: Sequence[Sample],
    sessions: SessionCache,
) -> _Round:
    plan, quantized = _planned(graph, operators, scales)
    return _Round(plan, quantized, measure_noise(graph, quantized, dict(plan.scales), samples, sessions))


def _without(graph: Graph) -> Decision:
    """Nothing is left to quantize."""
    if any(is_quantized(operator) for operator in graph.operators):
        count = sum(map(is_quantized, graph.operators))
        reason = f"the model quantizes {count} operators itself, with its own scales"
        return Decision(graph, Precision.INT8, None, (entry("chosen", ("int8",), reason),))
    reason = "there is no operator that 8 bits are good for: everything runs in fp16"
    return Decision(graph, Precision.FP16, None, (entry("chosen", ("fp16",), reason),))


def _calibrated(
    samples: Samples, judged: int, method: CalibrationMethod, candidates: Sequence[str], graph: Graph
) -> LogEntry:
    held = f"{judged} inputs held out judge the result" if samples.held_out else "the same inputs judge the result"
    reason = (
        f"{samples.description}, ranges by {method.value}; {held}; "
        f"{len(candidates)} of {len(graph.operators)} operators can be quantized"
    )
    return entry("calibrated", (graph.name,), reason)


def _lossy(name: str, found: _Round) -> LogEntry:
    ratio = found.noise[name].alone.decibels
    return entry("kept in fp16", (name,), f"quantized it is at {_db(ratio)}, below {LEAST_DECIBELS:.0f} dB")


def _noise_entries(kept: Sequence[str], found: _Round) -> list[LogEntry]:
    """One line for every quantized operator, and what they do to the outputs together."""
    log = [
        entry(
            "quantized",
            (name,),
            f"{_db(found.noise[name].alone.decibels)} alone, {_db(found.noise[name].carried.decibels)} with the noise "
            "of those before it",
        )
        for name in kept
    ]
    worst = min(kept, key=lambda name: found.noise[name].alone.decibels)
    below = [name for name in kept if found.noise[name].carried.decibels < LEAST_DECIBELS]
    outputs = max((ratio.carried.relative for name, ratio in found.noise.items() if ratio.is_output), default=0.0)
    reason = (
        f"{len(kept)} operators in 8 bits, the least exact at {_db(found.noise[worst].alone.decibels)}; "
        f"the outputs are off by {outputs:.1e}"
    )
    if below:
        named = ", ".join(below[:_MOST_NAMED]) + (
            f" and {len(below) - _MOST_NAMED} more" if len(below) > _MOST_NAMED else ""
        )
        reason += f"; below {LEAST_DECIBELS:.0f} dB with the noise of those before them: {named}"
    return [*log, entry("chosen", ("int8",), reason)]


def _db(decibels: float) -> str:
    return f"{decibels:.1f} dB" if math.isfinite(decibels) else "no noise" if decibels > 0 else "nothing but noise"
