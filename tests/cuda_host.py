"""Runs generated CUDA kernels on the CPU: the same text as host C++, one fiber per thread where threads meet.

A stand-in for a GPU in tests of what kernels compute. It says nothing about races or speed.
"""

from __future__ import annotations

import ctypes
import mmap
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cuda_host_integers import INTEGER_CORES
from cuda_host_tiles import TILES
from warploom.device.cuda.kernels.codegen.prelude import COMMON
from warploom.device.cuda.layout import Layout
from warploom.device.cuda.steps import KernelSource, KernelStep, Region
from warploom.graph import DType

Array = npt.NDArray[Any]
_LIBC = ctypes.CDLL(None)

_MACHINE = r"""
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>
template <class T> inline T max(T a, T b) { return a > b ? a : b; }
template <class T> inline T min(T a, T b) { return a < b ? a : b; }
struct uint2 { unsigned x, y; } __attribute__((aligned(8)));
struct uint4 { unsigned x, y, z, w; } __attribute__((aligned(16)));
struct Index { unsigned x, y, z; };
static Index threadIdx, blockIdx, blockDim, gridDim;
#define __global__
#define __device__
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __restrict__
#define __shared__ static
#define WL_FUNCTION inline
#define __syncthreads() host::block_barrier()
#define __syncwarp() host::warp_barrier()

namespace host {
struct Barrier { int arrived, generation; };
enum { MOST = 1024, STACK = 1 << 16 };
struct Fiber { ucontext_t context; Index index; bool done; char* stack; };
static Fiber fibers[MOST];
static ucontext_t scheduler;
static int current, alive;
static Barrier block;
static Barrier warps[MOST / 32];
static int warp_alive[MOST / 32];
static uint64_t slots[MOST];
static void pause() { swapcontext(&fibers[current].context, &scheduler); }
static void meet(Barrier& barrier, const int& expected) {
  const int generation = barrier.generation;
  ++barrier.arrived;
  for (;;) {
    if (barrier.generation != generation) return;
    if (barrier.arrived >= expected) { barrier.arrived = 0; ++barrier.generation; return; }
    pause();
  }
}
static void block_barrier() { meet(block, alive); }
static void warp_barrier() { const int w = current / 32; meet(warps[w], warp_alive[w]); }
template <class T> T from_lane(T x, int lane) {
  const int me = current;
  uint64_t bits = 0;
  memcpy(&bits, &x, sizeof(T));
  slots[me] = bits;
  warp_barrier();
  T other = x;
  if (lane >= 0) memcpy(&other, &slots[me / 32 * 32 + lane], sizeof(T));
  warp_barrier();
  return other;
}
// An access outside of a buffer (see `Memory`) ends the launch.
static sigjmp_buf left;
static void leave(int) { siglongjmp(left, 1); }
struct Watch {
  struct sigaction bus, segment;
  Watch() {
    struct sigaction ours;
    memset(&ours, 0, sizeof(ours));
    ours.sa_handler = leave;
    sigaction(SIGBUS, &ours, &bus);
    sigaction(SIGSEGV, &ours, &segment);
  }
  ~Watch() { sigaction(SIGBUS, &bus, nullptr); sigaction(SIGSEGV, &segment, nullptr); }
};
typedef void (*Kernel)(void**);
static Kernel kernel;
static void** arguments;
static void enter() {
  kernel(arguments);
  fibers[current].done = true;
  --alive;
  --warp_alive[current / 32];
  swapcontext(&fibers[current].context, &scheduler);
}
static void run_block(bool meets) {
  const int count = blockDim.x * blockDim.y * blockDim.z;
  if (!meets) {
    for (int i = 0; i < count; ++i) {
      threadIdx = Index{i % blockDim.x, i / blockDim.x % blockDim.y, i / blockDim.x / blockDim.y};
      kernel(arguments);
    }
    return;
  }
  alive = count;
  block = Barrier{0, 0};
  for (int w = 0; w < MOST / 32; ++w) { warps[w] = Barrier{0, 0}; warp_alive[w] = 0; }
  for (int i = 0; i < count; ++i) {
    Fiber& f = fibers[i];
    f.done = false;
    f.index = Index{i % blockDim.x, i / blockDim.x % blockDim.y, i / blockDim.x / blockDim.y};
    if (!f.stack) f.stack = (char*)malloc(STACK);
    getcontext(&f.context);
    f.context.uc_stack.ss_sp = f.stack;
    f.context.uc_stack.ss_size = STACK;
    f.context.uc_link = nullptr;
    makecontext(&f.context, enter, 0);
    ++warp_alive[i / 32];
  }
  while (alive > 0) {
    for (int i = 0; i < count; ++i) {
      if (fibers[i].done) continue;
      current = i;
      threadIdx = fibers[i].index;
      swapcontext(&scheduler, &fibers[i].context);
    }
  }
}
}

namespace wl {
struct f16 { unsigned short bits; };
struct bf16 { unsigned short bits; };
static inline float float_of(f16 x) { _Float16 h; memcpy(&h, &x, 2); return (float)h; }
static inline f16 f16_of(float x) { const _Float16 h = (_Float16)x; f16 r; memcpy(&r, &h, 2); return r; }
static inline float float_of(bf16 x) {
  const uint32_t u = (uint32_t)x.bits << 16; float r; memcpy(&r, &u, 4); return r;
}
static inline bf16 bf16_of(float x) {
  uint32_t u; memcpy(&u, &x, 4);
  bf16 r; r.bits = x != x ? 0x7fffu : (unsigned short)((u + 0x7fffu + ((u >> 16) & 1u)) >> 16); return r;
}
static inline unsigned f16_pair_of(float low, float high) {
  return f16_of(low).bits | (unsigned)f16_of(high).bits << 16;
}
static inline unsigned bf16_pair_of(float low, float high) {
  return bf16_of(low).bits | (unsigned)bf16_of(high).bits << 16;
}
template <int N> static inline void read_if(bool there, const void* p, unsigned fill, unsigned (&w)[N]) {
  for (int i = 0; i < N; ++i) w[i] = there ? ((const unsigned*)p)[i] : fill;
}
static inline float infinity() { return HUGE_VALF; }
static inline float quiet_nan() { return NAN; }
template <class T> static inline T shuffle_xor(T x, int lanes) {
  return host::from_lane(x, (host::current % 32) ^ lanes);
}
template <class T> static inline T shuffle(T x, int lane) { return host::from_lane(x, lane); }
template <class T> static inline T shuffle_up(T x, int lanes) {
  const int lane = host::current % 32;
  return host::from_lane(x, lane >= lanes ? lane - lanes : lane);
}
}
"""

_LAUNCH = r"""
extern "C" int launch_@NAME@(void** arguments, const unsigned* grid, const unsigned* block) {
  host::Watch watch;
  if (sigsetjmp(host::left, 1)) return 1;
  gridDim = Index{grid[0], grid[1], grid[2]};
  blockDim = Index{block[0], block[1], block[2]};
  host::kernel = [](void** a) { @NAME@(@ARGUMENTS@); };
  host::arguments = arguments;
  for (unsigned z = 0; z < grid[2]; ++z)
    for (unsigned y = 0; y < grid[1]; ++y)
      for (unsigned x = 0; x < grid[0]; ++x) { blockIdx = Index{x, y, z}; host::run_block(@MEETS@); }
  return 0;
}
"""

GUARD_BYTES = 512
"""Bytes before every buffer that no kernel may write."""

_ALIGNMENT = 16


def compiler() -> str | None:
    """The host's C++ compiler, if there is one that knows 16-bit floats."""
    return shutil.which("g++")


class HostKernels:
    """Kernels compiled for the host."""

    def __init__(self, kernels: Iterable[KernelSource]) -> None:
        unique = {kernel.name: kernel.code for kernel in kernels}
        kernels_text = (code + _launcher(name, code) for name, code in unique.items())
        text = "\n".join((_MACHINE, TILES, INTEGER_CORES, COMMON, *kernels_text))
        with tempfile.TemporaryDirectory(prefix="warploom-host-") as folder:
            self._library = ctypes.CDLL(str(_compiled(text, Path(folder))))

    def run(self, steps: Iterable[KernelStep], memory: Mapping[str, Memory]) -> None:
        """Runs steps in order on buffers by name."""
        for step in steps:
            pointers = [memory[region.buffer].pointer(region) for region in (*step.writes, *step.reads)]
            arguments = (ctypes.c_void_p * len(pointers))(*pointers)
            launch = getattr(self._library, f"launch_{step.kernel.name}")
            outside = launch(arguments, (ctypes.c_uint * 3)(*step.grid), (ctypes.c_uint * 3)(*step.block))
            assert not outside, f"{step.kernel.name} reads or writes behind a buffer"


def _launcher(name: str, code: str) -> str:
    begin = code.index(f" {name}(") + len(name) + 2
    signature = code[begin : code.index(") {", begin)]
    types = [re.sub(r"__restrict__ \w+$", "", parameter.strip()) for parameter in signature.split(",")]
    arguments = ", ".join(f"({kind})a[{i}]" for i, kind in enumerate(types))
    meets = "__sync" in code or "wl::shuffle" in code
    text = _LAUNCH.replace("@NAME@", name).replace("@ARGUMENTS@", arguments)
    return text.replace("@MEETS@", "true" if meets else "false")


def _compiled(text: str, folder: Path) -> Path:
    source, library = folder / "kernels.cpp", folder / "kernels.so"
    source.write_text(text)
    command = ["g++", "-std=c++17", "-O0", "-w", "-fPIC", "-shared", "-ffp-contract=off", "-fno-strict-aliasing"]
    subprocess.run([*command, str(source), "-o", str(library)], check=True)
    return library


class Memory:
    """Bytes of one buffer, poisoned (NaN in every float type), behind a guard and in front of a page without access."""

    def __init__(self, size: int) -> None:
        page = mmap.PAGESIZE
        length = -(-(GUARD_BYTES + size + _ALIGNMENT) // page) * page
        self._map = mmap.mmap(-1, length + page)
        self.bytes: Array = np.frombuffer(self._map, np.uint8, length)
        self.bytes[...] = 0xFF
        assert not _LIBC.mprotect(ctypes.c_void_p(self.address + length), page, 0)
        self._start = (length - size) // _ALIGNMENT * _ALIGNMENT
        self._size = size

    @property
    def address(self) -> int:
        """Where the bytes lie, guards included."""
        return int(self.bytes.ctypes.data)

    def pointer(self, region: Region) -> int:
        """The address of a region's first element."""
        return self.bytes.ctypes.data + self._start + region.offset * region.layout.dtype.itemsize

    def view(self, layout: Layout, offset: int = 0, *, lanes: bool = False) -> Array:
        """The elements of a layout, in logical shape (bfloat16 as uint16); with `lanes`, padded channels too."""
        dtype = raw_dtype(layout.dtype)
        shape = list(layout.shape)
        if lanes and layout.channels_last:
            shape[1] = layout.channels
        flat = self.bytes[self._start :].view(np.uint8)
        base = np.frombuffer(flat.data, dtype=dtype, count=(len(flat) // dtype.itemsize))[offset:]
        strides = [stride * dtype.itemsize for stride in layout.strides]
        if 0 in shape:
            return np.zeros(shape, dtype)
        return np.lib.stride_tricks.as_strided(base, shape, strides)

    def fill(self, values: Array) -> None:
        """Sets all bytes."""
        self.bytes[self._start : self._start + values.nbytes] = np.frombuffer(values.tobytes(), np.uint8)

    def check_guards(self) -> None:
        """Fails when something wrote outside the buffer."""
        before, after = self.bytes[: self._start], self.bytes[self._start + self._size :]
        assert (before == 0xFF).all(), "a kernel wrote before its buffer"
        assert (after == 0xFF).all(), "a kernel wrote behind its buffer"


def raw_dtype(dtype: DType) -> np.dtype[Any]:
    """How NumPy holds a storage type."""
    return np.dtype(np.uint16) if dtype is DType.BFLOAT16 else np.dtype(dtype.value)


def to_storage(values: Array, dtype: DType) -> Array:
    """Values in a storage type (bfloat16 as the bits)."""
    if dtype is not DType.BFLOAT16:
        return np.asarray(values).astype(raw_dtype(dtype))
    bits = np.asarray(values, np.float32).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def from_storage(values: Array, dtype: DType) -> Array:
    """The other way round: bfloat16 and float16 as float32."""
    if dtype is DType.BFLOAT16:
        return (values.astype(np.uint32) << 16).view(np.float32)
    return values.astype(np.float32) if dtype is DType.FLOAT16 else values
