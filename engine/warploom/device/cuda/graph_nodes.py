"""Lists the kernels inside a captured CUDA graph, libraries' ones included, with their launch configurations.

CuPy shows no nodes, so the driver is asked. Only for timelines: without an answer they have fewer details.
"""

from __future__ import annotations

import ctypes
import re
from dataclasses import dataclass
from functools import cache

_KERNEL_NODE = 0
_SHARED_BYTES = 1  # CUfunction_attribute
_REGISTERS = 4
_SUCCESS = 0
_IDENTIFIER = re.compile(r"(\d+)")
_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class GraphKernel:
    """A kernel node.

    Attributes:
        name: Of the kernel, readable.
        grid: Thread blocks.
        block: Threads per block.
        registers: Per thread.
        shared_memory_bytes: Per block, static and dynamic.
    """

    name: str
    grid: tuple[int, int, int]
    block: tuple[int, int, int]
    registers: int
    shared_memory_bytes: int


class _Parameters(ctypes.Structure):
    """CUDA_KERNEL_NODE_PARAMS_v2."""

    _fields_ = (
        ("func", ctypes.c_void_p),
        ("grid", ctypes.c_uint * 3),
        ("block", ctypes.c_uint * 3),
        ("shared", ctypes.c_uint),
        ("arguments", ctypes.c_void_p),
        ("extra", ctypes.c_void_p),
        ("kern", ctypes.c_void_p),
        ("context", ctypes.c_void_p),
    )


def graph_kernels(graph: int) -> tuple[GraphKernel, ...]:
    """The kernels of a graph (a cudaGraph_t) in the order of capture; none where the driver does not tell."""
    driver = _driver()
    if driver is None:
        return ()
    count = ctypes.c_size_t()
    if driver.cuGraphGetNodes(ctypes.c_void_p(graph), None, ctypes.byref(count)) != _SUCCESS or not count.value:
        return ()
    nodes = (ctypes.c_void_p * count.value)()
    driver.cuGraphGetNodes(ctypes.c_void_p(graph), nodes, ctypes.byref(count))
    found = (_kernel(driver, ctypes.c_void_p(node)) for node in nodes)
    return tuple(kernel for kernel in found if kernel is not None)


def readable_name(name: str) -> str:
    """A kernel's name as people read it: of a mangled C++ name the longest part that tells it from others."""
    if not name.startswith("_Z"):
        return name[:_LONGEST_NAME]
    parts = _parts(name)
    plain = [part for part in parts if part not in ("cutlass", "cudnn", "cask", "kernel", "Kernel", "Kernel2")]
    return max(plain or parts or [name], key=len)[:_LONGEST_NAME]


def _parts(mangled: str) -> list[str]:
    """Identifiers of a mangled name: a length, then that many characters."""
    parts: list[str] = []
    position = 2
    while (match := _IDENTIFIER.search(mangled, position)) is not None:
        length = int(match.group())
        part = mangled[match.end() : match.end() + length]
        if 0 < length <= len(mangled) - match.end() and part[0].isidentifier():
            parts.append(part)
            position = match.end() + length
        else:
            position = match.end()
    return parts


@cache
def _driver() -> ctypes.CDLL | None:
    try:
        driver = ctypes.CDLL("libcuda.so.1")
        driver.cuGraphKernelNodeGetParams_v2  # noqa: B018 - asks whether the driver is new enough
        driver.cuFuncGetName  # noqa: B018
    except (OSError, AttributeError):
        return None
    return driver


def _kernel(driver: ctypes.CDLL, node: ctypes.c_void_p) -> GraphKernel | None:
    kind = ctypes.c_int()
    if driver.cuGraphNodeGetType(node, ctypes.byref(kind)) != _SUCCESS or kind.value != _KERNEL_NODE:
        return None
    parameters = _Parameters()
    if driver.cuGraphKernelNodeGetParams_v2(node, ctypes.byref(parameters)) != _SUCCESS:
        return None
    function = ctypes.c_void_p(parameters.func)
    if not function.value and parameters.kern:
        driver.cuKernelGetFunction(ctypes.byref(function), ctypes.c_void_p(parameters.kern))
    return GraphKernel(
        name=_name(driver, function),
        grid=_three(parameters.grid),
        block=_three(parameters.block),
        registers=_attribute(driver, function, _REGISTERS),
        shared_memory_bytes=int(parameters.shared) + _attribute(driver, function, _SHARED_BYTES),
    )


def _name(driver: ctypes.CDLL, function: ctypes.c_void_p) -> str:
    name = ctypes.c_char_p()
    if not function.value or driver.cuFuncGetName(ctypes.byref(name), function) != _SUCCESS or not name.value:
        return "kernel"
    return readable_name(name.value.decode(errors="replace"))


def _attribute(driver: ctypes.CDLL, function: ctypes.c_void_p, which: int) -> int:
    value = ctypes.c_int()
    if not function.value or driver.cuFuncGetAttribute(ctypes.byref(value), which, function) != _SUCCESS:
        return 0
    return value.value


def _three(values: ctypes.Array[ctypes.c_uint]) -> tuple[int, int, int]:
    return int(values[0]), int(values[1]), int(values[2])
