"""How a plan's latency depends on what else its process has made: the same CUDA graph, measured again and again.

On an H200 (driver 580.159) a graph replays up to 12 % slower once another graph was made, at the same clocks, and as
fast as before once that one has run for a while. Every line here changes one thing and measures the first graph twice.
(github.com/pytorch/pytorch/issues/161104 shows the like: 0.2 us more per kernel after work on two streams.)

python benchmarks/gpu_states.py --network recipe_nasnet_large --models FOLDER
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from gpu_network import make_plan, model_path

from warploom.cost import PlanCostModel
from warploom.device.cuda.capture import ORIGIN
from warploom.device.cuda.device import CudaDevice
from warploom.device.cuda.executable import CudaExecutable
from warploom.device.registry import open_device
from warploom.graph import Graph, Precision
from warploom.importer.load import import_model
from warploom.importer.options import ImportOptions
from warploom.passes.pipeline import optimize_graph

_OTHERS = 5
_SLOWLY, _QUICKLY = 30, 10


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints one line per state: what was done, then medians in microseconds."""
    options = parse(arguments)
    with tempfile.TemporaryDirectory() as folder:
        path = model_path(options.network, options.models, Path(folder), 1)
        graph = optimize_graph(import_model(path, ImportOptions()).graph).graph
    device = open_device(options.device)
    if not isinstance(device, CudaDevice):
        sys.exit(f"{options.device} is no GPU: choose cuda:0.")
    Trial(device, graph, Precision(options.precision)).run()
    return 0


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", default="recipe_nasnet_large", help="file in --models, or recipe_NAME")
    parser.add_argument("--models", type=Path, default=Path())
    parser.add_argument("--precision", default="fp16")
    parser.add_argument("--device", default="cuda:0")
    return parser.parse_args(arguments)


def median_us(executable: CudaExecutable, repeats: int = _SLOWLY) -> float:
    return round(statistics.median(executable.measure(repeats).samples_us), 1)


class Trial:
    """One graph that is measured, and what happens beside it."""

    def __init__(self, device: CudaDevice, graph: Graph, precision: Precision) -> None:
        self._device, self._graph, self._precision = device, graph, precision
        self._first = self._made("sequential")

    def run(self) -> None:
        self._say("alone")
        others = [self._made("sequential") for _ in range(_OTHERS)]
        self._say(f"{_OTHERS} others made, not run")
        self._upload()
        self._say("the first uploaded again")
        self._say("the others run", *(median_us(other, _QUICKLY) for other in others))
        for other in others:
            other.close()
        self._say("the others closed")
        parallel = self._made("greedy")
        self._say("one of several streams made, not run")
        self._say("that one run", median_us(parallel))
        parallel.close()
        costs = self._device.cost_model(self._graph, self._precision)
        assert isinstance(costs, PlanCostModel)
        (found,) = costs.plan_costs([make_plan("sequential", self._graph, self._device, self._precision, 1.0)[0]])
        self._say("the same plan costed by the search", round(found.median_us, 1))
        self._upload()
        self._say("the first uploaded again")
        self._first.close()

    def _made(self, name: str) -> CudaExecutable:
        plan, _ = make_plan(name, self._graph, self._device, self._precision, 1.0)
        return self._device.compile(self._graph, plan, self._precision)

    def _upload(self) -> None:
        self._first._open().upload(self._device._streams.stream(ORIGIN))

    def _say(self, what: str, *values: float) -> None:
        print(f"{what:40} {median_us(self._first):9.1f} {median_us(self._first):9.1f}", *values, flush=True)


if __name__ == "__main__":
    sys.exit(main())
