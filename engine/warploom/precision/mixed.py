"""Chooses 16 or 32 bits for every operator: the fastest assignment whose outputs stay within an error budget.

A greedy search. All operators begin in 16 bits; what one operator's rounding does to its own result, and what 32 bits
cost it on the device, say in which order operators go back: most noise per microsecond first. How many of them have to
is found by bisection, each step measured by executing the whole rewritten model; then those that turn out not to be
needed are given 16 bits again, the dearest first.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from warploom.device.protocol import Array, Device
from warploom.device.simulated.execution import run_operator, stored
from warploom.device.simulated.sessions import SessionCache
from warploom.graph import Graph, LogEntry, Operator, Precision, PrecisionPlan
from warploom.passes.apply_precision import apply_precision
from warploom.passes.store_mixed import can_narrow
from warploom.precision.costs import operator_costs
from warploom.precision.decision import Decision, Report, entry
from warploom.precision.noise import Ratio
from warploom.precision.samples import Sample
from warploom.precision.walk import walk

_SECONDS_FOR_REFINING = 20.0
_LEAST_GAIN_US = 1e-3
_MOST_NAMED = 12


@dataclass(frozen=True, slots=True)
class _Candidate:
    """An operator that may compute in 16 bits.

    Attributes:
        name: The operator.
        narrow: FP16, or BF16 where FP16 overflows.
        noise: Relative error of its result in that type, its inputs exact.
        gain_us: What it saves.
    """

    name: str
    narrow: Precision
    noise: float
    gain_us: float

    @property
    def urgency(self) -> float:
        """Noise power for each microsecond."""
        return self.noise**2 / max(self.gain_us, _LEAST_GAIN_US)


def choose_mixed(graph: Graph, device: Device, samples: Sequence[Sample], budget: float, report: Report) -> Decision:
    """The precision of every operator.

    Args:
        graph: Fused, in float32, weights included.
        device: Says what an operator costs in 32 and in 16 bits.
        samples: Inputs on which the error is measured.
        budget: Largest relative L2 error of any output.
        report: Told what is being done.

    Raises:
        UnsupportedOperatorError: If the device cannot run the Graph.
    """
    search = _Search(graph, samples, budget, report)
    report("fp16 on the CPU")
    half = search.error_of_half()
    if half <= budget:
        text = f"the outputs of all operators in fp16 are off by {half:.1e}, {budget:.1e} allowed"
        return Decision(graph, Precision.FP16, None, (entry("chosen", ("fp16",), text),))
    candidates = search.candidates(device)
    narrow = search.assignment(candidates)
    log = [entry("tried", ("fp16",), f"the outputs are off by {half:.1e}, {budget:.1e} allowed")]
    if not narrow or sum(one.gain_us for one in candidates if one.name in narrow) <= 0.0:
        reason = f"the error budget of {budget:.1e} cannot be met with 16-bit floats in any operator that gains by them"
        return Decision(graph, Precision.FP32, None, (*log, entry("chosen", ("fp32",), reason)))
    plan = PrecisionPlan(Precision.MIXED, tuple(sorted(narrow.items())))
    log += _entries(graph, candidates, narrow, search)
    return Decision(apply_precision(graph, plan), Precision.MIXED, plan, tuple(log))


class _Search:
    def __init__(self, graph: Graph, samples: Sequence[Sample], budget: float, report: Report) -> None:
        self._graph = graph
        self._samples = samples
        self._budget = budget
        self._report = report
        self._sessions = SessionCache()
        self._exact = [walk(graph, Precision.FP32, sample, self._sessions) for sample in samples]
        self.evaluations = 0
        self.error = 0.0

    def error_of_half(self) -> float:
        """Error with everything in fp16."""
        return self._error(self._graph, Precision.FP16)

    def candidates(self, device: Device) -> list[_Candidate]:
        """What may be narrow, most urgent first."""
        self._report("the noise of every operator")
        graph = self._graph
        wide_range = all(device.supports(graph, one, Precision.BF16).supported for one in graph.operators)
        noise = self._noise((Precision.FP16, Precision.BF16) if wide_range else (Precision.FP16,))
        wide = operator_costs(device, self._graph, Precision.FP32)
        short = operator_costs(device, self._graph, Precision.FP16)
        found = [
            _Candidate(name, precision, relative, wide[name] - short[name])
            for name, (precision, relative) in noise.items()
        ]
        return sorted(found, key=lambda one: one.urgency, reverse=True)

    def assignment(self, candidates: Sequence[_Candidate]) -> dict[str, Precision]:
        """The narrow operators of the fastest assignment found that keeps the budget."""
        least, most = 0, len(candidates)
        while least < most:
            middle = (least + most) // 2
            if self._fits(candidates[middle:]):
                most = middle
            else:
                least = middle + 1
        return self._refined(candidates[:least], list(candidates[least:]))

    def _refined(self, wide: Sequence[_Candidate], narrow: list[_Candidate]) -> dict[str, Precision]:
        """Gives back 16 bits where the budget allows it, dearest first, as long as there is time."""
        until = time.perf_counter() + _SECONDS_FOR_REFINING
        for one in sorted(wide, key=lambda one: one.gain_us, reverse=True):
            if one.gain_us <= 0.0 or time.perf_counter() > until:
                break
            if self._fits([*narrow, one]):
                narrow.append(one)
        self._fits(narrow)
        return {one.name: one.narrow for one in narrow}

    def _fits(self, narrow: Sequence[_Candidate]) -> bool:
        self._report(f"{len(narrow)} operators in 16 bits on the CPU")
        plan = PrecisionPlan(Precision.MIXED, tuple((one.name, one.narrow) for one in narrow))
        self.error = self._error(apply_precision(self._graph, plan), Precision.MIXED)
        return self.error <= self._budget

    def _error(self, graph: Graph, precision: Precision) -> float:
        self.evaluations += 1
        errors = [
            _largest(walk(graph, precision, sample, self._sessions), exact)
            for sample, exact in zip(self._samples, self._exact, strict=True)
        ]
        return max(errors, default=0.0)

    def _noise(self, types: Sequence[Precision]) -> dict[str, tuple[Precision, float]]:
        """Each operator's own noise in the first of the 16-bit types that does not overflow, over all samples."""
        ratios = {
            op.name: {kind: Ratio() for kind in types} for op in self._graph.operators if can_narrow(self._graph, op)
        }

        def visit(operator: Operator, values: Mapping[str, Array], results: Mapping[str, Array]) -> None:
            for kind, ratio in ratios.get(operator.name, {}).items():
                if kind is Precision.BF16 and ratios[operator.name][Precision.FP16].relative < math.inf:
                    continue
                read = {name: stored(values[name], self._graph.tensors[name], kind) for name in operator.inputs}
                rounded = run_operator(self._graph, operator, kind, read, self._sessions)
                for name, exact in results.items():
                    ratio.add(exact, rounded[name])

        for sample in self._samples:
            walk(self._graph, Precision.FP32, sample, self._sessions, visit)
        chosen: dict[str, tuple[Precision, float]] = {}
        for name, by_type in ratios.items():
            kind = next((kind for kind in types if by_type[kind].relative < math.inf), types[0])
            chosen[name] = kind, by_type[kind].relative
        return chosen


def _largest(outputs: Mapping[str, Array], exact: Mapping[str, Array]) -> float:
    """The largest relative error of any float output; infinite where an integer output differs."""
    errors = [0.0]
    for name, expected in exact.items():
        ratio = Ratio()
        ratio.add(expected, outputs[name])
        errors.append(ratio.relative)
    return max(errors)


def _entries(
    graph: Graph, candidates: Sequence[_Candidate], narrow: Mapping[str, Precision], search: _Search
) -> list[LogEntry]:
    kept = [one for one in candidates if one.name not in narrow]
    lost = sum(one.gain_us for one in kept)
    reason = (
        f"{len(narrow)} of {len(graph.operators)} operators in 16 bits; the outputs are off by {search.error:.1e} "
        f"({search.evaluations} assignments executed on the CPU)"
    )
    log = [entry("chosen", ("mixed",), reason)]
    brain = tuple(name for name, precision in narrow.items() if precision is Precision.BF16)
    if brain:
        log.append(entry("bf16", brain, "fp16 overflows in them"))
    for one in kept[:_MOST_NAMED]:
        why = f"in {one.narrow} its own result is off by {one.noise:.1e}; float32 costs {one.gain_us:.2f} us more"
        log.append(entry("kept in fp32", (one.name,), why))
    if rest := tuple(one.name for one in kept[_MOST_NAMED:]):
        log.append(entry("kept in fp32", rest, f"less urgent than those before; all cost {lost:.1f} us more together"))
    return log
