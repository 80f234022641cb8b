"""Kernels for products of 8-bit integers: exact on every tile, executed on the CPU; they compile for all GPUs."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from cuda_host import HostKernels, Memory, compiler, from_storage
from integer_cases import CASES, PATCHES, TILES, IntegerCase
from warploom.device.cuda.kernels.codegen.integer_patch import patch_step, patch_tiles
from warploom.device.cuda.kernels.codegen.integer_ring import Tile, integer_step
from warploom.device.cuda.kernels.codegen.integer_tiles import fitting_steps, fitting_tiles
from warploom.device.cuda.kernels.codegen.prelude import module_source


@pytest.mark.skipif(compiler() is None, reason="no C++ compiler here")
@pytest.mark.parametrize("case", CASES, ids=str)
def test_that_every_tile_gives_exact_sums(case: IntegerCase) -> None:
    product = case.product()
    operands = case.operands(product)
    exact = case.expected(product, operands)
    steps = [integer_step(product, tile) for tile in TILES] + [patch_step(product, tile) for tile in PATCHES]
    kernels = HostKernels(step.kernel for step in steps)
    for step in steps:
        memory = {name: Memory(array.nbytes) for name, array in operands.items()}
        for name, array in operands.items():
            memory[name].fill(array)
        n, _, rows, columns = product.y.layout.shape
        whole = product.y.layout.strides[-1] if columns > 1 else product.columns + case.wider
        memory["y"] = Memory(n * rows * columns * whole * case.result.itemsize)
        kernels.run([step], memory)
        for buffer in memory.values():
            buffer.check_guards()
        found = memory["y"].view(product.y.layout, product.y.offset, lanes=True)
        values = from_storage(found.copy(), case.result)
        case.assert_right(product, values[:, : case.filters], exact)
        zero = 0 if product.requantized is None else product.requantized.zero
        assert (values[:, case.filters :] == zero).all()
        if case.wider:
            whole_view = memory["y"].view(product.y.layout, 0)
            assert (whole_view[:, : case.wider].view(np.uint8) == 0xFF).all()  # the neighbours of a slice


@pytest.mark.skipif(shutil.which("nvcc") is None, reason="no CUDA compiler here")
@pytest.mark.parametrize("architecture", ["sm_75", "sm_80", "sm_90a"])
def test_that_kernels_compile_without_spills(architecture: str, tmp_path: Path) -> None:
    wide = Tile(128, 192, 128, 4, (8, 1), warpgroups=True)
    tiles = [*TILES, Tile(128, 128, 64, 4, (2, 4)), wide]
    steps = [integer_step(case.product(), tile) for case in CASES[:4] for tile in tiles]
    overlapping = (case.product() for case in CASES if case.window != (1, 1))
    steps += [patch_step(product, tile) for product in overlapping for tile in list(patch_tiles(product))[:2]]
    usable = [step.kernel for step in steps if architecture == "sm_90a" or not step.kernel.needs]
    source = tmp_path / "kernels.cu"
    source.write_text(module_source(usable))
    command = ["nvcc", "-std=c++17", f"-arch={architecture}", "-cubin", "-Xptxas", "-v", "-o", f"{source}.cubin"]
    done = subprocess.run([*command, str(source)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    if architecture != "sm_75":  # older GPUs need more instructions, and are not tuned for
        assert done.stderr.count(" 0 bytes spill stores") == len({kernel.name for kernel in usable})
    assert "serialized" not in done.stderr


@pytest.mark.parametrize("case", CASES, ids=str)
def test_that_every_product_has_a_tile_for_any_gpu(case: IntegerCase) -> None:
    product = case.product()
    tiles = fitting_tiles(product)
    assert fitting_steps(product)[-1] == integer_step(product, tiles[-1])
    assert not tiles[-1].warpgroups
    assert tiles[-1].stages * tiles[-1].stage_bytes <= 48 << 10
    assert any(tile.warpgroups for tile in tiles)
    assert len(set(tiles)) == len(tiles)


def test_that_windows_that_overlap_are_computed_over_patches() -> None:
    early = IntegerCase((1, 32, 80, 80), 64, (3, 3), (1, 1)).product()
    tiles = list(patch_tiles(early))
    assert tiles
    assert all(tile.pixels[0] * tile.pixels[1] <= tile.rows for tile in tiles)
    assert any("patch" in step.kernel.name for step in fitting_steps(early))
    assert not list(patch_tiles(IntegerCase((1, 32, 80, 80), 64).product()))
