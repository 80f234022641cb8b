"""Canonical form: one small module per family of operators turns ONNX nodes of any version into Primitives."""

from warploom.importer.canonical.table import canonicalize

__all__ = ["canonicalize"]
