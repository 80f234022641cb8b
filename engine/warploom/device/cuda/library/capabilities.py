"""What the libraries can do in one step, as a table without any library: lowering asks it before a GPU is touched.

What cuDNN and cuBLASLt say at run time is the truth; this table is what was seen to exist *and* to be worth it. A form
that is left out here (as a residual in strict fp32, for which cuDNN has one engine that is ten times slower) is split:
the product with its bias by the library, the rest by an own pointwise kernel.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from warploom.device.cuda.steps import ConvStep, MatmulStep, Region
from warploom.graph import Precision

ALIGNMENT_BYTES = 16
"""Alignment that the libraries expect of every tensor, of its rows and of its images."""

_RELU = ("", "Relu")
_TENSOR_CORE = (*_RELU, "LeakyRelu", "Elu", "Sigmoid", "Tanh", "Swish", "Gelu")

# Activations that run in the epilogue of a convolution with one group; "" stands for none.
_CONV_ACTIVATIONS: Mapping[Precision, Collection[str]] = {
    Precision.FP32: _RELU,
    Precision.TF32: _TENSOR_CORE,
    Precision.FP16: (*_TENSOR_CORE, "Clip"),
    Precision.BF16: (*_TENSOR_CORE, "Clip"),
}
_MATMUL_ACTIVATIONS: Mapping[Precision, Collection[str]] = {
    Precision.FP32: _RELU,
    Precision.TF32: _TENSOR_CORE,
    Precision.FP16: _TENSOR_CORE,
    Precision.BF16: _TENSOR_CORE,
}


def fuses(step: ConvStep | MatmulStep, precision: Precision) -> bool:
    """Whether a library runs the whole step, its bias, residual and activation included, as one fast launch.

    Without bias, residual and activation every step is one launch, if `addressable`.
    """
    name = str(step.activation[0]) if step.activation else ""
    if name == "Clip" and not _is_capped_relu(step.activation):
        return False
    if isinstance(step, MatmulStep):
        return name in _MATMUL_ACTIVATIONS[precision]
    if step.transposed:
        return not name and step.bias is None and step.residual is None
    if step.groups > 1:
        return name in _RELU and step.residual is None
    if step.residual is not None and precision is Precision.FP32:
        return False
    return name in _CONV_ACTIVATIONS[precision]


def addressable(step: ConvStep | MatmulStep) -> bool:
    """Whether the libraries can read and write the step's regions where they lie.

    Images must be channels-last with pixels at multiples of 16 bytes; matrices must be dense along one of their last
    two dimensions. A step that is not addressable needs a copy (or, for a product, an own kernel).
    """
    if isinstance(step, MatmulStep):
        return all(_is_matrix(region) for region in (step.a, step.b)) and all(
            _is_row_major(region) for region in (step.y, step.residual) if region is not None
        )
    images = [region for region in (step.x, step.y, step.residual) if region is not None]
    return all(_is_image(region) for region in images)


def _is_capped_relu(activation: tuple[str | float, ...]) -> bool:
    low, high = float(activation[1]), float(activation[2])
    return low == 0.0 < high < float("inf")


def _is_image(region: Region) -> bool:
    shape, strides = region.layout.shape, region.layout.strides
    size = region.layout.dtype.itemsize
    steps = [strides[axis] for axis in range(len(shape)) if axis != 1 and shape[axis] > 1]
    dense = strides[1] == 1 or shape[1] == 1
    return dense and all(step * size % ALIGNMENT_BYTES == 0 for step in (*steps, region.offset))


def _is_matrix(region: Region) -> bool:
    (rows, columns), (down, along) = region.layout.shape[-2:], region.layout.strides[-2:]
    return along == 1 or down == 1 or columns == 1 or rows == 1


def _is_row_major(region: Region) -> bool:
    return region.layout.strides[-1] == 1 or region.layout.shape[-1] == 1
