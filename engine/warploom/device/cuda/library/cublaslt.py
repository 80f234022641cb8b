"""A thin binding of cuBLASLt: descriptors, heuristics and the product itself. CuPy's refuses to be captured."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from typing import Any

from warploom.device.cuda.errors import check
from warploom.graph import DType

# Numbers of cublasLt.h and library_types.h.
TYPES: Mapping[DType, int] = {DType.FLOAT32: 0, DType.FLOAT16: 2, DType.BFLOAT16: 14}
COMPUTE_32F, COMPUTE_32F_FAST_TF32 = 68, 77
EPILOGUE_DEFAULT, EPILOGUE_RELU, EPILOGUE_GELU, EPILOGUE_BIAS = 1, 2, 32, 4
TRANSPOSE_A, TRANSPOSE_B, EPILOGUE, BIAS_POINTER = 3, 4, 7, 8

_BATCH_COUNT, _BATCH_OFFSET = 5, 6
_MAX_WORKSPACE, _REDUCTIONS, _MIN_ALIGNMENT_A = 1, 3, 5
# Sums of parts of k in the type of computation: exact enough, and the same in every run.
_REDUCE_IN_COMPUTE_TYPE = 2


class Algorithm(ctypes.Structure):
    """cublasLtMatmulAlgo_t: may be kept as bytes for the same version of the library."""

    _fields_ = [("data", ctypes.c_uint64 * 8)]


class HeuristicResult(ctypes.Structure):
    """cublasLtMatmulHeuristicResult_t."""

    _fields_ = [
        ("algorithm", Algorithm),
        ("workspace_bytes", ctypes.c_size_t),
        ("state", ctypes.c_int),
        ("waves", ctypes.c_float),
        ("reserved", ctypes.c_int * 4),
    ]


class CublasLt:
    """The library with a handle of its own; call `close` when nothing uses it any more."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library
        self._handle = ctypes.c_void_p()
        self._call("cublasLtCreate", ctypes.byref(self._handle))

    def close(self) -> None:
        """Releases the handle; may be called again."""
        if self._handle:
            self._library.cublasLtDestroy(self._handle)
            self._handle = ctypes.c_void_p()

    def description(self, compute: int, attributes: Mapping[int, int]) -> ctypes.c_void_p:
        """A cublasLtMatmulDesc_t with 32-bit attributes."""
        made = ctypes.c_void_p()
        self._call("cublasLtMatmulDescCreate", ctypes.byref(made), compute, TYPES[DType.FLOAT32])
        for attribute, value in attributes.items():
            self._set("cublasLtMatmulDescSetAttribute", made, attribute, ctypes.c_int32(value))
        return made

    def set_bias(self, description: ctypes.c_void_p, pointer: int) -> None:
        """Where the bias lies."""
        self._set("cublasLtMatmulDescSetAttribute", description, BIAS_POINTER, ctypes.c_void_p(pointer))

    def layout(self, dtype: DType, sizes: tuple[int, int, int], batch: tuple[int, int]) -> ctypes.c_void_p:
        """A column-major cublasLtMatrixLayout_t.

        Args:
            dtype: Element type.
            sizes: Rows, columns and elements from a column to the next.
            batch: Number of matrices and elements from one to the next.
        """
        rows, columns, leading = sizes
        made = ctypes.c_void_p()
        self._call(
            "cublasLtMatrixLayoutCreate",
            *(ctypes.byref(made), TYPES[dtype], ctypes.c_uint64(rows), ctypes.c_uint64(columns)),
            ctypes.c_int64(leading),
        )
        self._set("cublasLtMatrixLayoutSetAttribute", made, _BATCH_COUNT, ctypes.c_int32(batch[0]))
        self._set("cublasLtMatrixLayoutSetAttribute", made, _BATCH_OFFSET, ctypes.c_int64(batch[1]))
        return made

    def destroy(self, description: ctypes.c_void_p, layouts: Sequence[ctypes.c_void_p]) -> None:
        """Releases descriptors."""
        self._library.cublasLtMatmulDescDestroy(description)
        for layout in layouts:
            self._library.cublasLtMatrixLayoutDestroy(layout)

    def heuristics(
        self, description: ctypes.c_void_p, layouts: Sequence[ctypes.c_void_p], wanted: int, limits: tuple[int, int]
    ) -> list[HeuristicResult]:
        """Algorithms for a product, the one thought fastest first.

        Args:
            description: The product.
            layouts: Of A, B, C and D.
            wanted: How many at most.
            limits: Bytes of workspace at most, and bytes that all addresses are multiples of.
        """
        preference = ctypes.c_void_p()
        self._call("cublasLtMatmulPreferenceCreate", ctypes.byref(preference))
        try:
            set_attribute = "cublasLtMatmulPreferenceSetAttribute"
            self._set(set_attribute, preference, _MAX_WORKSPACE, ctypes.c_size_t(limits[0]))
            self._set(set_attribute, preference, _REDUCTIONS, ctypes.c_uint32(_REDUCE_IN_COMPUTE_TYPE))
            for operand in range(4):
                self._set(set_attribute, preference, _MIN_ALIGNMENT_A + operand, ctypes.c_uint32(limits[1]))
            results = (HeuristicResult * wanted)()
            count = ctypes.c_int()
            status = self._library.cublasLtMatmulAlgoGetHeuristic(
                self._handle, description, *layouts, preference, wanted, results, ctypes.byref(count)
            )
        finally:
            self._library.cublasLtMatmulPreferenceDestroy(preference)
        return [] if status else [result for result in results[: count.value] if result.state == 0]

    def workspace_bytes(
        self, description: ctypes.c_void_p, layouts: Sequence[ctypes.c_void_p], algorithm: Algorithm
    ) -> int:
        """Workspace that an algorithm needs; raises CudaError if it cannot do the product."""
        result = HeuristicResult()
        self._call(
            "cublasLtMatmulAlgoCheck",
            *(self._handle, description, *layouts, ctypes.byref(algorithm), ctypes.byref(result)),
        )
        check(result.state, "cublasLtMatmulAlgoCheck")
        return int(result.workspace_bytes)

    def matmul(
        self,
        description: ctypes.c_void_p,
        layouts: Sequence[ctypes.c_void_p],
        pointers: Sequence[int],
        algorithm: Algorithm,
        workspace: tuple[int, int],
        stream: int,
    ) -> None:
        """Enqueues D = epilogue(A B + C), or without C where its pointer is 0."""
        a, b, c, d = pointers
        alpha, beta = ctypes.c_float(1.0), ctypes.c_float(1.0 if c else 0.0)
        self._call(
            "cublasLtMatmul",
            *(self._handle, description, ctypes.byref(alpha)),
            *(ctypes.c_void_p(a), layouts[0], ctypes.c_void_p(b), layouts[1], ctypes.byref(beta)),
            *(ctypes.c_void_p(c or d), layouts[2], ctypes.c_void_p(d), layouts[3], ctypes.byref(algorithm)),
            *(ctypes.c_void_p(workspace[0]), ctypes.c_size_t(workspace[1]), ctypes.c_void_p(stream)),
        )

    def _set(self, function: str, target: ctypes.c_void_p, attribute: int, value: Any) -> None:
        self._call(function, target, attribute, ctypes.byref(value), ctypes.c_size_t(ctypes.sizeof(value)))

    def _call(self, function: str, *arguments: Any) -> None:
        check(getattr(self._library, function)(*arguments), function)
