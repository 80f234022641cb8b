"""Latency of the same networks in PyTorch: eager, in a CUDA graph, and compiled. Prints a line of JSON each.

Weights are random (nothing is downloaded), images are channels-last, each sample is timed from idle by events.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

NETWORKS = {"squeezenet1_1": 224, "inception_v3": 299, "nasnetalarge": 331}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=100)
    parser.add_argument("--precisions", default="fp16,tf32")
    parser.add_argument("--networks", default=",".join(NETWORKS))
    parser.add_argument("--compile", action="store_true", help="torch.compile too: a minute or more per network")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    try:
        import torch
    except ImportError:
        print(json.dumps({"network": "all", "precision": "", "mode": "", "skipped": "PyTorch is not installed"}))
        return 0
    if not torch.cuda.is_available():
        print(json.dumps({"network": "all", "precision": "", "mode": "", "skipped": "PyTorch sees no GPU"}))
        return 0
    torch.backends.cudnn.benchmark = True
    torch.backends.cudnn.allow_tf32 = True
    torch.backends.cuda.matmul.allow_tf32 = True
    for network in options.networks.split(","):
        for precision in options.precisions.split(","):
            for row in measure(torch, network, precision, options):
                print(json.dumps({"network": network, "precision": precision, **row}), flush=True)
    return 0


def measure(torch: Any, network: str, precision: str, options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    try:
        model = build(network)
    except ImportError as error:
        yield {"mode": "all", "skipped": f"{error.name} is not installed"}
        return
    dtype = torch.float16 if precision == "fp16" else torch.float32
    size = NETWORKS[network]
    with torch.inference_mode():
        model = model.eval().to("cuda", dtype, memory_format=torch.channels_last)
        image = torch.randn(1, 3, size, size, device="cuda", dtype=dtype).to(memory_format=torch.channels_last)
        yield {"mode": "eager", **timed(torch, lambda: model(image), options.repeats)}
        yield {"mode": "cuda graph", **timed(torch, captured(torch, model, image), options.repeats)}
        if options.compile:
            start = time.perf_counter()
            torch._inductor.config.freezing = True
            compiled = torch.compile(model, mode="max-autotune")
            for _ in range(3):
                compiled(image)
            torch.cuda.synchronize()
            seconds = time.perf_counter() - start
            yield {"mode": "compiled", "compile_s": seconds, **timed(torch, lambda: compiled(image), options.repeats)}


def build(network: str) -> Any:
    """The network with random weights."""
    if network == "nasnetalarge":
        import timm

        return timm.create_model(network, pretrained=False)
    import torchvision

    how = {"init_weights": False, "aux_logits": True} if network == "inception_v3" else {}
    return getattr(torchvision.models, network)(weights=None, **how)


def captured(torch: Any, model: Any, image: Any) -> Callable[[], None]:
    """A replay of the model's kernels, captured once."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            model(image)
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        model(image)
    return lambda: graph.replay()


def timed(torch: Any, call: Callable[[], Any], repeats: int) -> dict[str, Any]:
    """Latency of single calls from idle, in microseconds."""
    end_of_warm_up = time.perf_counter() + 0.3
    while time.perf_counter() < end_of_warm_up:
        call()
        torch.cuda.synchronize()
    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    samples = []
    for _ in range(repeats):
        start.record()
        call()
        end.record()
        end.synchronize()
        samples.append(round(1e3 * start.elapsed_time(end), 2))
    return {"median_us": statistics.median(samples), "samples_us": samples}


if __name__ == "__main__":
    sys.exit(main())
