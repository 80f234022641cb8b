"""Small kernels of the runtime's own: one does nothing, one wastes a random time, one fills the cache."""

from __future__ import annotations

import random
from collections.abc import Sequence

from warploom.device.cuda.kernels.codegen.kernel import named_source
from warploom.device.cuda.layout import row_major
from warploom.device.cuda.steps import KernelSource, KernelStep, Region
from warploom.graph import DType

HEAD = named_source("warploom_head", 'extern "C" __global__ void @NAME@() {}\n')
"""Does nothing. Where a graph begins with it, the first fork, which costs more than others, is not a stage's."""

_SPIN_TEXT = r"""
extern "C" __global__ void @NAME@(int launch, int seed, int shortest_ns, int longest_ns) {
  unsigned long long start, now;
  asm volatile("mov.u64 %0, %globaltimer;" : "=l"(start));
  const unsigned long long salt = (unsigned long long)(unsigned)seed << 32 | (unsigned)launch;
  unsigned long long mixed = (start ^ salt) * 0x9e3779b97f4a7c15ull;
  mixed = (mixed ^ mixed >> 29) * 0xbf58476d1ce4e5b9ull;
  const unsigned long long wanted = shortest_ns + (mixed >> 32) % (unsigned)(longest_ns - shortest_ns + 1);
  do { asm volatile("mov.u64 %0, %globaltimer;" : "=l"(now)); } while (now - start < wanted);
}
"""
SPIN = named_source("warploom_spin", _SPIN_TEXT)
"""Takes a time that differs from replay to replay: it depends on the clock, the launch and a seed."""

_READ_TEXT = r"""
extern "C" __global__ void @NAME@(unsigned* never, const uint4* data, int count) {
  unsigned sum = 0;
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < count; i += gridDim.x * blockDim.x) {
    const uint4 x = data[i];
    sum += x.x + x.y + x.z + x.w;
  }
  if (sum == 0x9e3779b9u) *never = sum;
}
"""
READ = named_source("warploom_read", _READ_TEXT)
"""Reads a block of memory, so that the cache holds it and no longer what it held."""

_SHORTEST_NS, _LONGEST_NS = 1_000, 60_000
_READERS = 264  # blocks


def one_warp(source: KernelSource, scalars: Sequence[int] = ()) -> KernelStep:
    """A launch of one warp that touches no memory."""
    return KernelStep(source, (1, 1, 1), (32, 1, 1), (), (), tuple(scalars))


def delays(launches: int, seed: int) -> dict[int, KernelStep]:
    """Delays before a random half of the launches, by index; other seeds, other launches and times."""
    chosen = random.Random(seed).sample(range(launches), (launches + 1) // 2)
    return {launch: one_warp(SPIN, (launch, seed, _SHORTEST_NS, _LONGEST_NS)) for launch in chosen}


def read_block(size: int) -> KernelStep:
    """Reads the first `size` bytes of the buffer "block"."""
    block = Region("block", 0, row_major((size // DType.UINT32.itemsize,), DType.UINT32))
    return KernelStep(READ, (_READERS, 1, 1), (256, 1, 1), (block,), (block,), (size // 16,))
