"""How many blocks a GPU holds, in how many waves kernels run, and what kernels side by side leave each other."""

from __future__ import annotations

import numpy as np
import pytest

from warploom.timeline.residency import Launches, SmLimits, granted, launches_of, phases

H200 = SmLimits(sm_count=132, warps=64)


def kernel(blocks: int, threads: int, registers: int = 32, shared: int = 0, cluster: int = 0) -> Launches:
    def column(*values: int) -> np.ndarray:
        return np.array([values] if len(values) > 1 else values, dtype=np.int64)

    return launches_of(
        column(blocks, 1, 1), column(threads, 1, 1), column(registers), column(shared), H200, column(cluster)
    )


def launches(*rows: tuple[int, int, int]) -> Launches:
    """Rows of (blocks, warps per block, room)."""
    table = np.array(rows, dtype=np.int64).reshape(-1, 3)
    return Launches(table[:, 0], table[:, 1], table[:, 2])


@pytest.mark.parametrize(
    ("threads", "registers", "shared", "per_sm"),
    [
        (256, 32, 0, 8),  # warps: 64 / 8
        (256, 128, 0, 2),  # registers: 65536 / (128 * 32) = 16 warps
        (128, 168, 232448, 1),  # shared memory
        (32, 16, 0, 32),  # resident blocks
        (96, 168, 0, 4),  # registers come to whole groups of four warps: 12 of them, three a block
        (1024, 64, 0, 1),
        (1024, 255, 200_000, 1),  # more than fits by the book: it ran all the same
    ],
)
def test_that_room_follows_from_the_scarcest_resource(threads: int, registers: int, shared: int, per_sm: int) -> None:
    assert kernel(10, threads, registers, shared).room[0] == per_sm * 132


def test_that_clusters_leave_less_room() -> None:
    assert kernel(500, 384, 168, 180_692, cluster=120).room[0] == 120


def test_that_blocks_left_over_make_a_last_wave() -> None:
    full, level, tail = phases(launches((300, 4, 132), (132, 4, 132), (20, 4, 132)))
    np.testing.assert_allclose(full, [2 / 3, 0, 0])
    np.testing.assert_allclose(level, [528, 528, 528])
    np.testing.assert_allclose(tail, [(300 - 264) * 4, 528, 80])


def times(*rows: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    table = np.array(rows, dtype=np.int64)
    return table[:, 0], table[:, 1], table[:, 2]


def test_that_kernels_that_fit_together_get_all_they_want() -> None:
    share = granted(*times((0, 100, 0), (0, 100, 1)), launches((60, 8, 132), (60, 8, 132)))
    np.testing.assert_allclose(share, [1, 1])


def test_that_a_later_kernel_gets_what_an_earlier_one_leaves() -> None:
    share = granted(*times((0, 100, 0), (10, 100, 1)), launches((99, 8, 132), (132, 8, 132)))
    np.testing.assert_allclose(share, [1, 0.25])


def test_that_a_kernel_behind_a_full_gpu_still_runs_a_little() -> None:
    share = granted(*times((0, 100, 0), (10, 60, 1)), launches((132, 8, 132), (132, 8, 132)))
    np.testing.assert_allclose(share, [1, 0.01])


def test_that_kernels_one_after_another_share_nothing() -> None:
    share = granted(*times((0, 50, 0), (50, 100, 1), (100, 100, 0)), launches(*[(132, 8, 132)] * 3))
    np.testing.assert_allclose(share, [1, 1, 1])


def test_that_no_kernels_are_no_fault() -> None:
    nothing = np.zeros(0, dtype=np.int64)
    assert len(granted(nothing, nothing, nothing, launches())) == 0
