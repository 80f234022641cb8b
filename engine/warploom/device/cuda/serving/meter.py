"""Measures requests on a GPU: by events on the stream and by the host's clock, each request from idle."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from warploom.device.cuda.binding import Enqueue
from warploom.device.cuda.errors import cuda_call
from warploom.device.cuda.loading import load_cupy
from warploom.device.serving import CopyTimes, FrameTimes, RequestMode, Samples
from warploom.errors import DeviceError

if TYPE_CHECKING:
    from warploom.device.cuda.serving.context import CudaContext

_SPIN_UP_S = 0.05
_WARM_UP = 3
_SPIN_NS = 1_000_000


class Meter:
    """Measures one context.

    Args:
        context: What to measure; its slot 0 holds the inputs.
    """

    def __init__(self, context: CudaContext) -> None:
        self._context = context
        with cuda_call("making events"):
            event = load_cupy().cuda.Event
            self._start, self._end = event(), event()
        self._spun = False

    def model(self, repeats: int) -> Samples:
        """The kernels alone."""
        graph = self._context.compute_graph()
        return self._samples(lambda: graph.launch(self._context.stream), repeats)

    def request(self, mode: RequestMode, repeats: int) -> Samples:
        """Whole requests."""
        return self._samples(self._requests()[mode](), repeats)

    def copies(self, repeats: int) -> CopyTimes:
        """The pinned copies alone, all inputs at once and all outputs at once."""
        slot, stream = self._context.slots[0], self._context.stream
        into = self._samples(lambda: slot.copy_in(stream.ptr), repeats)
        out = self._samples(lambda: slot.copy_out(stream.ptr), repeats)
        return CopyTimes(into.events_us, out.events_us)

    def copies_of(self, copies: Sequence[Enqueue], repeats: int) -> Samples:
        """Some copies alone, one after another."""
        stream = self._context.stream

        def start() -> None:
            for copy in copies:
                copy(stream.ptr)

        return self._samples(start, repeats)

    def frames(self, frames: int, depth: int) -> FrameTimes:
        """A stream of frames; each is submitted when the one `depth` before it is done.

        Raises:
            DeviceError: If the context has fewer slots.
        """
        context = self._context
        if depth > len(context.slots):
            raise DeviceError(f"A context of depth {len(context.slots)} cannot have {depth} frames in flight.")
        self._use()
        for slot in range(depth):
            context.start(slot)  # captures what was not captured yet
        for slot in range(depth):
            context.wait(slot)
        begun, done = np.zeros(frames), np.zeros(frames)
        with _no_collections():
            zero = time.perf_counter_ns()
            for frame in range(frames + depth):
                if frame >= depth:
                    context.wait(frame % depth)
                    done[frame - depth] = time.perf_counter_ns() - zero
                if frame < frames:
                    begun[frame] = time.perf_counter_ns() - zero
                    context.start(frame % depth)
        return FrameTimes(depth, tuple((begun / 1e3).tolist()), tuple((done / 1e3).tolist()))

    def paced(self, frames: int, interval_us: float) -> FrameTimes:
        """Overlapped requests at fixed times; nothing is warmed up between them, as nothing is between two frames."""
        start = self._overlapped()
        self._use()
        self._warm_up(start)
        begun, done = np.zeros(frames), np.zeros(frames)
        zero = time.perf_counter_ns()
        for frame in range(frames):
            _sleep_until(zero + int(frame * interval_us * 1e3))
            begun[frame] = time.perf_counter_ns() - zero
            start()
            self._context.stream.synchronize()
            done[frame] = time.perf_counter_ns() - zero
        return FrameTimes(1, tuple((begun / 1e3).tolist()), tuple((done / 1e3).tolist()))

    def _requests(self) -> dict[RequestMode, Callable[[], Callable[[], None]]]:
        return {
            RequestMode.PAGEABLE: self._pageable,
            RequestMode.PINNED: self._pinned,
            RequestMode.OVERLAPPED: self._overlapped,
        }

    def _pageable(self) -> Callable[[], None]:
        context, slot = self._context, self._context.slots[0]
        graph = context.compute_graph()
        runtime = load_cupy().cuda.runtime
        into = [(slot.input_address(name), array.copy()) for name, array in slot.inputs.items()]
        out = [(slot.output_address(name), np.zeros_like(array)) for name, array in slot.outputs.items()]

        def start() -> None:
            for address, array in into:
                runtime.memcpy(address, array.ctypes.data, array.nbytes, runtime.memcpyHostToDevice)
            graph.launch(context.stream)
            context.stream.synchronize()
            for address, array in out:
                runtime.memcpy(array.ctypes.data, address, array.nbytes, runtime.memcpyDeviceToHost)

        return start

    def _pinned(self) -> Callable[[], None]:
        context, slot = self._context, self._context.slots[0]
        graph = context.compute_graph()

        def start() -> None:
            slot.copy_in(context.stream.ptr)
            graph.launch(context.stream)
            slot.copy_out(context.stream.ptr)

        return start

    def _overlapped(self) -> Callable[[], None]:
        context, graph = self._context, self._context.whole_graph()
        return lambda: graph.launch(context.stream)

    def _samples(self, start: Callable[[], None], repeats: int) -> Samples:
        """Each from idle, events around it on the stream and the clock around all."""
        if repeats < 1:
            raise DeviceError(f"A measurement needs at least one repeat, not {repeats}.")
        self._use()
        stream = self._context.stream
        with cuda_call("measuring requests"):
            self._warm_up(start)
            events, walls = np.zeros(repeats), np.zeros(repeats)
            elapsed = load_cupy().cuda.get_elapsed_time
            with _no_collections():
                for i in range(repeats):
                    begun = time.perf_counter_ns()
                    self._start.record(stream)
                    start()
                    self._end.record(stream)
                    self._end.synchronize()
                    walls[i] = time.perf_counter_ns() - begun
                    events[i] = elapsed(self._start, self._end)
        return Samples(tuple((events * 1e3).tolist()), tuple((walls / 1e3).tolist()))

    def _warm_up(self, start: Callable[[], None]) -> None:
        """A few requests that nobody times; the first ones until the clocks have had time to rise."""
        end = time.perf_counter() + (0.0 if self._spun else _SPIN_UP_S)
        self._spun = True
        done = 0
        while done < _WARM_UP or time.perf_counter() < end:
            start()
            self._context.stream.synchronize()
            done += 1

    def _use(self) -> None:
        self._context.serving.tools.use()


def _sleep_until(when_ns: int) -> None:
    """Sleeps, and spins through the last millisecond, which sleeping would miss."""
    while (left := when_ns - time.perf_counter_ns()) > 0:
        if left > _SPIN_NS:
            time.sleep((left - _SPIN_NS) / 1e9)


@contextmanager
def _no_collections() -> Iterator[None]:
    """Keeps Python's garbage collector out of what is measured."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
