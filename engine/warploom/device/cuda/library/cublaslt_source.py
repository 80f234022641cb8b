"""cuBLASLt as a source of plans, for products and for convolutions that are products (kernels of one pixel)."""

from __future__ import annotations

import ctypes
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from warploom.device.cuda.errors import CudaError
from warploom.device.cuda.library import cublaslt as lt
from warploom.device.cuda.library.plan import Candidate, ChosenPlan, Kernel, Pointers
from warploom.device.cuda.library.products import Matrix, Product, conv_product, matmul_product
from warploom.device.cuda.library.signature import LibraryStep, signature
from warploom.device.cuda.steps import MatmulStep
from warploom.graph import DType, Precision

_SOURCE = "cublaslt"
_WANTED = 8
_WORKSPACE_BYTES = 8 << 20
# Batches that need a launch each are for the rare attention over a batch, not for anything larger.
_MOST_LAUNCHES = 64

_EPILOGUES: Mapping[tuple[str | float, ...], int] = {
    (): lt.EPILOGUE_DEFAULT,
    ("Relu",): lt.EPILOGUE_RELU,
    ("Gelu", "tanh"): lt.EPILOGUE_GELU,
}


@dataclass(frozen=True, slots=True)
class LtProblem:
    """A product as cuBLASLt takes it: column-major, so that its A is our b, its B our a, and its D our y transposed.

    Attributes:
        transpose: Whether A and B are stored transposed.
        sizes: Rows, columns and leading dimension of A, B, C and D as stored.
        batch_count: Matrices in one launch.
        batch_offsets: Elements between matrices of A, B, C and D.
        launches: For every launch the elements by which A, B, C and D are offset.
    """

    transpose: tuple[bool, bool]
    sizes: tuple[tuple[int, int, int], ...]
    batch_count: int
    batch_offsets: tuple[int, ...]
    launches: tuple[tuple[int, ...], ...]


def lt_problem(product: Product) -> LtProblem:
    """The product in cuBLASLt's terms."""
    matrices = (product.b, product.a, product.residual or product.y, product.y)
    shapes = ((product.n, product.k), (product.k, product.m), (product.n, product.m), (product.n, product.m))
    transpose = (product.b.along != 1, product.a.along != 1)
    flags = (*transpose, False, False)
    sizes = tuple(_stored(*shape, matrix, flag) for shape, matrix, flag in zip(shapes, matrices, flags, strict=True))
    batches = [matrix.batches for matrix in matrices]
    outer = [range(size) for size in product.batches[:-1]]
    launches = tuple(
        tuple(sum(i * step for i, step in zip(index, steps, strict=False)) for steps in batches)
        for index in itertools.product(*outer)
    )
    offsets = tuple(steps[-1] if steps else 0 for steps in batches)
    return LtProblem(transpose, sizes, product.batches[-1] if product.batches else 1, offsets, launches)


def _stored(rows: int, columns: int, matrix: Matrix, transposed: bool) -> tuple[int, int, int]:
    """Rows, columns and leading dimension of a column-major matrix (rows are our columns) as it is stored."""
    if transposed:
        return columns, rows, max(matrix.along, columns)
    return rows, columns, max(matrix.down, rows)


class CublasLtKernel:
    """A product with a chosen algorithm."""

    def __init__(
        self,
        library: lt.CublasLt,
        form: _Form,
        algorithm: lt.Algorithm,
        plan: ChosenPlan,
    ) -> None:
        self._library = library
        self._form = form
        self._algorithm = algorithm
        self.plan = plan

    def enqueue(self, pointers: Pointers, workspace: int, stream: int) -> None:
        """Starts it on a stream, once per batch that could not be folded."""
        form = self._form
        if "bias" in pointers:
            self._library.set_bias(form.description, pointers["bias"])
        bases = [pointers[form.roles[0]], pointers[form.roles[1]], pointers.get("residual", 0), pointers["y"]]
        for offsets in form.problem.launches:
            addresses = [b + o * form.itemsize if b else 0 for b, o in zip(bases, offsets, strict=True)]
            self._library.matmul(
                *(form.description, form.layouts, addresses, self._algorithm),
                *((workspace, self.plan.workspace_bytes), stream),
            )

    def data(self) -> bytes:
        """The algorithm."""
        return bytes(self._algorithm)


class _Form:
    """Descriptors of one step, shared by its kernels and released with the last of them."""

    def __init__(self, library: lt.CublasLt, step: LibraryStep, precision: Precision, product: Product) -> None:
        self.problem = lt_problem(product)
        self.roles = ("b", "a") if isinstance(step, MatmulStep) else ("w", "x")
        dtype = step.y.layout.dtype
        self.itemsize = dtype.itemsize
        self.alignment = product.alignment
        epilogue = _EPILOGUES[step.activation]
        if step.bias is not None:
            epilogue = lt.EPILOGUE_BIAS if epilogue == lt.EPILOGUE_DEFAULT else epilogue | lt.EPILOGUE_BIAS
        attributes = {
            lt.TRANSPOSE_A: int(self.problem.transpose[0]),
            lt.TRANSPOSE_B: int(self.problem.transpose[1]),
            lt.EPILOGUE: epilogue,
        }
        compute = lt.COMPUTE_32F_FAST_TF32 if precision is Precision.TF32 else lt.COMPUTE_32F
        self._library = library
        self.description = library.description(compute, attributes)
        self.layouts: list[ctypes.c_void_p] = []
        if step.bias is not None:
            library.set_bias(self.description, 1 << 20)  # tells how far a bias will be aligned, nothing is read there
        for sizes, offset in zip(self.problem.sizes, self.problem.batch_offsets, strict=True):
            self.layouts.append(library.layout(dtype, sizes, (self.problem.batch_count, offset)))

    def __del__(self) -> None:
        if hasattr(self, "description"):
            self._library.destroy(self.description, self.layouts)


class CublasLtSource:
    """Plans of cuBLASLt.

    Args:
        library: The binding.
    """

    def __init__(self, library: lt.CublasLt) -> None:
        self._library = library

    def candidates(self, step: LibraryStep, precision: Precision) -> Sequence[Candidate]:
        """Algorithms for a step that is a product."""
        form = self._form(step, precision)
        if form is None:
            return ()
        key, bias_dtype = signature(step, precision), _bias_dtype(step)
        found: list[Candidate] = []
        for result in self._library.heuristics(form.description, form.layouts, _WANTED, _limits(form)):
            algorithm = lt.Algorithm.from_buffer_copy(result.algorithm)
            name = bytes(algorithm).hex()
            plan = ChosenPlan(key, _SOURCE, name, bias_dtype, _aligned(result.workspace_bytes), math.inf, b"")
            build = partial(CublasLtKernel, self._library, form, algorithm, plan)
            found.append(Candidate(_SOURCE, name, True, build))
        return found

    def restore(self, step: LibraryStep, precision: Precision, plan: ChosenPlan) -> Kernel | None:
        """The kernel with the algorithm that was kept, checked by the library."""
        if plan.source != _SOURCE:
            return None
        form = self._form(step, precision)
        if form is None or len(plan.data) != ctypes.sizeof(lt.Algorithm):
            raise CudaError("cuBLASLt has no such plan.", call="restoring a cuBLASLt plan")
        algorithm = lt.Algorithm.from_buffer_copy(plan.data)
        if self._library.workspace_bytes(form.description, form.layouts, algorithm) > plan.workspace_bytes:
            raise CudaError("cuBLASLt wants more workspace than before.", call="restoring a cuBLASLt plan")
        return CublasLtKernel(self._library, form, algorithm, plan)

    def _form(self, step: LibraryStep, precision: Precision) -> _Form | None:
        product = matmul_product(step) if isinstance(step, MatmulStep) else conv_product(step)
        if product is None or step.activation not in _EPILOGUES or math.prod(product.batches[:-1]) > _MOST_LAUNCHES:
            return None
        return _Form(self._library, step, precision, product)


def _bias_dtype(step: LibraryStep) -> DType | None:
    return None if step.bias is None else step.y.layout.dtype


def _limits(form: _Form) -> tuple[int, int]:
    return _WORKSPACE_BYTES, form.alignment


def _aligned(size: int) -> int:
    return -(-size // 256) * 256
