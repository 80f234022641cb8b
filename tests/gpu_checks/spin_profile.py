"""Traces a graph of kernels of known size and length in this process, for tests of the profiler.

python -m gpu_checks.spin_profile OUT [INTERVAL_NS]: five forks of four branches, two kernels each; branch b has
10 + 10 b blocks of 256 threads that spin for `CYCLES`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from warploom.schedule import Launch, StreamPlan

FORKS, BRANCHES, KERNELS = 5, 4, 2
CYCLES = 40_000
WARPS_PER_BLOCK = 8

_SPIN = r"""extern "C" __global__ void spin(long long cycles, float* out) {
    long long begin = clock64(); float a = threadIdx.x;
    while (clock64() - begin < cycles) a = a * 1.0001f + 1;
    if (a == -1) out[0] = a;
}"""


def blocks_of(branch: int) -> int:
    """Blocks of the kernels of a branch."""
    return 10 + 10 * branch


def spin_plan() -> StreamPlan:
    """The plan: a small launch, then four branches that all wait for it, and so on."""
    launches: list[Launch] = []
    ends: tuple[int, ...] = ()
    for fork in range(FORKS):
        root = len(launches)
        launches.append(Launch((f"root{fork}",), 0, tuple(i for i in ends if launches[i].stream != 0)))
        ends = ()
        for branch in range(BRANCHES):
            for kernel in range(KERNELS):
                waits = (root,) if branch and not kernel else ()
                launches.append(Launch((f"f{fork}b{branch}k{kernel}",), branch, waits))
            ends = (*ends, len(launches) - 1)
    return StreamPlan("spin", tuple(launches))


def main(out: Path, interval_ns: int = 1000) -> None:
    """Traces the plan and writes the trace."""
    from warploom.device.cuda.profiler.cupti_library import load_cupti

    cupti = load_cupti()
    import cupy

    from warploom.device.cuda.capture import Branch, StreamPool, capture
    from warploom.device.cuda.profiler.activity import ActivityTracer
    from warploom.device.cuda.profiler.record import Recorder
    from warploom.device.cuda.profiler.sampling import Sampler
    from warploom.device.cuda.profiler.trace import encode_traces
    from warploom.device.cuda.replay import ReplayTimer

    spin = cupy.RawKernel(_SPIN, "spin")
    result = cupy.zeros(4, cupy.float32)
    spin((1,), (32,), (10, result))

    def starter(blocks: int, cycles: int) -> Callable[[int], None]:
        def enqueue(stream: int) -> None:
            with cupy.cuda.ExternalStream(stream):
                spin((blocks,), (32 * WARPS_PER_BLOCK,), (cycles, result))

        return enqueue

    def work_of(launch: Launch) -> Branch:
        root = launch.name.startswith("root")
        enqueue: Any = starter(1, 1000) if root else starter(blocks_of(launch.stream), CYCLES)
        return Branch(launch.stream, tuple(wait + 1 for wait in launch.waits), (enqueue,))

    streams, plan = StreamPool(), spin_plan()
    graph = capture([Branch(0, (), ()), *map(work_of, plan.launches)], streams, list_nodes=True)
    properties = cupy.cuda.runtime.getDeviceProperties(0)
    tracer = ActivityTracer(cupti)
    sampler = Sampler(cupti, 0, (properties["major"], properties["minor"]), interval_ns, ())
    trace = Recorder(tracer, sampler, (), 9).record(plan.name, graph, ReplayTimer(streams))
    out.write_bytes(encode_traces([trace]))


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
