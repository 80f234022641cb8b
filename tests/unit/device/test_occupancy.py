from __future__ import annotations

import pytest

from warploom.device.simulated.description import load_description
from warploom.device.simulated.kernel import Kernel
from warploom.device.simulated.occupancy import Footprint, footprint
from warploom.errors import DeviceError


def kernel(threads: int, registers: int, shared: int) -> Kernel:
    return Kernel("k", (1, 1, 1), (threads, 1, 1), registers, shared, 0, 0, 0, 0, 0, 1.0, 0.0)


# Worked out by hand as NVIDIA's occupancy calculator does.
@pytest.mark.parametrize(
    ("gpu", "threads", "registers", "shared", "expected"),
    [
        # 64 warps by 8 a block; 1 KiB reserved per block.
        ("h200", 256, 32, 0, Footprint(8, 8192, 1024, 8)),
        # One warp a block: the limit of 32 blocks.
        ("h200", 32, 16, 0, Footprint(1, 512, 1024, 32)),
        # 104 x 32 = 3328 registers a warp: 65536 / 3328 = 19, in fours 16 warps, 4 a block.
        ("h200", 128, 104, 0, Footprint(4, 13312, 1024, 4)),
        # 100 x 32 = 3200, rounded up to 3328.
        ("h200", 128, 100, 0, Footprint(4, 13312, 1024, 4)),
        # 64 KiB + 1 KiB: 228 / 65 = 3.
        ("h200", 128, 32, 65536, Footprint(4, 4096, 66560, 3)),
        # 200 bytes + 1 KiB = 1224, rounded up to 1280.
        ("h200", 1024, 32, 200, Footprint(32, 32768, 1280, 2)),
        # 48 warps an SM: one block of 1024 threads.
        ("rtx4090", 1024, 32, 0, Footprint(32, 32768, 1024, 1)),
        # Twice the registers, 16 blocks.
        ("k80", 64, 64, 0, Footprint(2, 4096, 0, 16)),
        # A warp that is not full counts as one.
        ("v100", 33, 16, 0, Footprint(2, 1024, 0, 32)),
        ("v100", 64, 32, 49152, Footprint(2, 2048, 49152, 2)),
    ],
)
def test_that_occupancy_is_what_the_limits_of_an_sm_allow(
    gpu: str, threads: int, registers: int, shared: int, expected: Footprint
) -> None:
    assert footprint(kernel(threads, registers, shared), load_description(gpu)) == expected


@pytest.mark.parametrize(
    ("threads", "registers", "shared"), [(2048, 16, 0), (1024, 128, 0), (32, 16, 49153), (32, 256, 0)]
)
def test_that_a_block_too_big_for_an_sm_is_refused(threads: int, registers: int, shared: int) -> None:
    gpu = load_description("k80") if shared else load_description("h200")
    with pytest.raises(DeviceError, match="does not fit into an SM"):
        footprint(kernel(threads, registers, shared), gpu)
