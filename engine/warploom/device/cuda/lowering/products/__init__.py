"""Products: convolutions and matrix products as library steps, with what the library cannot fuse in own kernels."""

from warploom.device.cuda.lowering.products.families import FAMILIES

__all__ = ["FAMILIES"]
