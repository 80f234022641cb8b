"""Graphs compute the same in one planned arena, whatever order the streams' steps happen to run in."""

from __future__ import annotations

import numpy as np
import pytest

from cuda_graphs import random_image_graph
from cuda_interpreter import Kernels, Machine, chosen, random_feeds
from warploom.device.cuda.lowering.lower import lower_graph
from warploom.device.cuda.lowering.lowered import LoweredGraph
from warploom.device.cuda.memory_plan import Work, ordered_after, plan_memory
from warploom.device.cuda.races import check_races
from warploom.graph import Graph, Precision
from warploom.passes.pipeline import optimize_graph
from warploom.schedule.stream_plan import Launch, StreamPlan


def random_plan(graph: Graph, random: np.random.Generator) -> StreamPlan:
    """Every Operator on a random stream, with waits for those that it reads from."""
    streams = random.integers(0, 4, len(graph.operators))
    launches = [
        Launch((operator.name,), int(stream), tuple(j for j in before if streams[j] != stream))
        for operator, stream, before in zip(graph.operators, streams, graph.predecessors, strict=True)
    ]
    return StreamPlan("random", tuple(launches))


def works_of(lowered: LoweredGraph) -> list[Work]:
    works = []
    for program in (lowered.entry, *lowered.programs):
        steps = chosen(program, 0)
        used = {region.buffer for step in steps for region in (*step.reads, *step.writes)}
        scratch = {name: size for name, size in program.temporaries.items() if name in used}
        works.append(Work(program.operator, steps, scratch))
    return works


def run_interleaved(
    machine: Machine, works: list[Work], dependencies: tuple[tuple[int, ...], ...], random: np.random.Generator
) -> None:
    """Steps in a random order that respects streams and waits only."""
    left = [list(work.steps) for work in works]
    running = set(range(len(works)))
    while running:
        ready = [i for i in sorted(running) if not running.intersection(dependencies[i])]
        i = int(random.choice(ready))
        if left[i]:
            machine.step(left[i].pop(0))
        if not left[i]:
            running.discard(i)


@pytest.mark.parametrize("seed", range(20))
def test_that_streams_may_run_in_any_order_in_the_planned_arena(seed: int) -> None:
    random = np.random.default_rng(seed)
    graph = optimize_graph(random_image_graph(seed, length=24)).graph
    feeds = random_feeds(graph, seed)
    kernels = Kernels()
    lowered = lower_graph(graph, Precision.FP32, registry=kernels.registry)
    expected = Machine(lowered, kernels).run(feeds)
    plan = random_plan(graph, random)
    plan.verify(graph)
    works = works_of(lowered)
    dependencies = ordered_after(plan)
    arena = plan_memory(lowered.buffers, works, dependencies)
    check_races(plan.name, works, dependencies, arena.ranges)
    for _ in range(3):
        machine = Machine(lowered, kernels, ranges=arena.ranges)
        machine.start(feeds)
        run_interleaved(machine, works, dependencies, random)
        for name, values in machine.outputs().items():
            assert np.array_equal(values, expected[name]), name
