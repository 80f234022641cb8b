"""Times own kernels alone on a GPU: depthwise convolution, pooling, rows and pointwise chains, as networks have them.

Each kernel is captured 20 times into a CUDA graph; the figure is the median of 30 replays, divided by 20. Run:

    python benchmarks/gpu_kernels.py [--variants] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from warploom.device.cuda.kernels.codegen.chain import Chain
from warploom.device.cuda.kernels.codegen.elementwise import Part, elementwise_steps
from warploom.device.cuda.kernels.codegen.prelude import module_source
from warploom.device.cuda.kernels.codegen.rows import Rows, rows_step
from warploom.device.cuda.kernels.codegen.window import Fused, Window
from warploom.device.cuda.kernels.copies import copy_steps
from warploom.device.cuda.kernels.depthwise import Depthwise, depthwise_step
from warploom.device.cuda.kernels.pool import Pool, pool_step
from warploom.device.cuda.kernels.reduce import along_rows
from warploom.device.cuda.kernels.totals import extreme, sum_of
from warploom.device.cuda.layout import Layout, channels_last, row_major
from warploom.device.cuda.steps import KernelStep, Region
from warploom.graph import DType, Primitive, attributes

Case = tuple[str, Sequence[KernelStep]]
_LAUNCHES = 20
_REPLAYS = 30
_RELU = Primitive("Relu", ("x",), ("r",))


def _region(name: str, layout: Layout) -> Region:
    return Region(name, 0, layout)


def _image(name: str, channels: int, side: int, dtype: DType = DType.FLOAT16, batch: int = 1) -> Region:
    return _region(name, channels_last((batch, channels, side, side), dtype))


def depthwise_cases(variants: bool) -> Iterator[Case]:
    """Layers of NASNet, MobileNet and EfficientNet."""
    shapes = ((336, 42, 5, 1), (336, 42, 7, 1), (672, 21, 5, 1), (672, 21, 7, 1), (1344, 11, 3, 1), (168, 83, 5, 1),
              (336, 83, 5, 2), (96, 112, 3, 1), (96, 112, 3, 2), (42, 165, 5, 2), (32, 112, 3, 1))  # fmt: skip
    for channels, side, kernel, stride in shapes:
        for fused in ("", "relu") if (channels, side, kernel) in ((336, 42, 5), (672, 21, 5)) else ("",):
            for dtype in (DType.FLOAT16, DType.FLOAT32):
                layer = _depthwise(channels, side, kernel, stride, fused, dtype)
                name = f"depthwise {channels}x{side}x{side} {kernel}x{kernel}s{stride} {fused} {dtype.value}"
                yield name, [depthwise_step(layer)]
                if variants and dtype is DType.FLOAT16 and not fused:
                    for form in _FORMS:
                        yield f"{name} form {form}", [_formed(layer, form)]
    for form in _FORMS if variants else ():
        # Kernels that follow each other in a network find the instruction cache cold.
        layers = [_depthwise(*shape, "", DType.FLOAT16) for shape in shapes]
        yield f"all depthwise in turn form {form}", [_formed(layer, form) for layer in layers]


_FORMS = (
    (2, 2, 2, 0), (2, 2, 2, 1), (2, 2, 2, 2), (4, 2, 2, 0), (4, 2, 2, 1), (2, 4, 1, 0),
    (2, 4, 1, 1), (2, 4, 1, 2), (2, 4, 2, 0), (2, 4, 2, 1), (4, 4, 1, 1), (2, 6, 1, 1),
    (2, 3, 2, 1), (2, 2, 4, 1), (2, 2, 3, 0),
)  # fmt: skip


def _formed(layer: Depthwise, form: tuple[int, int, int, int]) -> KernelStep:
    lanes, pixels, lines, unroll = form
    return depthwise_step(layer, lanes=lanes, pixels=pixels, lines=lines, unroll=unroll)


def _depthwise(channels: int, side: int, kernel: int, stride: int, fused: str, dtype: DType) -> Depthwise:
    x = _image("x", channels, side, dtype)
    y = _image("y", channels, -(-side // stride), dtype)
    padded = y.layout.channels
    relu = Fused(Chain((_RELU,), {"x": DType.FLOAT32, "r": DType.FLOAT32}), "x", "r") if fused else Fused()
    return Depthwise(
        Window((kernel, kernel), (stride, stride), (1, 1), (kernel // 2, kernel // 2)),
        x,
        y,
        _region("w", row_major((kernel * kernel, padded), DType.FLOAT32)),
        _region("b", row_major((padded,), DType.FLOAT32)),
        before=relu,
    )


def pool_cases(variants: bool) -> Iterator[Case]:
    """Layers of Inception V3 and NASNet."""
    shapes = (("MaxPool", 64, 147, 3, 2, 0), ("MaxPool", 192, 71, 3, 2, 0), ("MaxPool", 288, 35, 3, 2, 0),
              ("AveragePool", 192, 35, 3, 1, 1), ("AveragePool", 288, 35, 3, 1, 1), ("AveragePool", 768, 17, 3, 1, 1),
              ("AveragePool", 2048, 8, 3, 1, 1), ("AveragePool", 336, 42, 3, 1, 1),
              ("MaxPool", 336, 83, 3, 2, 1))  # fmt: skip
    for op, channels, side, kernel, stride, pad in shapes:
        primitive = Primitive(op, ("x",), ("y",), attributes(kernel_shape=(kernel,) * 2, pads=(pad,) * 4))
        out = (side + 2 * pad - kernel) // stride + 1
        window = Window((kernel,) * 2, (stride,) * 2, (1, 1), (pad, pad))
        layer = Pool(primitive, window, _image("x", channels, side), _image("y", channels, out))
        name = f"{op} {channels}x{side}x{side} {kernel}x{kernel}s{stride} float16"
        yield name, [pool_step(layer)]
        if variants:
            for lanes, pixels, lines in product((4, 2), (1, 2), (1, 2)):
                step = pool_step(layer, lanes=lanes, pixels=pixels, lines=lines)
                yield f"{name} lanes {lanes} pixels {pixels} lines {lines}", [step]


def row_cases() -> Iterator[Case]:
    """Global pooling, softmax, layer and instance normalization."""
    for channels, side, batch in ((2048, 8, 1), (4032, 11, 1), (512, 13, 1), (64, 56, 1), (2048, 8, 8)):
        x = _image("x", channels, side, batch=batch)
        y = _region("y", channels_last((batch, channels, 1, 1), DType.FLOAT16))
        axes = frozenset({2, 3})
        mean = (("({sum} / 64.0f)", along_rows(y, x.layout, axes)),)
        rows = Rows("globalaveragepool", x, axes, (sum_of("{x}"),), results=mean)
        yield f"global average {batch}x{channels}x{side}x{side} float16", [rows_step(rows)]
    for shape in ((1, 1000), (12, 128, 128), (12, 197, 197), (32, 1024, 1024)):
        x, y = (_region(name, row_major(shape, DType.FLOAT16)) for name in "xy")
        passes = (extreme(DType.FLOAT16, largest=True), sum_of("expf({x} - {extreme})"))
        element = (("(expf({x} - {extreme}) / {sum})", y),)
        rows = Rows("softmax", x, frozenset({len(shape) - 1}), passes, elements=element)
        yield f"softmax {shape} float16", [rows_step(rows)]
    for shape in ((128, 768), (197, 768), (2048, 1024)):
        x, y = (_region(name, row_major(shape, DType.FLOAT16)) for name in "xy")
        yield f"layer norm {shape} float16", [rows_step(_moments(x, y, frozenset({1})))]
    for channels, side in ((64, 128), (256, 32)):
        x, y = _image("x", channels, side), _image("y", channels, side)
        yield f"instance norm {channels}x{side}x{side} float16", [rows_step(_moments(x, y, frozenset({2, 3})))]


def _moments(x: Region, y: Region, axes: frozenset[int]) -> Rows:
    passes = (
        sum_of("{x}", finish=(("mean", "float", "{sum} / 768.0f"),)),
        sum_of("({x} - {mean}) * ({x} - {mean})", "squares", finish=(("inverse", "float", "rsqrtf({squares})"),)),
    )
    return Rows("norm", x, axes, passes, elements=(("(({x} - {mean}) * {inverse})", y),))


def pointwise_cases() -> Iterator[Case]:
    """Chains, and copies at the boundary."""
    types = dict.fromkeys(("x", "b", "s", "r"), DType.FLOAT32)
    chain = Chain((Primitive("Add", ("x", "b"), ("s",)), Primitive("Relu", ("s",), ("r",))), types)
    for channels, side, batch in ((256, 56, 1), (2048, 8, 1), (512, 128, 8)):
        x, b, y = (_image(name, channels, side, batch=batch) for name in "xby")
        part = Part(chain, (("r", y),), (("x", x), ("b", b)))
        yield f"add relu {batch}x{channels}x{side}x{side} float16", elementwise_steps("pointwise_add_relu", [part])
    gelu = Chain((Primitive("Gelu", ("x",), ("r",), attributes(approximate="none")),), types)
    x, y = (_region(name, row_major((197, 3072), DType.FLOAT16)) for name in "xy")
    yield "gelu 197x3072 float16", elementwise_steps("pointwise_gelu", [Part(gelu, (("r", y),), (("x", x),))])
    source = _region("x", row_major((1, 3, 299, 299), DType.FLOAT32))
    yield "input 3x299x299", copy_steps([(source, _image("y", 3, 299))])
    target = _region("y", row_major((1, 64, 112, 112), DType.FLOAT32))
    yield "output 64x112x112", copy_steps([(_image("x", 64, 112), target)])
    heads = Layout((12, 197, 64), (64, 768, 1), DType.FLOAT16)
    yield "heads 197x12x64", copy_steps([(_region("x", heads), _region("y", row_major((12, 197, 64), DType.FLOAT16)))])


def empty_case() -> Case:
    """What any kernel of a graph costs."""
    small = _region("y", row_major((8,), DType.FLOAT16))
    part = Part(Chain((), {"zero": DType.FLOAT16}, {"zero": 0}), (("zero", small),), ())
    return "nothing", elementwise_steps("nothing", [part])


def measure(cases: Sequence[Case], report: Callable[[str, float], None]) -> None:
    """Compiles and times all cases."""
    import cupy as cp

    kernels = list({step.kernel.name: step.kernel for _, steps in cases for step in steps}.values())
    start = time.perf_counter()
    parts = [kernels[i::16] for i in range(16)]

    def build(part: list[Any]) -> dict[str, Any]:
        if not part:
            return {}
        module = cp.RawModule(code=module_source(part), options=("-std=c++17",))
        return {kernel.name: module.get_function(kernel.name) for kernel in part}

    with ThreadPoolExecutor(16) as pool:
        functions = {name: function for found in pool.map(build, parts) for name, function in found.items()}
    print(f"{len(kernels)} kernels compiled in {time.perf_counter() - start:.2f} s", flush=True)
    for name, steps in cases:
        report(name, _time(cp, steps, functions))


def _time(cp: Any, steps: Sequence[KernelStep], functions: dict[str, Any]) -> float:
    sizes: dict[str, int] = {}
    for step in steps:
        for region in (*step.writes, *step.reads):
            layout = region.layout
            reach = sum(s * (n - 1) for s, n in zip(layout.strides, layout.shape, strict=True)) + 8
            sizes[region.buffer] = max(sizes.get(region.buffer, 0), max(reach, layout.elements) * layout.dtype.itemsize)
    memory = {name: cp.zeros(size + 256, cp.uint8) for name, size in sizes.items()}
    stream = cp.cuda.Stream(non_blocking=True)

    def launch() -> None:
        for step in steps:
            pointers = tuple(memory[region.buffer].data.ptr for region in (*step.writes, *step.reads))
            functions[step.kernel.name](step.grid, step.block, tuple(np.uintp(pointer) for pointer in pointers))

    with stream:
        launch()
        stream.synchronize()
        stream.begin_capture()
        for _ in range(_LAUNCHES):
            launch()
        graph = stream.end_capture()
        begin, end = cp.cuda.Event(), cp.cuda.Event()
        samples = []
        for _ in range(_REPLAYS + 5):
            begin.record(stream)
            graph.launch(stream)
            end.record(stream)
            end.synchronize()
            samples.append(cp.cuda.get_elapsed_time(begin, end) * 1e3 / _LAUNCHES)
    return float(np.median(samples[5:]))


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--variants", action="store_true", help="also every width and number of outputs per thread")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args()
    figures: dict[str, float] = {}

    def report(name: str, figure: float) -> None:
        figures[name] = figure
        print(f"{figure:8.2f} us  {name}", flush=True)

    cases = [
        empty_case(),
        *depthwise_cases(options.variants),
        *pool_cases(options.variants),
        *row_cases(),
        *pointwise_cases(),
    ]
    measure(cases, report)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
