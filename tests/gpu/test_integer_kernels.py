"""On a GPU: kernels for products of 8-bit integers give exact sums, on every tile that it has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from integer_cases import CASES, PATCHES, TILES, IntegerCase
from warploom.cost.database import CostDatabase
from warploom.device.cuda.binding import bind_kernel
from warploom.device.cuda.driver import driver_facts
from warploom.device.cuda.kernels.codegen.integer_patch import patch_step, patch_tiles
from warploom.device.cuda.kernels.codegen.integer_product import IntegerProduct
from warploom.device.cuda.kernels.codegen.integer_ring import Tile, integer_step
from warploom.device.cuda.kernels.codegen.integer_tiles import fitting_steps
from warploom.device.cuda.loading import environment
from warploom.device.cuda.modules import KernelModules
from warploom.device.cuda.steps import KernelStep
from warploom.graph import DType

cupy = pytest.importorskip("cupy", reason="CuPy is not installed")

LARGE = (
    IntegerCase((2, 80, 40, 41), 192, (3, 3)),
    IntegerCase((3, 32, 50, 50), 64, (3, 3), (1, 1)),
    IntegerCase((8, 768, 9, 9), 192),
    IntegerCase((1, 448, 8, 8), 384, (3, 3), (1, 1), result=DType.FLOAT16),
    IntegerCase((2, 160, 17, 17), 160, (1, 7), (0, 3), stored=DType.UINT8, wider=320),
    IntegerCase((1, 3, 60, 60), 32, (7, 7), (3, 3), (2, 2)),
)
WIDE = (
    Tile(128, 192, 128, 4, (8, 1), warpgroups=True),
    Tile(256, 96, 64, 4, (16, 1), warpgroups=True, cached=True),
    Tile(128, 128, 64, 4, (2, 4)),
    Tile(128, 96, 64, 4, (2, 2), cached=True),
)


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> KernelModules:
    gpu = driver_facts().gpus[0]
    cupy.cuda.runtime.free(0)  # makes the context that modules are loaded into
    database = CostDatabase(tmp_path_factory.mktemp("costs") / "costs.sqlite", environment(0), print)
    return KernelModules(gpu.compute_capability, database)


def run(product: IntegerProduct, step: KernelStep, operands: dict[str, Any], modules: KernelModules) -> Any:
    """What the kernel writes, padded channels included, and the channels of the tensor around it before them."""
    layout = product.y.layout
    n, _, rows, columns = layout.shape
    whole = layout.strides[3]
    memory = {name: cupy.asarray(array) for name, array in operands.items()}
    memory["y"] = cupy.full(n * rows * columns * whole * layout.dtype.itemsize, 0xFF, cupy.uint8)
    function = modules.function(step.kernel, step.shared_bytes)
    stream = cupy.cuda.Stream(non_blocking=True)
    cupy.cuda.runtime.deviceSynchronize()
    bind_kernel(step, function, lambda buffer: int(memory[buffer].data.ptr))(stream.ptr)
    stream.synchronize()
    raw = cupy.asnumpy(memory["y"])
    if layout.dtype is DType.BFLOAT16:
        values = (raw.view(np.uint16).astype(np.uint32) << 16).view(np.float32)
    else:
        values = raw.view(layout.dtype.to_numpy())
    return values.reshape(n, rows, columns, whole).transpose(0, 3, 1, 2)


@pytest.mark.parametrize("case", [*CASES, *LARGE], ids=str)
def test_that_every_tile_gives_exact_sums(case: IntegerCase, modules: KernelModules) -> None:
    product = case.product()
    operands = case.operands(product)
    exact = case.expected(product, operands)
    steps = [integer_step(product, tile) for tile in (*TILES, *WIDE)]
    steps += [patch_step(product, tile) for tile in (*PATCHES, *list(patch_tiles(product))[::5])]
    steps += fitting_steps(product)
    usable = [step for step in steps if modules.supports(step.kernel, step.shared_bytes)]
    modules.load(step.kernel for step in usable)
    for step in usable:
        found = run(product, step, operands, modules)
        own = found[:, product.y.offset : product.y.offset + case.filters]
        case.assert_right(product, own.astype(np.float32), exact)
        before = np.ascontiguousarray(found[:, : case.wider])
        assert (before.view(np.uint8) == 0xFF).all(), step.kernel.name


def test_that_kernels_run_again_from_the_database(tmp_path: Path) -> None:
    case = CASES[0]
    product = case.product()
    step = fitting_steps(product)[-1]
    gpu = driver_facts().gpus[0]
    for compiled in (1, 0):
        database = CostDatabase(tmp_path / "costs.sqlite", environment(0), print)
        fresh = KernelModules(gpu.compute_capability, database)
        fresh.load([step.kernel])
        assert fresh.compiled == compiled
