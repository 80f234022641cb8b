"""Times every way to compute first convolutions and products of a few rows: libraries against own kernels.

    python benchmarks/gpu_products.py [--batches 1,16] [--precisions fp16,tf32] [--json FILE]

A line per way, conversions at the boundary included: the median replay of a CUDA graph of twelve executions, per
execution. The first line of a layer is what the libraries need, the others are own kernels, the fastest first.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "engine"))

from warploom.device.cuda.device import CudaDevice, open_cuda_device
from warploom.device.cuda.lowering.lower import lower_graph
from warploom.device.cuda.steps import Choice, KernelStep, PlainStep
from warploom.graph import Graph, Precision
from warploom.importer.load import import_model
from warploom.passes.pipeline import optimize_graph
from warploom.samples.builder import NetworkBuilder
from warploom.samples.writing import write_network

Make = Callable[[NetworkBuilder], None]


def first_convolution(side: int, filters: int, window: int, pad: int, stride: int = 2) -> Make:
    """Of an image of three channels, with what stands behind it in a network."""

    def make(b: NetworkBuilder) -> None:
        x = b.relu(b.conv(b.input("image", 3, side, side), filters, window, stride=stride, pad=pad))
        b.output(b.max_pool(x, 2, stride=2), "result")

    return make


def classifier(features: int, classes: int) -> Make:
    """Global pooling and a product."""

    def make(b: NetworkBuilder) -> None:
        b.output(b.classifier(b.global_pool(b.input("image", features, 7, 7)), classes), "result")

    return make


LAYERS: dict[str, Make] = {
    "squeezenet 7x7 96@224": first_convolution(224, 96, 7, 3),
    "squeezenet1_1 3x3 64@224": first_convolution(224, 64, 3, 0),
    "inception_v3 3x3 32@299": first_convolution(299, 32, 3, 0),
    "nasnet 3x3 96@331": first_convolution(331, 96, 3, 0),
    "resnet50 7x7 64@224": first_convolution(224, 64, 7, 3),
    "yolo 3x3 16@640": first_convolution(640, 16, 3, 1),
    "patches 4x4 96@224": first_convolution(224, 96, 4, 0, 4),
    "patches 16x16 768@224": first_convolution(224, 768, 16, 0, 16),
    "classifier 2048>1000": classifier(2048, 1000),
    "classifier 512>1000": classifier(512, 1000),
}


def graph_of(make: Make, batch: int, folder: Path) -> Graph:
    """A layer as it is imported."""
    builder = NetworkBuilder(batch)
    make(builder)
    path = folder / "layer.onnx"
    write_network(builder, "layer", path)
    return optimize_graph(import_model(path).graph).graph


def ways_of(graph: Graph, precision: Precision, device: CudaDevice) -> Iterator[tuple[float, str]]:
    """Latency of each way to compute the Graph's only product, and its name; the library's before own kernels."""
    resolver = device.session(graph, precision).resolver
    lowered = lower_graph(graph, precision)
    resolver.resolve([lowered.entry, *lowered.programs], precision)
    choices = [step for program in lowered.programs for step in program.steps if isinstance(step, Choice)]
    for choice in choices:
        for index, latency_us in resolver.alternatives_us(choice, precision).items():
            yield latency_us, " + ".join(map(_name, choice.alternatives[index]))


def _name(step: PlainStep) -> str:
    return step.kernel.name.rpartition("_")[0] if isinstance(step, KernelStep) else type(step).__name__


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", type=int, default=0)
    parser.add_argument("--batches", default="1,16")
    parser.add_argument("--precisions", default="fp16,tf32")
    parser.add_argument("--layers", default="", help="part of their names")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    device = open_cuda_device(options.device)
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        for name, make in LAYERS.items():
            if options.layers not in name:
                continue
            for batch in map(int, options.batches.split(",")):
                graph = graph_of(make, batch, Path(folder))
                for precision in map(Precision, options.precisions.split(",")):
                    found = list(ways_of(graph, precision, device))
                    rows.append({"layer": name, "batch": batch, "precision": precision.value, "ways": found})
                    _print(name, batch, precision, found)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def _print(name: str, batch: int, precision: Precision, found: Sequence[tuple[float, str]]) -> None:
    print(f"{name}, batch {batch}, {precision.value}")
    library = [way for way in found if "Step" in way[1]]
    for latency_us, way in (*sorted(library)[:2], *sorted(way for way in found if way not in library)[:4]):
        print(f"  {latency_us:8.2f} us  {way}", flush=True)


if __name__ == "__main__":
    main()
