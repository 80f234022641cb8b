"""Calibrates the simulated H200 against recordings of a real one, and prints how far off it is.

    .venv/bin/python benchmarks/calibrate.py                    errors of the constants as they are
    .venv/bin/python benchmarks/calibrate.py --fit              fits them: to all models, and without each of them
    .venv/bin/python benchmarks/calibrate.py --fit --write      ... and writes constants and tables into the repository
    .venv/bin/python benchmarks/calibrate.py --extract FOLDER   keeps what is needed of recordings that are not shipped

A recording says how long each operator took alone and how long whole plans took; the plans are compiled for the
simulated GPU as they are. The constants are fields of the device description: a few latencies and throughputs, none of
them of a single operator or network. The fit is a coordinate search over their logarithms: deterministic, minutes long.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import msgspec
import numpy as np

from warploom.device.simulated.description import GpuDescription, load_description
from warploom.device.simulated.device import SimulatedDevice
from warploom.graph import Graph, Operator, OperatorKind, Precision
from warploom.graph.document import graph_from_document, graph_to_document
from warploom.paths import data_path
from warploom.recording.file import read_recording
from warploom.schedule import Group, Stage, StreamPlan

RESULTS = Path(__file__).parent / "results"
KEPT = RESULTS / "nvidia-h200-plans.json"
PAGE = Path(__file__).parents[1] / "docs" / "simulated-gpu.md"
DEVICE = data_path("assets", "devices") / "h200.json"

# What is fitted, from these round figures. (Dependency, launch interval, fork and graph launch were measured by
# themselves, with empty kernels; limits and peaks are the vendor's.)
START = {
    "block_latency_us": 1.0,
    "product_latency_us": 1.0,
    "cold_latency_us": 0.5,
    "step_cycles": 200.0,
    "load_cycles": 150.0,
    "window_efficiency": 0.2,
    "gather_latency_us": 1.0,
    "gather_cycles": 100.0,
    "loaded_latency": 0.5,
    "store_bytes_per_clock_per_sm": 16.0,
    "l2_bandwidth_gb_s": 10000.0,
}
# Cycles of a step against the H200's (Jia et al., 2018: older GPUs wait longer for L2 and shared memory).
_SLOWER_STEPS = {"v100": 1.14, "k80": 1.64}
# What physics and the vendor's figures leave room for. (L2 hands out 5120 bytes a clock at most. Of what a thread of a
# depthwise convolution executes two fifths are multiply-adds, the others load, convert and test; at least half of the
# clocks issue something.)
BOUNDS = {
    "window_efficiency": (0.2, 0.4),
    "loaded_latency": (0.02, 2.0),
    "store_bytes_per_clock_per_sm": (4.0, 64.0),
    "l2_bandwidth_gb_s": (5500.0, 10500.0),
}
TRADED = (
    ("block_latency_us", "product_latency_us"),
    ("product_latency_us", "step_cycles"),
    ("gather_latency_us", "gather_cycles"),
    ("block_latency_us", "load_cycles"),
)
_ROUNDS = 2
# One move does not halve what a model is off.
_AT_LEAST = 0.6
STEPS = (0.25, 0.1, 0.04)
# A plan is one figure, and what the simulator is asked for; operators are many.
PLANS_WEIGH = 1.5


class PlanDocument(msgspec.Struct, frozen=True):
    """A plan and its measured latency."""

    name: str
    plan: StreamPlan
    median_us: float


class ModelDocument(msgspec.Struct, frozen=True):
    """What the calibration needs of a recording; `graph` is the recording's own document of it."""

    name: str
    precision: Precision
    chosen: str
    graph: msgspec.Raw
    solo_us: dict[str, float]
    plans: tuple[PlanDocument, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Model:
    """One measured network.

    Attributes:
        name: Network and precision.
        graph: Its Graph.
        precision: The arithmetic.
        chosen: Name of the plan that was chosen on the GPU.
        solo_us: Measured latency of each operator alone; operators that launch nothing are left out.
        plans: Name, plan, and measured latency in microseconds; the sequential one first.
    """

    name: str
    graph: Graph
    precision: Precision
    chosen: str
    solo_us: Mapping[str, float]
    plans: Sequence[tuple[str, StreamPlan, float]]


@dataclasses.dataclass(frozen=True, slots=True)
class Figure:
    """One measured and one simulated latency; `what` is the kind of operator or the name of the plan."""

    model: str
    what: str
    measured_us: float
    simulated_us: float

    @property
    def error(self) -> float:
        return self.simulated_us / self.measured_us - 1


@dataclasses.dataclass(frozen=True, slots=True)
class Figures:
    """All figures of one model."""

    operators: Sequence[Figure]
    plans: Sequence[Figure]

    @property
    def loss(self) -> float:
        return _mean_log(self.operators) + PLANS_WEIGH * _mean_log(self.plans)


def models() -> tuple[Model, ...]:
    """What is kept of recordings, and what ships without being kept, by name."""
    shipped = [_of_recording(path) for path in sorted(data_path("assets", "recordings").glob("*-h200.warploom"))]
    kept = msgspec.json.decode(KEPT.read_bytes(), type=tuple[ModelDocument, ...]) if KEPT.exists() else ()
    documents = {document.name: document for document in (*shipped, *kept)}
    return tuple(_model(documents[name]) for name in sorted(documents))


def _of_recording(path: Path) -> ModelDocument:
    recording = read_recording(path)
    return ModelDocument(
        name=f"{recording.model.name} {recording.settings.precision}",
        precision=recording.settings.precision,
        chosen=recording.chosen,
        graph=msgspec.Raw(graph_to_document(recording.graph)),
        solo_us={name: round(us, 3) for name, us in recording.solo_us.items() if us > 0},
        plans=tuple(
            PlanDocument(candidate.name, candidate.plan, round(candidate.measurement.median_us, 2))
            for candidate in recording.candidates
        ),
    )


def _model(document: ModelDocument) -> Model:
    plans = tuple((plan.name, plan.plan, plan.median_us) for plan in document.plans)
    graph = graph_from_document(bytes(document.graph))
    return Model(document.name, graph, document.precision, document.chosen, document.solo_us, plans)


def figures_of(model: Model, gpu: GpuDescription) -> Figures:
    """Simulates what was measured."""
    names = list(model.solo_us)
    costs = SimulatedDevice(gpu).cost_model(model.graph, model.precision)
    alone = costs.stage_costs([Stage((Group((name,)),)) for name in names])
    operators = [
        Figure(model.name, kind_of(model.graph.operator(name), model.graph), model.solo_us[name], cost.median_us)
        for name, cost in zip(names, alone, strict=True)
    ]
    whole = costs.plan_costs([plan for _, plan, _ in model.plans])
    plans = [
        Figure(model.name, name, measured, cost.median_us)
        for (name, _, measured), cost in zip(model.plans, whole, strict=True)
    ]
    return Figures(operators, plans)


def kind_of(operator: Operator, graph: Graph) -> str:
    """The rows of the table of operators."""
    main = operator.main
    if operator.kind is OperatorKind.SEPARABLE:
        return "separable"
    if main.op == "Conv":
        shape = graph.tensors[main.inputs[1]].shape
        if shape[1] == 1 and main.integer("group", 1) == shape[0]:
            return "depthwise"
        if shape[1] < 8:
            return "conv, image"
        prologue = "relu, " if operator.body[0].op != "Conv" else ""
        return prologue + ("conv 1x1" if math.prod(shape[2:]) == 1 else "conv, larger")
    if "Pool" in main.op:
        return "global pool" if "Global" in main.op else "pool"
    if any(primitive.op == "Concat" for primitive in operator.body):
        return "concat"
    return "matrix product" if main.op in ("Gemm", "MatMul") else "pointwise"


def fit(measured: Sequence[Model], gpu: GpuDescription) -> GpuDescription:
    """The GPU with the constants that fit these models best; every model counts the same."""
    best = msgspec.structs.replace(gpu, **START)
    losses = [figures_of(model, best).loss for model in measured]
    for step in STEPS:
        for _ in range(_ROUNDS):
            before = losses
            for move in _moves(step):
                changed = _changed(best, move)
                if (better := _lower(measured, changed, losses)) is not None:
                    best, losses = changed, better
            if losses is before:
                break
    return best


def _lower(measured: Sequence[Model], gpu: GpuDescription, losses: Sequence[float]) -> list[float] | None:
    """The losses of each model with these constants, if their sum is lower; given up early where it cannot be."""
    to_beat = math.fsum(losses) - 1e-5 * len(losses)
    found: list[float] = []
    for i, model in enumerate(measured):
        found.append(figures_of(model, gpu).loss)
        if math.fsum(found) + _AT_LEAST * math.fsum(losses[i + 1 :]) >= to_beat:
            return None
    return found


def _moves(step: float) -> Iterator[Mapping[str, float]]:
    """Each constant up and down; those that can stand for one another in opposite directions."""
    for factor in (1 + step, 1 / (1 + step)):
        yield from ({field: factor} for field in START)
        yield from ({one: factor, other: 1 / factor} for one, other in TRADED)


def _changed(gpu: GpuDescription, move: Mapping[str, float]) -> GpuDescription:
    values = {}
    for field, factor in move.items():
        low, high = BOUNDS.get(field, (0.0, math.inf))
        values[field] = _rounded(min(high, max(low, getattr(gpu, field) * factor)))
    return msgspec.structs.replace(gpu, **values)


def _mean_log(figures: Sequence[Figure]) -> float:
    return math.fsum(abs(math.log(one.simulated_us / one.measured_us)) for one in figures) / max(1, len(figures))


def table(title: str, figures: Iterable[Figure], key: str) -> Iterator[str]:
    """Lines: median and 90th percentile of the absolute error, and the median with its sign."""
    rows: dict[str, list[float]] = defaultdict(list)
    for one in figures:
        rows[getattr(one, key)].append(one.error)
        rows["all"].append(one.error)
    yield f"{title:24}{'figures':>8}{'median':>9}{'90th':>8}{'signed':>9}"
    for name in (*sorted(name for name in rows if name != "all"), "all"):
        errors = np.array(rows[name])
        high = np.percentile(np.abs(errors), 90)
        yield f"{name:24}{len(errors):8}{np.median(np.abs(errors)):9.1%}{high:8.1%}{np.median(errors):+9.1%}"


def plan_lines(figures: Sequence[Figures]) -> Iterator[str]:
    """Every plan, and whether the simulated GPU names the same winner."""
    yield f"{'plan':24}{'':14}{'measured':>9}{'simulated':>10}{'error':>8}{'speed-up measured, simulated':>31}"
    for one in figures:
        first = one.plans[0]
        for plan in one.plans:
            real, seen = first.measured_us / plan.measured_us, first.simulated_us / plan.simulated_us
            faster = "" if plan is first else f"{real:14.2f}{seen:7.2f}{'' if (real > 1) == (seen > 1) else '  wrong'}"
            yield (
                f"{plan.model:24}{plan.what:14}{plan.measured_us:9.1f}{plan.simulated_us:10.1f}{plan.error:+8.1%}{faster}"
            )


def report(figures: Sequence[Figures]) -> Iterator[str]:
    """All tables."""
    operators = [one for part in figures for one in part.operators]
    yield from table("operators alone, by model", operators, "model")
    yield ""
    yield from table("by kind", operators, "what")
    yield ""
    yield from table("whole plans, by model", [one for part in figures for one in part.plans], "model")
    yield ""
    yield from plan_lines(figures)


def fits(measured: Sequence[Model], gpu: GpuDescription) -> tuple[GpuDescription, list[Figures]]:
    """The GPU fitted to all models, and each model as the constants see it that were fitted to all other networks."""
    others = [[other for other in measured if _network(other) != _network(model)] for model in measured]
    with ProcessPoolExecutor(max_workers=os.cpu_count()) as pool:
        running = [pool.submit(_fitted, names, gpu) for names in map(_names, (measured, *others))]
        whole, *parts = (future.result() for future in running)
    for model, fitted in zip(measured, parts, strict=True):
        print(f"without {model.name}: {_constants(fitted)}")
    print(f"all models: {_constants(whole)}")
    return whole, [figures_of(model, fitted) for model, fitted in zip(measured, parts, strict=True)]


def _names(measured: Sequence[Model]) -> frozenset[str]:
    return frozenset(model.name for model in measured)


def _fitted(names: frozenset[str], gpu: GpuDescription) -> GpuDescription:
    """In a process of its own, which reads the models itself."""
    return fit([model for model in models() if model.name in names], gpu)


def _network(model: Model) -> str:
    return model.name.split()[0]


def _constants(gpu: GpuDescription) -> str:
    return ", ".join(f"{field} {getattr(gpu, field):.3g}" for field in START)


def write_constants(gpu: GpuDescription) -> None:
    """Puts the fitted constants into the description, and scaled ones into those of GPUs that nobody measured.

    Microseconds scale as the latency from node to node does, cycles as those of a step.
    """
    before = json.loads(DEVICE.read_text())
    for path in sorted(DEVICE.parent.glob("*.json")):
        other = json.loads(path.read_text())
        for field in START:
            value = getattr(gpu, field)
            if path == DEVICE:
                other[field] = value
            elif field.endswith("_us"):
                other[field] = _rounded(value * other["dependency_us"] / before["dependency_us"])
            elif field.endswith("_cycles"):
                other[field] = _rounded(value * _SLOWER_STEPS.get(path.stem, 1.0))
            elif field != "l2_bandwidth_gb_s":  # that one is published
                other[field] = value
        if tuple(other["compute_capability"]) < (9, 0):
            other["early_us"] = 0.0
        path.write_text(json.dumps(other, indent=2, ensure_ascii=False) + "\n")


def _rounded(value: float) -> float:
    return float(f"{value:.3g}")


def write_page(name: str, lines: Iterable[str]) -> None:
    """Replaces the block of code behind a marker of the page."""
    begin, end = f"<!-- {name} -->\n```\n", "\n```\n"
    text = PAGE.read_text()
    head, _, rest = text.partition(begin)
    if not rest:
        raise SystemExit(f"{PAGE} has no table marked {name!r}.")
    _, _, tail = f"\n{rest}".partition(end)
    PAGE.write_text(f"{head}{begin}{chr(10).join(line.rstrip() for line in lines)}{end}{tail}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fit", action="store_true", help="fit the constants, and once without each model")
    parser.add_argument("--write", action="store_true", help="write what was found into the repository")
    parser.add_argument("--extract", type=Path, help="folder of recordings to keep the needed parts of")
    arguments = parser.parse_args()
    if arguments.extract:
        found = [_of_recording(path) for path in sorted(arguments.extract.glob("*.warploom"))]
        KEPT.write_bytes(msgspec.json.encode(found) + b"\n")
        return
    gpu, measured = load_description("h200"), models()
    if arguments.fit:
        gpu, left_out = fits(measured, gpu)
        print("\nleft out:")
        print("\n".join(report(left_out)), "\n\nfitted to all:")
    fitted = list(report([figures_of(model, gpu) for model in measured]))
    print("\n".join(fitted))
    if arguments.write:
        write_constants(gpu)
        write_page("all models", fitted)
        if arguments.fit:
            write_page("left out", report(left_out))


if __name__ == "__main__":
    main()
