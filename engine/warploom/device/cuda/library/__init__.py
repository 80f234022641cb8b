"""Convolutions and matrix products by cuDNN and cuBLASLt: what they can fuse, which plan is fastest, and its launch."""
