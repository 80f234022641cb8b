"""Makes the kernel of a computation over rows, in the form that its layout asks for."""

from __future__ import annotations

from warploom.device.cuda.kernels.codegen.kernel import kernel_step
from warploom.device.cuda.kernels.codegen.rows.across import Across
from warploom.device.cuda.kernels.codegen.rows.along import Along
from warploom.device.cuda.kernels.codegen.rows.body import FEW_BLOCKS, RowsBody
from warploom.device.cuda.kernels.codegen.rows.form import Form
from warploom.device.cuda.kernels.codegen.rows.passes import Rows
from warploom.device.cuda.kernels.codegen.types import SHORT
from warploom.device.cuda.steps import KernelStep, Region

_MOST_STEPS = 32


def rows_step(rows: Rows) -> KernelStep:
    """The kernel."""
    body = _body(rows)
    writes = [region for _, region in (*rows.results, *rows.elements)]
    reads = [rows.x, *(region for _, region in rows.reads)]
    stem = f"{rows.stem}_{SHORT[rows.x.layout.dtype]}"
    return kernel_step(stem, body.lines(), writes, reads, grid=(body.blocks, 1, 1), block=(body.threads, 1, 1))


def is_overlong(rows: Rows) -> bool:
    """Whether few threads would have much to do each: then rows are better split."""
    body = _body(rows)
    return body.blocks <= FEW_BLOCKS // 2 and body.steps > _MOST_STEPS


def covers_padding(rows: Rows, write: Region) -> bool:
    """Whether the kernel writes the padded channels of one of its results."""
    layout = write.layout
    if not layout.channels_last or layout.channels <= layout.shape[1]:
        return True
    form = Form.of(rows)
    inner = (form.reduced if form.along else form.kept)[-1]
    per_element = any(region is write for _, region in rows.elements)
    return inner.size >= layout.channels and (per_element or not form.along) and inner.padded


def _body(rows: Rows) -> RowsBody:
    form = Form.of(rows)
    return Along(rows, form) if form.along else Across(rows, form)
