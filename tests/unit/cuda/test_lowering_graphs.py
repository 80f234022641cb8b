"""Lowered random Graphs compute what ONNX Runtime computes, write every element once and read nothing unwritten."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from cuda_graphs import Builder, random_image_graph
from cuda_interpreter import Kernels, Machine, random_feeds
from gpu_checks.cases import combine
from gpu_checks.grid_pointwise import chains
from warploom.device.cuda.lowering.lower import lower_graph
from warploom.graph import Graph, Precision
from warploom.importer.export import export_graph
from warploom.importer.load import import_model
from warploom.importer.single import open_session
from warploom.passes.merge import lower_merges, merge_obstacle
from warploom.passes.pipeline import optimize_graph
from warploom.schedule.stream_plan import Launch, StreamPlan

SEEDS = range(40)


def reference(graph: Graph, feeds: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    session = open_session(export_graph(graph), optimized=False)
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, feeds), strict=True))


def assert_computes(
    graph: Graph, expected: dict[str, np.ndarray], feeds: dict[str, np.ndarray], **options: object
) -> None:
    for precision in (Precision.FP16, Precision.FP32):
        kernels = Kernels()
        lowered = lower_graph(graph, precision, registry=kernels.registry, **options)  # type: ignore[arg-type]
        for alternative in (0, -1):
            actual = Machine(lowered, kernels, alternative).run(feeds)
            for name, values in expected.items():
                assert actual[name].shape == values.shape
                assert np.linalg.norm(actual[name] - values) <= 1e-5 * np.linalg.norm(values) + 1e-7


@pytest.mark.parametrize("seed", SEEDS)
def test_that_random_graphs_compute_the_same_optimized_or_not(seed: int) -> None:
    graph = random_image_graph(seed)
    feeds = random_feeds(graph, seed)
    expected = reference(graph, feeds)
    assert_computes(graph, expected, feeds)
    assert_computes(optimize_graph(graph).graph, expected, feeds)


def test_that_the_random_graphs_use_all_that_lowering_does() -> None:
    """Otherwise the tests above prove little."""
    seen: Counter[str] = Counter()
    for seed in SEEDS:
        graph = optimize_graph(random_image_graph(seed)).graph
        lowered = lower_graph(graph, Precision.FP16, registry=Kernels().registry)
        tensors = graph.tensors
        for name, region in lowered.placements.items():
            whole = region.buffer not in (name, f"output/{name}", f"input/{name}")
            seen["shared" if whole else "own"] += 1
            seen["slice written in place"] += whole and name in lowered.graph.producer and _is_written(lowered, name)
            seen["padded"] += region.layout.channels > (tensors[name].shape[1] if name in tensors else 1 << 30)
        for program in lowered.programs:
            seen.update(type(step).__name__ for step in program.steps)
    assert min(seen[kind] for kind in ("ConvStep", "MatmulStep", "KernelStep", "Choice")) >= 10, seen
    assert min(seen[kind] for kind in ("own", "shared", "slice written in place", "padded")) >= 10, seen


def _is_written(lowered: object, name: str) -> bool:
    programs = lowered.programs  # type: ignore[attr-defined]
    region = lowered.placements[name]  # type: ignore[attr-defined]
    return any(region in step.writes for program in programs for step in program.steps)


@pytest.mark.parametrize("seed", range(6))
def test_that_tensors_kept_apart_from_concatenations_are_copied_into_them(seed: int) -> None:
    graph = random_image_graph(seed)
    feeds = random_feeds(graph, seed)
    everything = frozenset(graph.tensors)
    lowered = lower_graph(graph, Precision.FP16, registry=Kernels().registry, separate=everything)
    joined = {operator.outputs[0] for operator in graph.operators if operator.body[0].op == "Concat"}
    written = {r.buffer for p in lowered.programs if p.operator not in joined for s in p.steps for r in s.writes}
    assert not written & joined
    assert_computes(graph, reference(graph, feeds), feeds, separate=everything)


@pytest.mark.parametrize("channels", [(8, 16, 24), (5, 8, 3)])
def test_that_merged_convolutions_hand_out_views_or_copies(channels: tuple[int, int, int]) -> None:
    builder = Builder(3)
    x = builder.input(2, 8, 6, 5)
    parts = [
        builder.pointwise("Relu", builder.conv(x, count, kernel))
        for count, kernel in zip(channels, (1, 3, 3), strict=True)
    ]
    whole = builder.concat([*parts, x], 1)
    graph = optimize_graph(builder.graph([whole, builder.pool(parts[1])])).graph
    first, *rest = [operator.name for operator in graph.operators if operator.label == "Conv+Relu"]
    assert merge_obstacle(graph, [first, *rest]) is None
    others = [operator.name for operator in graph.operators if operator.name not in (first, *rest)]
    plan = StreamPlan("test", (Launch((first, *rest), 0), *(Launch((name,), 0) for name in others)))
    merged = lower_merges(graph, plan)
    feeds = random_feeds(graph, 1)
    assert_computes(merged, reference(graph, feeds), feeds)
    program = lower_graph(merged, Precision.FP16, registry=Kernels().registry).programs[0]
    aligned = all(count % 8 == 0 for count in channels[:-1])
    assert len(program.steps) == (1 if aligned else 2)


def test_that_pointwise_chains_that_meet_are_one_kernel(tmp_path: Path) -> None:
    (case,) = (case for case in chains() if case.name == "gates")
    path = tmp_path / "gates.onnx"
    path.write_bytes(combine([case], 20).proto.SerializeToString())
    lowered = lower_graph(optimize_graph(import_model(path).graph).graph, Precision.FP32)
    labels = {label: len(program.steps) for label, program in zip(
        (operator.label for operator in lowered.graph.operators), lowered.programs, strict=True)}  # fmt: skip
    assert sum(labels.values()) == 1, labels
