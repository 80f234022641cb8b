"""Activity records: when each kernel, copy and fill of a graph's replay ran, as CUPTI traces it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from warploom.device.cuda.graph_nodes import GraphNode
from warploom.device.cuda.profiler.cupti_library import Cupti, why_not
from warploom.device.cuda.profiler.trace import COPY, FILL, KERNEL
from warploom.errors import ProfileError

_BUFFER_BYTES = 8 << 20
_FORCED = 1
_CANNOT = "kernels cannot be traced"

Dim3 = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Record:
    """One thing that ran; times in ns of the GPU's clock.

    Attributes:
        kind: `KERNEL`, `COPY` or `FILL`.
        launch: Equal for all records of one replay.
        node: Number of the graph's node; ascends in the order of capture.
        start_ns: Its start.
        end_ns: Its end.
        grid: Thread blocks; zeros for other than kernels.
        block: Threads per block.
        shared_memory_bytes: Per block, static and dynamic.
        cluster_blocks: Blocks that fit at once because of clusters; 0 where there are none.
        copied: Bytes of a copy or fill.
    """

    kind: int
    launch: int
    node: int
    start_ns: int
    end_ns: int
    grid: Dim3 = (0, 0, 0)
    block: Dim3 = (0, 0, 0)
    shared_memory_bytes: int = 0
    cluster_blocks: int = 0
    copied: int = 0


class ActivityTracer:
    """Records what runs while it is on; one per process, since CUPTI has one place for records."""

    def __init__(self, cupti: Cupti) -> None:
        """Registers with CUPTI.

        Raises:
            ProfileError: If another tool traces this process.
        """
        self._api = cupti.api
        self._records: list[Record] = []
        kinds = cupti.api.ActivityKind
        self._kinds = (kinds.CONCURRENT_KERNEL, kinds.MEMCPY, kinds.MEMSET)
        try:
            cupti.api.activity_register_callbacks(lambda: (_BUFFER_BYTES, 0), self._take_in)
            for kind in self._kinds:
                cupti.api.activity_enable(kind)
        except Exception as error:
            raise ProfileError(why_not(error, _CANNOT)) from error

    def take(self) -> list[Record]:
        """What was recorded since this was asked last; the GPU has to be idle."""
        self._api.activity_flush_all(_FORCED)
        records, self._records = self._records, []
        return records

    def close(self) -> None:
        """Ends tracing."""
        for kind in self._kinds:
            self._api.activity_disable(kind)

    def _take_in(self, activities: Iterable[Any]) -> None:
        # The objects live in a buffer that CUPTI uses again: everything is copied here.
        self._records.extend(_record(activity) for activity in activities)


def _record(activity: Any) -> Record:
    if hasattr(activity, "grid_x"):
        return _kernel(activity)
    kind = COPY if hasattr(activity, "copy_kind") else FILL
    where = (activity.correlation_id, activity.graph_node_id, activity.start, activity.end)
    return Record(kind, *where, copied=int(activity.bytes))


def _kernel(activity: Any) -> Record:
    cluster = activity.cluster_x * activity.cluster_y * activity.cluster_z
    return Record(
        kind=KERNEL,
        launch=activity.correlation_id,
        node=activity.graph_node_id,
        start_ns=activity.start,
        end_ns=activity.end,
        grid=(activity.grid_x, activity.grid_y, activity.grid_z),
        block=(activity.block_x, activity.block_y, activity.block_z),
        shared_memory_bytes=activity.static_shared_memory + activity.dynamic_shared_memory,
        cluster_blocks=cluster * int(getattr(activity, "max_active_clusters", 0) or 0) if cluster > 1 else 0,
    )


def replays_of(records: Iterable[Record]) -> list[list[Record]]:
    """Records of graph nodes by replay, replays by time, nodes in the order of capture."""
    found: dict[int, list[Record]] = {}
    for record in records:
        if record.node:
            found.setdefault(record.launch, []).append(record)
    replays = sorted(found.values(), key=lambda replay: min(record.start_ns for record in replay))
    return [sorted(replay, key=lambda record: record.node) for replay in replays]


def match(nodes: Sequence[GraphNode], replay: Sequence[Record]) -> list[tuple[int, Record]]:
    """The branch that each record of a replay belongs to, told by count and order.

    Args:
        nodes: Of the captured graph, in its order.
        replay: Records in the order of capture.

    Raises:
        ProfileError: If the records are not those of the graph's nodes.
    """
    kernels = [node for node in nodes if node.kernel is not None]
    others = [node for node in nodes if node.kernel is None]
    traced = [record for record in replay if record.kind == KERNEL]
    copies = [record for record in replay if record.kind != KERNEL]
    if len(traced) != len(kernels):
        raise ProfileError(f"the trace of a replay has {len(traced)} kernels, its graph {len(kernels)}")
    for node, record in zip(kernels, traced, strict=True):
        kernel = node.kernel
        if kernel is not None and (kernel.grid, kernel.block) != (record.grid, record.block):
            raise ProfileError(f"the trace shows a grid of {record.grid} where the graph has {kernel.name}")
    # Copies have no shape to check; empty nodes leave no record.
    paired = zip(others, copies, strict=True) if len(others) == len(copies) else ()
    found = [(node.branch, record) for node, record in (*zip(kernels, traced, strict=True), *paired)]
    return sorted(found, key=lambda pair: pair[1].node)
