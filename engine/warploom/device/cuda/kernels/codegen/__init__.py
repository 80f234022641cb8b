"""Generates CUDA C++: element types, pointwise expressions, loop nests over strided operands."""
