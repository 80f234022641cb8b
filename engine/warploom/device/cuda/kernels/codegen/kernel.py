"""Makes kernels out of generated text: a readable name that is unique for the code, the parameters, the launch."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from warploom.device.cuda.kernels.codegen.types import STORAGE
from warploom.device.cuda.steps import KernelSource, KernelStep, Region

_NAME = "@NAME@"
_LONGEST_STEM = 64


def kernel_step(
    stem: str,
    body: Iterable[str],
    writes: Sequence[Region],
    reads: Sequence[Region],
    *,
    grid: tuple[int, int, int],
    block: tuple[int, int, int],
) -> KernelStep:
    """A launch of a kernel with the parameters `y0`, `y1`, ... (written) and `x0`, `x1`, ... (read).

    Args:
        stem: What the kernel does, for profilers: "pointwise_add_relu_fp16".
        body: Statements, without the signature.
        writes: Regions written.
        reads: Regions read.
        grid: Thread blocks.
        block: Threads per block.
    """
    parameters = [
        *(f"{STORAGE[region.layout.dtype]}* __restrict__ y{i}" for i, region in enumerate(writes)),
        *(f"const {STORAGE[region.layout.dtype]}* __restrict__ x{i}" for i, region in enumerate(reads)),
    ]
    threads = block[0] * block[1] * block[2]
    head = f'extern "C" __global__ void __launch_bounds__({threads}) {_NAME}({", ".join(parameters)}) {{'
    text = "\n".join((head, *(f"  {line}" for line in body), "}\n"))
    return KernelStep(named_source(stem, text), grid, block, tuple(writes), tuple(reads))


def named_source(stem: str, text: str) -> KernelSource:
    """Names a kernel after what it does and a hash of its text."""
    name = f"{stem[:_LONGEST_STEM].rstrip('_')}_{hashlib.sha256(text.encode()).hexdigest()[:8]}"
    return KernelSource(name, text.replace(_NAME, name))


def blocks_for(threads: int, block: int) -> int:
    """Blocks that hold that many threads."""
    return max(1, -(-threads // block))
