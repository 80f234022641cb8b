"""Kernels with one planted fault each: the silence of a sanitizer that does not report them proves nothing.

python -m gpu_checks.control memcheck
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

NAME = "planted_{tool}_00c0ffee"
"""Ends like the names of own kernels."""

_BODIES: Mapping[str, str] = {
    "memcheck": "y[threadIdx.x + (1 << 20)] = x[threadIdx.x];",
    "racecheck": (
        "__shared__ float s[64]; s[threadIdx.x] = x[threadIdx.x]; "
        "y[threadIdx.x] = s[63 - threadIdx.x] + s[threadIdx.x];"
    ),
    "initcheck": "y[threadIdx.x] = x[threadIdx.x] + 1.0f;",
    "synccheck": "if (threadIdx.x < 16) { __syncthreads(); } y[threadIdx.x] = x[threadIdx.x];",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the kernel of one tool in a CUDA graph, as the own kernels run."""
    from warploom.device.cuda.loading import load_cupy

    (tool,) = sys.argv[1:] if arguments is None else arguments
    cupy = load_cupy()
    cupy.cuda.set_allocator(None)
    name = NAME.format(tool=tool)
    text = f'extern "C" __global__ void {name}(float* y, const float* x) {{ {_BODIES[tool]} }}'
    kernel = cupy.RawKernel(text, name)
    x, y = (cupy.empty(64, cupy.float32) for _ in range(2))
    if tool != "initcheck":
        x.fill(1)
    kernel.compile()
    stream = cupy.cuda.Stream(non_blocking=True)
    with stream:
        stream.begin_capture()
        kernel((1,), (64,), (y, x))
        graph = stream.end_capture()
        graph.launch()
        stream.synchronize()
    return 0


if __name__ == "__main__":
    sys.exit(main())
