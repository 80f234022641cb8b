"""Freezes a plan: every kernel chosen, every byte placed, so that opening it again is a look-up."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

import numpy as np

from warploom.device.cuda.binding import library_regions
from warploom.device.cuda.compiler import LaidOut, lay_out
from warploom.device.cuda.library.plan import Kernel
from warploom.device.cuda.lowering.lowered import INPUT_PREFIX, OUTPUT_PREFIX, WEIGHT_PREFIX
from warploom.device.cuda.memory_plan import Work
from warploom.device.cuda.modules import KernelModules
from warploom.device.cuda.serving.document import (
    ARENA,
    INPUT,
    OUTPUT,
    WEIGHT,
    FrozenDocument,
    FrozenWork,
    KernelLaunch,
    LibraryKernel,
    LibraryLaunch,
    MachineCode,
    Place,
    Port,
    encode_document,
)
from warploom.device.cuda.session import GraphSession
from warploom.device.cuda.steps import ConvStep, KernelStep, MatmulStep, PlainStep, Region
from warploom.device.serving import FrozenPlan
from warploom.graph import Precision
from warploom.graph.constant import Array
from warploom.schedule import StreamPlan

_AREAS = ((WEIGHT_PREFIX, WEIGHT), (INPUT_PREFIX, INPUT), (OUTPUT_PREFIX, OUTPUT))


def freeze_plan(session: GraphSession, plan: StreamPlan, modules: KernelModules) -> FrozenPlan:
    """Makes the document of a plan, and its weights.

    Raises:
        ScheduleError: If the plan does not compute the Graph or has a race.
        UnsupportedOperatorError: If a step has no kernel.
        CudaError: If the GPU fails.
    """
    laid = lay_out(session, plan)
    freezer = _Freezer(session, laid)
    works = tuple(freezer.work(work) for work in laid.works)
    sources = dict.fromkeys(step.kernel for step in _steps(laid.works) if isinstance(step, KernelStep))
    lowered = laid.form.lowered
    used = {place.name for work in works for place in _places(work) if place.area == WEIGHT}
    named = {name.removeprefix(WEIGHT_PREFIX): weight for name, weight in lowered.weights.items()}
    weights = {name: weight for name, weight in named.items() if name in used}
    document = FrozenDocument(
        precision=session.precision,
        works=works,
        library=freezer.library,
        modules=tuple(MachineCode(names, code) for names, code in modules.machine_code(sources)),
        inputs=tuple(_port(name, region) for name, region in lowered.inputs.items()),
        outputs=tuple(_port(name, region, _writers(region, laid.works)) for name, region in lowered.outputs.items()),
        weight_bytes=sum(weight.layout.size_bytes for weight in weights.values()),
        arena_bytes=laid.arena.size,
        workspace_bytes=max((work.workspace_bytes for work in laid.works), default=0),
    )
    arrays = {name: _bytes(weight.values()) for name, weight in weights.items()}
    return FrozenPlan(encode_document(document), arrays)


class _Freezer:
    """Turns work into frozen work and collects the library kernels on the way."""

    def __init__(self, session: GraphSession, laid: LaidOut) -> None:
        self._resolver = session.resolver
        self._precision: Precision = session.precision
        self._arena = laid.arena
        self._index: dict[tuple[str, str, str], int] = {}
        self._kernels: list[LibraryKernel] = []

    @property
    def library(self) -> tuple[LibraryKernel, ...]:
        """The library kernels so far."""
        return tuple(self._kernels)

    def work(self, work: Work) -> FrozenWork:
        workspace = self._place(work.workspace, 0) if work.workspace_bytes else None
        return FrozenWork(work.name, tuple(self._step(step, workspace) for step in work.steps))

    def _step(self, step: PlainStep, workspace: Place | None) -> KernelLaunch | LibraryLaunch:
        if isinstance(step, KernelStep):
            pointers = tuple(self._region(region) for region in (*step.writes, *step.reads))
            return KernelLaunch(step.kernel.name, step.grid, step.block, step.shared_bytes, pointers, step.scalars)
        kernel = self._resolver.kernel(step, self._precision)
        roles = {role: self._region(region) for role, region in library_regions(step, kernel).items()}
        return LibraryLaunch(self._library_index(step, kernel), roles, workspace)

    def _library_index(self, step: ConvStep | MatmulStep, kernel: Kernel) -> int:
        plan = kernel.plan
        key = (plan.signature, plan.source, plan.name)
        if key not in self._index:
            self._index[key] = len(self._kernels)
            whole = dataclasses.replace(plan, data=plan.data or kernel.data(), alternatives=())
            conv = step if isinstance(step, ConvStep) else None
            matmul = step if isinstance(step, MatmulStep) else None
            self._kernels.append(LibraryKernel(whole, conv, matmul))
        return self._index[key]

    def _region(self, region: Region) -> Place:
        return self._place(region.buffer, region.offset * region.layout.dtype.itemsize)

    def _place(self, buffer: str, offset: int) -> Place:
        for prefix, area in _AREAS:
            if buffer.startswith(prefix):
                return Place(area, buffer.removeprefix(prefix), offset)
        return Place(ARENA, "", self._arena.ranges[buffer].offset + offset)


def _places(work: FrozenWork) -> Iterable[Place]:
    for step in work.steps:
        yield from step.pointers if isinstance(step, KernelLaunch) else step.pointers.values()


def _steps(works: Iterable[Work]) -> Iterable[PlainStep]:
    for work in works:
        yield from work.steps


def _port(name: str, region: Region, works: tuple[int, ...] = ()) -> Port:
    return Port(name, region.layout.shape, str(region.layout.dtype.to_numpy()), works)


def _writers(region: Region, works: Sequence[Work]) -> tuple[int, ...]:
    """The works that write some of a region of the boundary; the first one where none does (an empty output)."""
    writers = (
        i for i, work in enumerate(works) for step in work.steps for w in step.writes if w.buffer == region.buffer
    )
    return tuple(dict.fromkeys(writers)) or (0,)


def _bytes(values: Array) -> Array:
    return np.ascontiguousarray(values).reshape(-1).view(np.uint8)
