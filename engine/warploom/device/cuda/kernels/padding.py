"""Zeros for padded channels that a kernel does not write itself."""

from __future__ import annotations

from warploom.device.cuda.kernels.codegen.chain import Chain
from warploom.device.cuda.kernels.codegen.elementwise import Part, elementwise_steps
from warploom.device.cuda.lowering.blocks import padding_of
from warploom.device.cuda.steps import KernelStep, Region


def zero_padding(region: Region) -> tuple[KernelStep, ...]:
    """Steps that write zeros to a region's padded channels; none where it has none."""
    padding = padding_of(region)
    if padding is None:
        return ()
    chain = Chain((), {"zero": region.layout.dtype}, {"zero": 0})
    return elementwise_steps("zero_padding", [Part(chain, (("zero", padding),), ())])
