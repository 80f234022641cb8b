"""Lowering: Operators to kernels, as a library of kernels for NHWC tensors would launch them."""

from warploom.device.simulated.lowering.context import Lowering

__all__ = ["Lowering"]
