"""Compiles own kernels with NVRTC, many to a module, in threads, and keeps the machine code in the cost database."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from warploom.cost.database import CostDatabase
from warploom.device.cuda.errors import CudaError, cuda_call
from warploom.device.cuda.kernels.codegen.prelude import module_source
from warploom.device.cuda.loading import load_cupy
from warploom.device.cuda.steps import KernelSource
from warploom.errors import DeviceError

_OPTIONS = ("-std=c++17", "-default-device")
_MODULE_KIND = "kernel-module"
_CODE_KIND = "machine-code"
_SMALLEST_MODULE = 4  # kernels; the forms of one convolution take longer to compile than the prelude to read
_MOST_THREADS = 16
_DYNAMIC_SHARED_MEMORY = 8  # CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES
_SHARED_MEMORY_FOR_FREE = 48 << 10
# What a block may have of it where it asks ("CUDA C++ programming guide", technical specifications), 1 KiB less.
_SHARED_MEMORY = {
    (7, 5): 63 << 10,
    (8, 0): 162 << 10,
    (8, 7): 162 << 10,
    (9, 0): 226 << 10,
    (10, 0): 226 << 10,
    (10, 3): 226 << 10,
}
_LEAST_SHARED_MEMORY = 98 << 10  # of GPUs since
_LOG_LENGTH = 600


class KernelModules:
    """The own kernels that this process has loaded on one GPU.

    Args:
        compute_capability: Of the GPU.
        database: Keeps machine code between processes.
    """

    def __init__(self, compute_capability: tuple[int, int], database: CostDatabase) -> None:
        major, minor = compute_capability
        # What is specific to Hopper (warpgroups) is not compiled for sm_90, and its code runs nowhere else anyhow.
        self._architecture = "90a" if (major, minor) == (9, 0) else f"{major}{minor}"
        self._options = (*_OPTIONS, f"-arch=sm_{self._architecture}")
        self._shared_bytes = _SHARED_MEMORY.get((major, minor), _LEAST_SHARED_MEMORY)
        self._database = database
        self._functions: dict[KernelSource, Any] = {}
        self.compiled = 0

    def supports(self, source: KernelSource, shared_bytes: int = 0) -> bool:
        """Whether a kernel compiles for this GPU, which has the shared memory that it uses."""
        return source.needs in ("", self._architecture) and shared_bytes <= self._shared_bytes

    def load(self, sources: Iterable[KernelSource]) -> None:
        """Makes all of these kernels ready: from this process, the database, or the compiler.

        Raises:
            DeviceError: If a kernel does not compile (a defect of Warploom).
            CudaError: If the GPU does not take one.
        """
        missing = [source for source in dict.fromkeys(sources) if source not in self._functions]
        if missing:
            missing = self._load_kept(missing)
        if missing:
            self._compile(missing)

    def function(self, source: KernelSource, shared_bytes: int = 0) -> Any:
        """A loaded kernel, allowed to use that much dynamic shared memory."""
        function = self._functions[source]
        allow_shared_memory(function, shared_bytes)
        return function

    def _load_kept(self, sources: Sequence[KernelSource]) -> list[KernelSource]:
        """Loads what the database has; returns the rest."""
        keys = {source: self._key(source.code) for source in sources}
        modules = self._database.get(_MODULE_KIND, keys.values())
        names = {source: modules[key].decode() for source, key in keys.items() if key in modules}
        codes = self._database.get(_CODE_KIND, names.values())
        for name, code in codes.items():
            members = [source for source, module in names.items() if module == name]
            try:
                self._take(code, members)
            except CudaError as error:
                if error.sticky:
                    raise
        return [source for source in sources if source not in self._functions]

    def machine_code(self, sources: Iterable[KernelSource]) -> list[tuple[tuple[str, ...], bytes]]:
        """These kernels compiled into modules of their own, as (names, machine code), nothing loaded or kept."""
        return [(tuple(source.name for source in part), code) for part, _, code in self._compiled(list(sources))]

    def _compile(self, sources: Sequence[KernelSource]) -> None:
        for part, text, code in self._compiled(sources):
            self._take(code, part)
            name = self._key(text)
            self._database.put(_CODE_KIND, {name: code})
            self._database.put(_MODULE_KIND, {self._key(source.code): name.encode() for source in part})
        self.compiled += len(sources)

    def _compiled(self, sources: Sequence[KernelSource]) -> list[tuple[list[KernelSource], str, bytes]]:
        """Kernels dealt out to modules: the members, the text and the machine code of each."""
        if not sources:
            return []
        threads = min(_MOST_THREADS, os.cpu_count() or 1)
        count = max(1, min(threads, len(sources) // _SMALLEST_MODULE))
        # Long texts first and dealt out in turn, so that the modules take about equally long.
        order = sorted(sources, key=lambda source: (-len(source.code), source.name))
        parts = [order[start::count] for start in range(count)]
        texts = [module_source(part) for part in parts]
        if count == 1:
            codes = [self._machine_code(texts[0])]
        else:
            with ThreadPoolExecutor(count, thread_name_prefix="warploom-nvrtc") as pool:
                codes = list(pool.map(self._machine_code, texts))
        return list(zip(parts, texts, codes, strict=True))

    def _machine_code(self, text: str) -> bytes:
        nvrtc = load_cupy().cuda.nvrtc
        program = nvrtc.createProgram(text, "warploom.cu", (), ())
        try:
            nvrtc.compileProgram(program, self._options)
            return bytes(nvrtc.getCUBIN(program))
        except nvrtc.NVRTCError as error:
            log = " ".join(str(nvrtc.getProgramLog(program)).split())[:_LOG_LENGTH]
            raise DeviceError(f"A kernel does not compile, which is a defect of Warploom ({error}): {log}") from error
        finally:
            nvrtc.destroyProgram(program)

    def _take(self, code: bytes, sources: Sequence[KernelSource]) -> None:
        with cuda_call("loading kernels"):
            module = load_cupy().cuda.function.Module()
            module.load(code)
            found = {source: module.get_function(source.name) for source in sources}
        self._functions.update(found)

    def _key(self, text: str) -> str:
        return hashlib.sha256("\n".join((*self._options, module_source(()), text)).encode()).hexdigest()[:32]


def allow_shared_memory(function: Any, size: int) -> None:
    """Lets a loaded kernel use that much dynamic shared memory.

    Raises:
        CudaError: If the GPU has less.
    """
    if size > _SHARED_MEMORY_FOR_FREE:
        with cuda_call(f"giving a kernel {size} bytes of shared memory"):
            load_cupy().cuda.driver.funcSetAttribute(function.ptr, _DYNAMIC_SHARED_MEMORY, size)
