"""The libraries opened on the current GPU: handles, the stream that plans are made and timed on, the sources."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

from warploom.device.cuda.errors import cuda_call
from warploom.device.cuda.library.ahead import AheadSource, Builders, Request, builder_command, builders_for
from warploom.device.cuda.library.choosing import Bench
from warploom.device.cuda.library.cublaslt import CublasLt
from warploom.device.cuda.library.cublaslt_source import CublasLtSource
from warploom.device.cuda.library.cudnn_source import CudnnSource
from warploom.device.cuda.library.overtaking import OvertakingTest
from warploom.device.cuda.library.plan import PlanSource
from warploom.device.cuda.library.timing import GpuBench
from warploom.device.cuda.loading import load_cublaslt, load_cudnn, load_cupy
from warploom.device.cuda.modules import KernelModules


class Libraries(Protocol):
    """Sources of plans, and a bench to measure them on."""

    @property
    def sources(self) -> Sequence[PlanSource]:
        """The sources of plans, preferred ones first."""
        ...

    def ahead(
        self, requests: Sequence[Request], waiting: Callable[[], None]
    ) -> AbstractContextManager[Sequence[PlanSource]]:
        """Sources for steps whose plans are to be chosen; inside of it their kernels may be built ahead.

        Args:
            requests: The steps, in the order in which they are asked for.
            waiting: Called now and then while a kernel is waited for; what it raises ends the waiting.
        """
        ...

    def bench(self) -> Bench:
        """A new bench."""
        ...

    def close(self) -> None:
        """Releases everything; may be called again."""
        ...


class GpuLibraries:
    """cuDNN and, where it is installed, cuBLASLt.

    Args:
        modules: Own kernels, to test with which operands library kernels read too early; without them, all count so.
    """

    def __init__(self, modules: KernelModules | None = None) -> None:
        cupy, self._cudnn = load_cupy(), load_cudnn()
        with cuda_call("starting cuDNN"):
            # Lives as long as the handle that it is set on: cuDNN asks it for its context even when nothing runs.
            self._stream: Any = cupy.cuda.Stream(non_blocking=True)
            self._handle: int | None = int(self._cudnn.create_handle())
            self._cudnn.set_stream(handle=self._handle, stream=self._stream.ptr)
        library = load_cublaslt()
        self._cublaslt = CublasLt(library) if library is not None else None
        self.cudnn = CudnnSource(self._cudnn, self._handle, self._stream.ptr)
        others = () if self._cublaslt is None else (CublasLtSource(self._cublaslt),)
        self.sources: Sequence[PlanSource] = (self.cudnn, *others)
        self._modules = modules
        self._overtaking: OvertakingTest | None = None

    @contextmanager
    def ahead(self, requests: Sequence[Request], waiting: Callable[[], None]) -> Iterator[Sequence[PlanSource]]:
        """The sources; of many steps, cuDNN's kernels are built by other processes meanwhile."""
        runtime = load_cupy().cuda.runtime
        with cuda_call("looking for free memory"):
            processes = builders_for(len(requests), runtime.memGetInfo()[0])
        if not processes:
            yield self.sources
            return
        builders = Builders(requests, processes, builder_command(runtime.getDevice()), waiting)
        try:
            yield (AheadSource(self.cudnn, builders), *self.sources[1:])
        finally:
            builders.close()

    def bench(self) -> Bench:
        """A new bench."""
        if self._overtaking is None and self._modules is not None:
            self._overtaking = OvertakingTest(self._modules, self._stream)
        return GpuBench(self._stream, self._overtaking)

    def close(self) -> None:
        """Releases the handles; may be called again."""
        self.sources = ()
        if self._handle is not None:
            self._cudnn.destroy_handle(self._handle)
            self._handle = None
        if self._cublaslt is not None:
            self._cublaslt.close()
