"""What cuDNN offers for convolutions of 8-bit integers: which graphs it takes, how they round, and how long they take.

    python benchmarks/gpu_int8.py [--batch 32] [--seconds 60]

Prints a line per graph as it goes: how many plans there are, the best latency (median of a CUDA graph of 20), and how
far results are from exact integers. The first lines vary how the graph is spelled (a scale per channel or one, bias,
Relu, results in 8, 16 or 32 bits), the others compare 8 with 16 bits on the convolutions of Inception V3.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "engine"))

from warploom.device.cuda.loading import load_cudnn, load_cupy

REPEATS = 20
MOST_PLANS = 12


@dataclass(frozen=True)
class Shape:
    """A convolution without stride: channels in and out, image, window, padding."""

    channels: int
    image: tuple[int, int]
    filters: int
    window: tuple[int, int]
    pads: tuple[int, int]

    def __str__(self) -> str:
        rows, columns = self.window
        return f"{rows}x{columns} {self.channels}>{self.filters}@{self.image[0]}"


@dataclass(frozen=True)
class Spelling:
    """How a convolution with its epilogue is put as a graph."""

    data: str = "INT8"
    compute: str = "INT32"
    between: str = "INT32"
    scale: str = "channels"
    bias: bool = True
    relu: bool = True
    result: str = "INT8"

    def __str__(self) -> str:
        parts = (self.data, f"computed in {self.compute}", f"{self.between} between", f"scale {self.scale}")
        return ", ".join((*parts, "bias" * self.bias, "relu" * self.relu, f"gives {self.result}"))


HALF = Spelling("HALF", "FLOAT", "FLOAT", "none", result="HALF")
SHAPES = (
    Shape(96, (35, 35), 96, (3, 3), (1, 1)),
    Shape(768, (17, 17), 192, (1, 1), (0, 0)),
    Shape(160, (17, 17), 160, (1, 7), (0, 3)),
    Shape(448, (8, 8), 384, (3, 3), (1, 1)),
    Shape(32, (147, 147), 64, (3, 3), (1, 1)),
    Shape(2048, (8, 8), 320, (1, 1), (0, 0)),
)
SPELLINGS = (
    Spelling(),
    Spelling(scale="one"),
    Spelling(between="FLOAT"),
    Spelling(compute="FLOAT", between="FLOAT"),
    Spelling(result="HALF"),
    Spelling(result="FLOAT"),
    Spelling(bias=False, relu=False),
    Spelling(scale="none", bias=False, relu=False, result="INT32"),
)
_NUMPY = {"INT8": np.int8, "HALF": np.float16, "FLOAT": np.float32, "INT32": np.int32}


class Bench:
    """cuDNN with a stream of its own."""

    def __init__(self) -> None:
        self.cupy, self.cudnn = load_cupy(), load_cudnn()
        self.handle = self.cudnn.create_handle()
        self.stream = self.cupy.cuda.Stream(non_blocking=True)
        self.cudnn.set_stream(handle=self.handle, stream=self.stream.ptr)

    def try_out(self, batch: int, shape: Shape, spelling: Spelling, *, check: bool) -> str:
        """What came of one graph, in words."""
        try:
            graph = self._graph(batch, shape, spelling)
            count = int(graph.get_execution_plan_count())
        except Exception as error:
            return f"refused: {str(error)[:150]}"
        arrays = _arrays(batch, shape, spelling)
        buffers = {uid: self.cupy.asarray(array) for uid, array in arrays.items()}
        used = {1, 2, 3} | ({4} if spelling.scale != "none" else set()) | ({5} if spelling.bias else set())
        pack = {uid: buffers[uid].data.ptr for uid in used}
        times, failure = [], ""
        for index in range(min(count, MOST_PLANS)):
            try:
                times.append((self._time_us(graph, index, pack), str(graph.get_plan_name_at_index(index))))
            except Exception as error:
                failure = failure or f", first failure: {str(error)[:80]}"
        if not times:
            return f"{count} plans, none runs{failure}"
        told = f"{count} plans, {len(times)} run, best {min(times)[0]:.2f} us ({min(times)[1]}){failure}"
        return f"{told}; {_agreement(arrays, buffers[3].get(), shape, spelling)}" if check else told

    def _graph(self, batch: int, shape: Shape, spelling: Spelling) -> Any:
        types = self.cudnn.data_type
        graph = self.cudnn.pygraph(
            io_data_type=getattr(types, spelling.data),
            intermediate_data_type=types.FLOAT,
            compute_data_type=types.FLOAT,
            handle=self.handle,
        )
        x = self._tensor(graph, "x", (batch, shape.channels, *shape.image), spelling.data, 1)
        w = self._tensor(graph, "w", (shape.filters, shape.channels, *shape.window), spelling.data, 2)
        y = graph.conv_fprop(
            image=x,
            weight=w,
            pre_padding=list(shape.pads),
            post_padding=list(shape.pads),
            stride=[1, 1],
            dilation=[1, 1],
            compute_data_type=getattr(types, spelling.compute),
        )
        if spelling.scale != "none" or spelling.bias or spelling.relu:
            y.set_data_type(getattr(types, spelling.between))
        if spelling.scale != "none":
            channels = shape.filters if spelling.scale == "channels" else 1
            y = graph.mul(a=y, b=self._tensor(graph, "scale", (1, channels, 1, 1), "FLOAT", 4))
            y.set_data_type(types.FLOAT)
        if spelling.bias:
            kind = "FLOAT" if spelling.data == "INT8" else spelling.data
            y = graph.add(a=y, b=self._tensor(graph, "bias", (1, shape.filters, 1, 1), kind, 5))
            y.set_data_type(types.FLOAT)
        if spelling.relu:
            y = graph.relu(input=y)
        y.set_output(True).set_data_type(getattr(types, spelling.result)).set_uid(3)
        dims = (batch, shape.filters, *_result(shape))
        y.set_dim(list(dims)).set_stride(_strides(dims))
        graph.validate()
        graph.build_operation_graph()
        graph.create_execution_plans([self.cudnn.heur_mode.A])
        graph.check_support()
        return graph

    def _tensor(self, graph: Any, name: str, dims: tuple[int, ...], kind: str, uid: int) -> Any:
        dtype = getattr(self.cudnn.data_type, kind)
        return graph.tensor(name=name, dim=list(dims), stride=_strides(dims), data_type=dtype, uid=uid)

    def _time_us(self, graph: Any, index: int, pack: dict[int, int]) -> float:
        graph.build_plan_at_index(index)
        size = max(1, int(graph.get_workspace_size_plan_at_index(index)))
        workspace = self.cupy.empty(size, self.cupy.uint8)

        def enqueue() -> None:
            graph.execute_plan_at_index(pack, workspace.data.ptr, index, handle=self.handle)

        enqueue()
        self.stream.synchronize()
        self.stream.begin_capture()
        for _ in range(REPEATS):
            enqueue()
        captured = self.stream.end_capture()
        samples = []
        for _ in range(7):
            begin, end = self.cupy.cuda.Event(), self.cupy.cuda.Event()
            begin.record(self.stream)
            captured.launch(self.stream)
            end.record(self.stream)
            end.synchronize()
            samples.append(self.cupy.cuda.get_elapsed_time(begin, end) * 1e3 / REPEATS)
        return float(np.median(samples))


def _strides(dims: tuple[int, ...]) -> list[int]:
    """Channels innermost."""
    _, channels, rows, columns = dims
    return [channels * rows * columns, 1, channels * columns, channels]


def _result(shape: Shape) -> tuple[int, int]:
    pairs = zip(shape.image, shape.window, shape.pads, strict=True)
    rows, columns = (size + 2 * pad - window + 1 for size, window, pad in pairs)
    return rows, columns


def _arrays(batch: int, shape: Shape, spelling: Spelling) -> dict[int, np.ndarray[Any, Any]]:
    """Operands by number, channels innermost; scales spread the sums over the integers, some beyond them."""
    generator = np.random.default_rng(0)
    x_shape, w_shape = (batch, *shape.image, shape.channels), (shape.filters, *shape.window, shape.channels)
    if spelling.data == "INT8":
        x, w = (generator.integers(-127, 128, size).astype(np.int8) for size in (x_shape, w_shape))
    else:
        x, w = (generator.standard_normal(size).astype(_NUMPY[spelling.data]) for size in (x_shape, w_shape))
    depth = shape.channels * shape.window[0] * shape.window[1]
    channels = shape.filters if spelling.scale == "channels" else 1
    scale = (generator.uniform(0.5, 1.5, channels) * 60 / (5400 * np.sqrt(depth))).astype(np.float32)
    bias = (generator.standard_normal(shape.filters) * 10).astype(np.float32)
    y = np.zeros((batch, *_result(shape), shape.filters), _NUMPY[spelling.result])
    return {1: x, 2: w, 3: y, 4: scale, 5: bias if spelling.data == "INT8" else bias.astype(np.float16)}


def _agreement(
    arrays: dict[int, np.ndarray[Any, Any]], found: np.ndarray[Any, Any], shape: Shape, spelling: Spelling
) -> str:
    """How the first image's results compare with exact ones, rounded to the nearest or towards zero."""
    exact = _exact_sums(arrays[1][:1], arrays[2], shape)
    if spelling.scale != "none":
        exact = exact * arrays[4].astype(np.float64)
    if spelling.bias:
        exact = exact + arrays[5].astype(np.float64)
    if spelling.relu:
        exact = np.maximum(exact, 0.0)
    if spelling.result != "INT8":
        return f"relative error {np.linalg.norm(exact - found[:1]) / np.linalg.norm(exact):.1e}"
    nearest, cut = (np.clip(rule(exact), -128, 127) for rule in (np.rint, np.trunc))
    return f"equal to nearest {np.mean(nearest == found[:1]):.5f}, to truncated {np.mean(cut == found[:1]):.5f}"


def _exact_sums(
    x: np.ndarray[Any, Any], w: np.ndarray[Any, Any], shape: Shape
) -> np.ndarray[Any, np.dtype[np.float64]]:
    (top, left), (rows, columns) = shape.pads, _result(shape)
    padded = np.pad(x.astype(np.float64), ((0, 0), (top, top), (left, left), (0, 0)))
    total = np.zeros((1, rows, columns, shape.filters))
    for i in range(shape.window[0]):
        for j in range(shape.window[1]):
            total += padded[:, i : i + rows, j : j + columns] @ w[:, i, j].astype(np.float64).T
    return total


def _cases(batch: int) -> Iterator[tuple[int, Shape, Spelling, bool]]:
    yield from ((batch, SHAPES[0], spelling, True) for spelling in SPELLINGS)
    for size in (batch, 1):
        for shape in SHAPES:
            yield size, shape, SPELLINGS[0], False
            yield size, shape, HALF, False


def main() -> None:
    """Tries everything, as long as there is time."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=60.0)
    options = parser.parse_args()
    until = time.monotonic() + options.seconds
    bench = Bench()
    print(f"cuDNN {bench.cudnn.backend_version()}", flush=True)
    for batch, shape, spelling, check in _cases(options.batch):
        if time.monotonic() > until:
            print("out of time")
            break
        print(f"{shape} batch {batch}, {spelling}: {bench.try_out(batch, shape, spelling, check=check)}", flush=True)


if __name__ == "__main__":
    main()
