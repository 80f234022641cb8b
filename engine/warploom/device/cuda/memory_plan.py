"""Plans device memory for resolved steps: which launch touches which buffer, and where in the arena each one lies.

Pure. Weights and the boundary's inputs and outputs lie outside the arena: nothing else shares their bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from warploom.device.arena import Arena, Buffer, plan_arena
from warploom.device.cuda.lowering.lowered import INPUT_PREFIX, OUTPUT_PREFIX, WEIGHT_PREFIX
from warploom.device.cuda.steps import PlainStep, Region
from warploom.schedule import StreamPlan

ENTRY = 0
"""Index of the work that converts the inputs: a launch before the plan's first, which all others follow."""

_OUTSIDE = (WEIGHT_PREFIX, INPUT_PREFIX, OUTPUT_PREFIX)


@dataclass(frozen=True, slots=True)
class Work:
    """What one launch enqueues, alternatives chosen.

    Attributes:
        name: Of the launch.
        steps: In stream order.
        temporaries: Bytes of its scratch buffers.
        workspace_bytes: What the largest of its library steps needs beside.
    """

    name: str
    steps: tuple[PlainStep, ...]
    temporaries: Mapping[str, int]
    workspace_bytes: int = 0

    @property
    def workspace(self) -> str:
        """Name of its workspace buffer."""
        return f"workspace/{self.name}"

    def touched(self) -> Iterator[str]:
        """Names of the arena's buffers that it touches, some of them several times."""
        for step in self.steps:
            for region in (*step.reads, *step.writes):
                if in_arena(region.buffer):
                    yield region.buffer
        if self.workspace_bytes:
            yield self.workspace


def in_arena(buffer: str) -> bool:
    """Whether a buffer of that name lies in the arena."""
    return not buffer.startswith(_OUTSIDE)


def ordered_after(plan: StreamPlan) -> tuple[tuple[int, ...], ...]:
    """Dependencies of the entry work and, shifted by one, of every launch of the plan."""
    shifted = [(ENTRY, *(before + 1 for before in dependencies)) for dependencies in plan.dependencies()]
    return ((), *shifted)


def plan_memory(buffers: Mapping[str, int], works: Sequence[Work], dependencies: Sequence[Sequence[int]]) -> Arena:
    """Places every buffer that some launch touches.

    Args:
        buffers: Bytes of the buffers that tensors own.
        works: Of the entry and of each launch, in enqueue order.
        dependencies: `ordered_after` of the plan.
    """
    sizes = dict(buffers)
    for work in works:
        sizes.update(work.temporaries)
        if work.workspace_bytes:
            sizes[work.workspace] = work.workspace_bytes
    first: dict[str, int] = {}
    uses: dict[str, int] = {}
    for i, work in enumerate(works):
        for name in work.touched():
            first.setdefault(name, i)
            uses[name] = uses.get(name, 0) | 1 << i
    return plan_arena([Buffer(name, sizes[name], first[name], mask) for name, mask in uses.items()], dependencies)


def regions_of(steps: Iterable[PlainStep]) -> Iterator[tuple[Region, bool]]:
    """Every region that steps touch, and whether it is written."""
    for step in steps:
        for region in step.reads:
            yield region, False
        for region in step.writes:
            yield region, True
