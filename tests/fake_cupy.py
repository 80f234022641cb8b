"""A stand-in for the parts of CuPy that the CUDA runtime uses: device memory is host memory, captures are lists.

It lets tests without a GPU see what would be captured, copied and compiled. Kernels do nothing here.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np


@dataclass
class Memory:
    """Device memory."""

    bytes: np.ndarray[Any, np.dtype[np.uint8]]

    @property
    def ptr(self) -> int:
        return int(self.bytes.ctypes.data)


@dataclass
class FakeCupy:
    """Acts as the module `cupy`; what happened is in its lists.

    Attributes:
        calls: (what, stream, ...) in order, also inside captures: "wait", "record", "begin", "end", "launch".
        compiled: Texts given to the compiler.
        free_bytes: What `memGetInfo` tells, and the most that one allocation gets.
    """

    calls: list[tuple[Any, ...]] = field(default_factory=list)
    compiled: list[str] = field(default_factory=list)
    free_bytes: int = 1 << 30
    replay_us: Callable[[int], float] = lambda _: 10.0
    refuses: str = ""

    def __post_init__(self) -> None:
        self._time_us = 0.0
        self._graphs = 0
        self.cuda = SimpleNamespace(
            Stream=self._stream,
            Event=self._event,
            runtime=self._runtime(),
            driver=SimpleNamespace(launchKernel=self._launch_kernel, funcSetAttribute=lambda *_: None),
            nvrtc=self._nvrtc(),
            function=SimpleNamespace(Module=lambda: _Module(self)),
            alloc=self._alloc,
            alloc_pinned_memory=lambda size: bytearray(size),
            get_elapsed_time=lambda start, end: (end.time_us - start.time_us) / 1e3,
        )

    def get_default_memory_pool(self) -> Any:
        self.calls.append(("free_all_blocks",))
        return SimpleNamespace(free_all_blocks=lambda: None)

    def _stream(self, **_: object) -> Any:
        fake = self

        class Stream:
            ptr = 100 + sum(1 for call in fake.calls if call[0] == "stream")

            def wait_event(self, event: Any) -> None:
                fake.calls.append(("wait", self.ptr, event.number))

            def synchronize(self) -> None:
                fake.calls.append(("synchronize", self.ptr))

        self.calls.append(("stream",))
        return Stream()

    def _event(self, **_: object) -> Any:
        fake = self

        class Event:
            number = sum(1 for call in fake.calls if call[0] == "event")
            time_us = 0.0

            def record(self, stream: Any) -> None:
                self.time_us = fake._time_us
                fake.calls.append(("record", stream.ptr, self.number))

            def synchronize(self) -> None:
                return

        self.calls.append(("event",))
        return Event()

    def _runtime(self) -> Any:
        def launch(graph: int, stream: int) -> None:
            self._time_us += self.replay_us(graph)
            self.calls.append(("launch", stream, graph))

        def end(stream: int) -> int:
            self.calls.append(("end", stream))
            self._graphs += 1
            return self._graphs

        def copy(target: int, source: int, size: int, *_: object) -> None:
            ctypes.memmove(target, source, size)

        return SimpleNamespace(
            streamCaptureModeRelaxed=2,
            streamBeginCapture=lambda stream, _: self.calls.append(("begin", stream)),
            streamEndCapture=end,
            graphInstantiate=lambda graph: graph,
            graphDestroy=lambda _: None,
            graphExecDestroy=lambda graph: self.calls.append(("destroy", graph)),
            graphUpload=lambda *_: None,
            graphLaunch=launch,
            memcpy=copy,
            memcpyAsync=copy,
            memcpyHostToDevice=1,
            memcpyDeviceToHost=2,
            memset=lambda address, value, size: ctypes.memset(address, value, size),
            deviceSynchronize=lambda: None,
            memGetInfo=lambda: (self.free_bytes, self.free_bytes),
        )

    def _alloc(self, size: int) -> Memory:
        if size > self.free_bytes:
            error = type("OutOfMemoryError", (Exception,), {"__module__": "cupy.cuda.memory"})
            raise error(f"Out of memory allocating {size} bytes")
        return Memory(np.full(size, 0x5A, np.uint8))

    def _launch_kernel(self, function: int, *rest: int) -> None:
        self.calls.append(("kernel", rest[-3], function))

    def _nvrtc(self) -> Any:
        class NVRTCError(Exception):
            pass

        def compile_program(program: list[str], options: tuple[str, ...]) -> None:
            self.compiled.append(program[0])
            if self.refuses and self.refuses in program[0]:
                raise NVRTCError("NVRTC_ERROR_COMPILATION")
            program.append(" ".join(options))

        return SimpleNamespace(
            NVRTCError=NVRTCError,
            createProgram=lambda text, *_: [text],
            compileProgram=compile_program,
            getCUBIN=lambda program: program[0].encode(),
            getProgramLog=lambda _: "error: what\n is this",
            destroyProgram=lambda _: None,
        )


class _Module:
    def __init__(self, fake: FakeCupy) -> None:
        self._fake = fake
        self._code = b""

    def load(self, code: bytes) -> None:
        if code == b"damaged":
            error = type("CUDADriverError", (Exception,), {"__module__": "cupy_backends.cuda.api.driver"})
            raise error("CUDA_ERROR_INVALID_IMAGE: device kernel image is invalid")
        self._code = code
        self._fake.calls.append(("load",))

    def get_function(self, name: str) -> Any:
        assert name in self._code.decode()
        return SimpleNamespace(ptr=hash(name) & 0xFFFF, name=name)
