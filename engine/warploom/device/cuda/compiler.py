"""Compiles a StreamPlan: memory planned, races excluded, weights uploaded, everything captured into one CUDA graph."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from warploom.device.arena import Arena
from warploom.device.cuda.binding import Address, bind_kernel
from warploom.device.cuda.capture import ORIGIN, Branch, StreamPool, capture
from warploom.device.cuda.executable import Boundary, CudaExecutable, MemoryUse
from warploom.device.cuda.lowering.lowered import INPUT_PREFIX, OUTPUT_PREFIX, WEIGHT_PREFIX, LoweredGraph
from warploom.device.cuda.memory import DeviceMemory
from warploom.device.cuda.memory_plan import Work, ordered_after, plan_memory
from warploom.device.cuda.modules import KernelModules
from warploom.device.cuda.nvml import Clocks
from warploom.device.cuda.own_kernels import SPIN, delays
from warploom.device.cuda.races import check_races
from warploom.device.cuda.replay import ReplayTimer
from warploom.device.cuda.session import GraphForm, GraphSession
from warploom.device.cuda.solo import SoloTimes
from warploom.device.cuda.timeline import draw_timeline
from warploom.device.protocol import DeviceInfo
from warploom.schedule import StreamPlan
from warploom.schedule.stream_plan import ByteRange


@dataclass(frozen=True, slots=True)
class Tools:
    """What compiling takes from the device.

    Attributes:
        streams: To capture on.
        solo: Measures steps alone, for timelines.
        modules: Own kernels.
        read_clocks: Tells the clocks.
        info: The device.
    """

    streams: StreamPool
    solo: SoloTimes
    modules: KernelModules
    read_clocks: Callable[[], Clocks | None]
    info: DeviceInfo


Alter = Callable[[Sequence[Branch]], list[Branch]]
"""Changes what is captured: puts events around it, say."""


def compile_plan(
    session: GraphSession, plan: StreamPlan, tools: Tools, perturb: int | None = None, alter: Alter | None = None
) -> CudaExecutable:
    """Makes a plan executable.

    Args:
        session: Of the Graph.
        plan: Of the Graph's Operators.
        tools: The device's.
        perturb: Seed of random delays before a random half of the launches; None for none.
        alter: Changes what is captured for the entry and each launch.

    Raises:
        ScheduleError: If the plan does not compute the Graph or has a race.
        UnsupportedOperatorError: If a step has no kernel.
        CudaError: If memory is missing or the GPU fails.
    """
    laid = lay_out(session, plan)
    form, works, arena = laid.form, laid.works, laid.arena
    session.weights.upload(form.lowered.weights)
    boundary = Boundary(form.lowered)
    memory = DeviceMemory(arena.size, f"allocating the arena of the plan {plan.name!r}")
    branches = _branches(session, plan, works, _addresses(session, boundary, memory, arena))
    if perturb is not None:
        branches = _perturbed(branches, tools.modules, perturb)
    if alter is not None:
        branches = alter(branches)
    graph = capture(branches, tools.streams, list_nodes=True)
    graph.upload(tools.streams.stream(ORIGIN))
    return CudaExecutable(
        plan=plan,
        session=session,
        graph=graph,
        boundary=boundary,
        arena=memory,
        memory=MemoryUse(arena.size, arena.live_bytes, form.lowered.weight_bytes),
        timer=ReplayTimer(tools.streams),
        read_clocks=tools.read_clocks,
        draw=partial(draw_timeline, plan, works, session.precision, tools.solo, tools.info),
        keeps=(memory, boundary),
    )


@dataclass(frozen=True, slots=True)
class LaidOut:
    """A plan with its memory planned and races excluded, nothing of it on the device yet.

    Attributes:
        form: The Graph as the plan executes it.
        works: Of the entry and of each launch.
        arena: Where buffers lie.
    """

    form: GraphForm
    works: tuple[Work, ...]
    arena: Arena


def lay_out(session: GraphSession, plan: StreamPlan) -> LaidOut:
    """Plans the memory of a plan and checks it.

    Raises:
        ScheduleError: If the plan does not compute the Graph or has a race.
        UnsupportedOperatorError: If a step has no kernel.
    """
    plan.verify(session.graph)
    form = session.form(plan)
    works = (form.entry, *(session.work_of(form, launch) for launch in plan.launches))
    dependencies = ordered_after(plan)
    arena = plan_memory(form.lowered.buffers, works, dependencies)
    plan.verify(session.graph, _tensor_ranges(form.lowered, arena))
    check_races(plan.name, works, dependencies, arena.ranges)
    return LaidOut(form, works, arena)


def _tensor_ranges(lowered: LoweredGraph, arena: Arena) -> dict[str, ByteRange]:
    """Bytes of the tensors that have a buffer to themselves; those that share one are `check_races`' business.

    Outputs of the graph are copied out by the launch that writes them, and need not be kept after their last reader.
    """
    sharers = Counter(region.buffer for region in lowered.placements.values())
    return {
        name: arena.ranges[name]
        for name, region in lowered.placements.items()
        if region.buffer == name and sharers[name] == 1 and name in arena.ranges and name not in lowered.outputs
    }


def _addresses(session: GraphSession, boundary: Boundary, memory: DeviceMemory, arena: Arena) -> Address:
    def address(buffer: str) -> int:
        if buffer.startswith(WEIGHT_PREFIX):
            return session.weights.address(buffer)
        if buffer.startswith((INPUT_PREFIX, OUTPUT_PREFIX)):
            return boundary.address(buffer)
        return memory.address + arena.ranges[buffer].offset

    return address


def _branches(session: GraphSession, plan: StreamPlan, works: Sequence[Work], address: Address) -> list[Branch]:
    bound = [session.resolver.bind(work, address, session.precision) for work in works]
    entry = Branch(ORIGIN, (), bound[0].enqueue)
    launches = (
        Branch(launch.stream, tuple(wait + 1 for wait in launch.waits), work.enqueue)
        for launch, work in zip(plan.launches, itertools.islice(bound, 1, None), strict=True)
    )
    return [entry, *launches]


def _perturbed(branches: list[Branch], modules: KernelModules, seed: int) -> list[Branch]:
    """Delays before some launches, behind what these wait for."""
    modules.load([SPIN])
    function = modules.function(SPIN)
    result = list(branches)
    for launch, step in delays(len(branches) - 1, seed).items():
        branch = branches[launch + 1]
        enqueue = (bind_kernel(step, function, lambda _: 0), *branch.enqueue)
        result[launch + 1] = replace(branch, enqueue=enqueue)
    return result
