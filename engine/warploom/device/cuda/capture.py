"""Captures work on several streams into one CUDA graph: streams become branches, waits become edges.

Nothing is allocated or compiled in here: everything to be enqueued is bound before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from warploom.device.cuda.binding import Enqueue
from warploom.device.cuda.capture_streams import capture_places
from warploom.device.cuda.errors import cuda_call
from warploom.device.cuda.graph_edges import wait_for_ends
from warploom.device.cuda.graph_nodes import GraphKernel, GraphNode, captured_nodes, graph_nodes
from warploom.device.cuda.loading import load_cupy

ORIGIN = 0


@dataclass(frozen=True, slots=True)
class Branch:
    """Work to be captured on one stream, after other work.

    Attributes:
        stream: Which one; `ORIGIN` is where the capture begins and ends.
        waits: Indices of earlier work on other streams that has to end before.
        enqueue: What to start, in order; may be empty.
    """

    stream: int
    waits: tuple[int, ...]
    enqueue: Sequence[Enqueue]


class StreamPool:
    """CuPy streams and events of one device, made once and used for every capture."""

    def __init__(self) -> None:
        self._streams: list[Any] = []
        self._events: list[Any] = []

    def stream(self, index: int) -> Any:
        """The stream of that number."""
        while len(self._streams) <= index:
            with cuda_call("making a stream"):
                self._streams.append(load_cupy().cuda.Stream(non_blocking=True))
        return self._streams[index]

    def event(self, index: int) -> Any:
        """The event of that number, without timing; for ordering inside captures."""
        while len(self._events) <= index:
            with cuda_call("making an event"):
                self._events.append(load_cupy().cuda.Event(disable_timing=True))
        return self._events[index]


class CapturedGraph:
    """A CUDA graph ready to be replayed. `close()` is idempotent.

    Attributes:
        nodes: Its nodes in the order of capture, if they were asked for.
    """

    def __init__(self, graph: int, nodes: tuple[GraphNode, ...], keeps: tuple[object, ...]) -> None:
        runtime = load_cupy().cuda.runtime
        self._executable = 0
        self.nodes = nodes
        self._keeps = keeps
        try:
            with cuda_call("making the CUDA graph executable"):
                self._executable = int(runtime.graphInstantiate(graph))
        finally:
            with suppress(Exception):
                runtime.graphDestroy(graph)

    @property
    def kernels(self) -> tuple[GraphKernel, ...]:
        """Its kernels in the order of capture, if nodes were asked for."""
        return tuple(node.kernel for node in self.nodes if node.kernel is not None)

    def launch(self, stream: Any) -> None:
        """Replays it on a stream."""
        load_cupy().cuda.runtime.graphLaunch(self._executable, stream.ptr)

    def upload(self, stream: Any) -> None:
        """Sends it to the device ahead of its first replay."""
        load_cupy().cuda.runtime.graphUpload(self._executable, stream.ptr)

    def close(self) -> None:
        """Frees it; whoever closes waits for its last replay before. Says nothing of a context that is lost."""
        executable, self._executable = self._executable, 0
        if executable:
            with suppress(Exception):  # after a fault nothing can be freed, and the fault is what matters
                load_cupy().cuda.runtime.graphExecDestroy(executable)
        self._keeps = ()

    def __del__(self) -> None:  # a safety net: a graph that nobody closed
        self.close()


def capture(work: Sequence[Branch], streams: StreamPool, *, list_nodes: bool = False) -> CapturedGraph:
    """Captures work in the order given.

    The first work is on the origin stream; work on another stream that waits for nothing starts after it.

    Args:
        work: What to capture.
        streams: To capture on.
        list_nodes: Whether the graph shall know its nodes and whose they are.

    Raises:
        CudaError: If a step cannot be captured.
    """
    runtime = load_cupy().cuda.runtime
    places = capture_places(work)
    work = [replace(one, stream=at.stream, waits=at.waits) for one, at in zip(work, places, strict=True)]
    origin = streams.stream(ORIGIN)
    with cuda_call("capturing a CUDA graph"):
        runtime.streamBeginCapture(origin.ptr, runtime.streamCaptureModeRelaxed)
        try:
            overtaking: list[int] = []
            counts = [captured_nodes(origin.ptr) if list_nodes else -1 for _ in _enqueue(work, streams, overtaking)]
        except BaseException:
            _abandon(runtime, origin)
            raise
        graph = int(runtime.streamEndCapture(origin.ptr))
        wait_for_ends(graph, overtaking)
    nodes = graph_nodes(graph, counts) if list_nodes else ()
    keeps = tuple(enqueue for branch in work for enqueue in branch.enqueue)
    return CapturedGraph(graph, nodes, keeps)


def _enqueue(work: Sequence[Branch], streams: StreamPool, overtaking: list[int]) -> Iterator[None]:
    """Enqueues one work after another; pauses behind each. Lists the nodes that must not start early."""
    awaited = {wait for branch in work for wait in branch.waits if work[wait].stream != branch.stream}
    last = {branch.stream: i for i, branch in enumerate(work)}
    begun = {ORIGIN}
    for i, branch in enumerate(work):
        stream = streams.stream(branch.stream)
        waits = [wait for wait in branch.waits if work[wait].stream != branch.stream]
        if branch.stream not in begun and not waits:
            waits = [0]
            awaited.add(0)
        begun.add(branch.stream)
        for wait in waits:
            stream.wait_event(streams.event(wait))
        for enqueue in branch.enqueue:
            if getattr(enqueue, "overtakes", False):
                before = captured_nodes(stream.ptr)
                enqueue(stream.ptr)
                overtaking.extend(range(max(before, 0), captured_nodes(stream.ptr)))
            else:
                enqueue(stream.ptr)
        yield
        if i in awaited or i == 0 or (last[branch.stream] == i and branch.stream != ORIGIN):
            streams.event(i).record(stream)
    for stream_index, i in last.items():
        if stream_index != ORIGIN:
            streams.stream(ORIGIN).wait_event(streams.event(i))


def _abandon(runtime: Any, origin: Any) -> None:
    """Ends a capture that failed, so that the stream can be used again; the error that matters is on its way."""
    try:
        graph = runtime.streamEndCapture(origin.ptr)
    except Exception:  # the capture is invalid, as expected
        return
    if graph:
        runtime.graphDestroy(graph)
