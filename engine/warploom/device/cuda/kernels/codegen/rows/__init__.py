"""Rows: kernels that combine the elements of each row of a tensor (reductions, softmax, normalizations)."""

from warploom.device.cuda.kernels.codegen.rows.passes import Pass, Rows, Total
from warploom.device.cuda.kernels.codegen.rows.step import covers_padding, is_overlong, rows_step

__all__ = ["Pass", "Rows", "Total", "covers_padding", "is_overlong", "rows_step"]
