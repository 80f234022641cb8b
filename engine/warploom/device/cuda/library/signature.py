"""Signatures: steps that a library cannot tell apart share one, and with it their plan. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from warploom.device.cuda.library.images import conv_tensors
from warploom.device.cuda.library.products import Matrix, matmul_product
from warploom.device.cuda.steps import ConvStep, MatmulStep, Region
from warploom.graph import Precision

LibraryStep = ConvStep | MatmulStep
"""A step that a library runs."""


@lru_cache(maxsize=1 << 16)  # asked for every time that a step is bound
def signature(step: LibraryStep, precision: Precision) -> str:
    """Everything about a step that its plan depends on, as text: names of buffers do not count, alignments do."""
    return f"{arithmetic(step, precision)} {_of_conv(step) if isinstance(step, ConvStep) else _of_matmul(step)}"


def arithmetic(step: LibraryStep, precision: Precision) -> Precision:
    """How a step multiplies: as the precision says or, where that leaves it open, as its operands are stored."""
    return precision.of_floats((step.x if isinstance(step, ConvStep) else step.a).layout.dtype)


def precision_of(key: str) -> Precision:
    """The precision that a signature is for."""
    return Precision(key.partition(" ")[0])


def regions_by_role(step: LibraryStep) -> dict[str, Region]:
    """The regions of a step under the names that `enqueue` wants their addresses by."""
    inputs = {"x": step.x, "w": step.w} if isinstance(step, ConvStep) else {"a": step.a, "b": step.b}
    optional = {"bias": step.bias, "residual": step.residual}
    return inputs | {"y": step.y} | {role: region for role, region in optional.items() if region is not None}


def operand_roles(step: LibraryStep) -> tuple[str, ...]:
    """The roles of what a step reads and another may have computed: all but the bias."""
    return tuple(role for role in regions_by_role(step) if role not in ("y", "bias"))


def _of_conv(step: ConvStep) -> str:
    tensors = [f"{role}={_join(t.dims)}:{_join(t.strides)}" for role, t in conv_tensors(step).items()]
    form = "dgrad" if step.transposed else "conv"
    geometry = f"p={_join(step.pads)} s={_join(step.strides)} d={_join(step.dilations)} g={step.groups}"
    regions = [step.x, step.y, *([step.residual] if step.residual is not None else [])]
    return f"{form} {' '.join(tensors)} {geometry} {_activation(step)} @{_alignment(regions)}"


def _of_matmul(step: MatmulStep) -> str:
    product = matmul_product(step)
    matrices = {"a": product.a, "b": product.b, "y": product.y, "residual": product.residual}
    named = [f"{role}={_matrix(matrix)}" for role, matrix in matrices.items() if matrix is not None]
    bias = "bias" if step.bias is not None else "-"
    sizes = f"{product.m},{product.n},{product.k} batches={_join(product.batches)}"
    return f"matmul {sizes} {' '.join(named)} {bias} {_activation(step)} @{product.alignment}"


def _matrix(matrix: Matrix) -> str:
    return f"{matrix.down},{matrix.along}:{_join(matrix.batches)}"


def _activation(step: LibraryStep) -> str:
    return ",".join(map(str, step.activation)) or "-"


def _alignment(regions: Iterable[Region]) -> str:
    """Whether every region starts on a 16-byte address, as buffers do."""
    return "16" if all(r.offset * r.layout.dtype.itemsize % 16 == 0 for r in regions) else "less"


def _join(values: Iterable[int]) -> str:
    return ",".join(map(str, values))
