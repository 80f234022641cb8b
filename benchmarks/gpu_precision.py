"""Compares 16-bit floats with 8-bit integers for one network on a GPU: operator by operator, and as a whole.

    python benchmarks/gpu_precision.py --network recipe_inception_v3 --batch 32 --out int8.json

Speed does not depend on scales, so by default all are the same, and every operator that gains is quantized.
With --judge, scales come from random inputs, and operators that lose too much stay in floats, as `warploom optimize
--precision int8` does it, which takes a minute. Prints all operators with their times in fp16, with everything
quantized, and as decided; then the latency of schedules in both precisions, measured in turns. Writes all samples.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from gpu_network import make_plan, model_path, sample

from warploom.device.protocol import Device
from warploom.device.registry import open_device
from warploom.graph import Graph, Precision
from warploom.graph.quantized import is_quantized
from warploom.importer.load import import_model
from warploom.importer.options import ImportOptions
from warploom.importer.reference import random_inputs
from warploom.passes.pipeline import optimize_graph
from warploom.passes.quantize import calibrated_tensors, quantize, quantize_obstacle
from warploom.precision.choose import Choice, choose_precision
from warploom.precision.costs import operator_costs
from warploom.precision.decision import Decision
from warploom.precision.gain import quantized_with_gain

SCALE = 0.05


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints as it goes."""
    options = parse(arguments)
    with tempfile.TemporaryDirectory() as folder:
        model = model_path(options.network, options.models, Path(folder), options.batch)
        graph = optimize_graph(import_model(model, ImportOptions(batch=options.batch)).graph).graph
        facts = compare(graph, options)
    if options.out is not None:
        options.out.write_text(json.dumps(facts, indent=1))
    return 0


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", required=True, help="file in --models without its suffix, or recipe_NAME")
    parser.add_argument("--models", type=Path, default=Path())
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--schedules", default="sequential", help="sequential, greedy or schedulers, with commas")
    parser.add_argument("--search-seconds", type=float, default=10.0)
    parser.add_argument("--repeats", type=int, default=100)
    parser.add_argument("--judge", action="store_true", help="decide by noise as well")
    parser.add_argument("--out", type=Path)
    return parser.parse_args(arguments)


def compare(graph: Graph, options: argparse.Namespace) -> dict[str, Any]:
    device = open_device(options.device)
    began = time.perf_counter()

    def say(text: str) -> None:
        print(f"{time.perf_counter() - began:6.1f} s  {text}", flush=True)

    decision = decide(graph, device, options.judge, say)
    for line in decision.log:
        print(f"[{line.decision}] {' '.join(line.subject)}: {line.reason}")
    forms = {"fp16_us": (graph, Precision.FP16), "all_int8_us": (everything(graph), Precision.INT8)}
    forms["int8_us"] = (decision.graph, decision.precision)
    costs = {name: operator_costs(device, *form) for name, form in forms.items()}
    say("operators measured")
    operators = compared(graph, decision, costs)
    forms = {"fp16": (graph, Precision.FP16), "int8": (decision.graph, decision.precision)}
    executables, found = {}, {}
    for schedule in options.schedules.split(","):
        for name, (form, precision) in forms.items():
            plan, facts = make_plan(schedule, form, device, precision, options.search_seconds)
            executables[f"{schedule} {name}"] = device.compile(form, plan, precision)
            found[f"{schedule} {name}"] = facts | {"streams": plan.streams}
            say(f"{schedule} {name} compiled")
    sample(executables, found, options.repeats)
    outputs = {name: executable.run(random_inputs(graph, 4)) for name, executable in executables.items()}
    first = next(iter(outputs.values()))
    for name, facts in found.items():
        facts["error"] = max(distance(outputs[name][key], value) for key, value in first.items())
        say(f"{name}: {facts['median_us']:.1f} us, off by {facts['error']:.1e}")
    for executable in executables.values():
        executable.close()
    return {
        "network": options.network,
        "batch": options.batch,
        "device": {"name": device.info.name, "details": dict(device.info.details)},
        "python": platform.python_version(),
        "log": [[line.decision, list(line.subject), line.reason] for line in decision.log],
        "operators": operators,
        "schedules": found,
    }


def distance(found: Any, expected: Any) -> float:
    return float(((found - expected) ** 2).sum() ** 0.5 / max((expected**2).sum() ** 0.5, 1e-30))


def decide(graph: Graph, device: Device, judge: bool, say: Callable[[str], None]) -> Decision:
    if judge:
        return choose_precision(graph, device, Choice(integers=True), say)
    gain = quantized_with_gain(graph, quantizable(graph), lambda names: quantized(graph, names), device)
    precision = Precision.INT8 if gain.operators else Precision.FP16
    return Decision(quantized(graph, gain.operators), precision, None, gain.log)


def everything(graph: Graph) -> Graph:
    return quantized(graph, quantizable(graph))


def quantizable(graph: Graph) -> list[str]:
    return [operator.name for operator in graph.operators if quantize_obstacle(graph, operator) is None]


def quantized(graph: Graph, names: Sequence[str]) -> Graph:
    return quantize(graph, names, dict.fromkeys(calibrated_tensors(graph, names), SCALE))


def compared(graph: Graph, decision: Decision, costs: dict[str, dict[str, float]]) -> list[dict[str, Any]]:
    rows = [
        {
            "operator": operator.name,
            "op": graph.operator(operator.name).main.op,
            "quantized": is_quantized(operator),
            **{name: found[operator.name] for name, found in costs.items()},
        }
        for operator in decision.graph.operators
    ]
    for row in rows:
        print("{operator:28} {op:14} {quantized!s:5} {fp16_us:8.2f} {all_int8_us:8.2f} {int8_us:8.2f}".format(**row))
    sums = {name: sum(row[name] for row in rows) for name in costs}
    print("sum of all operators: {fp16_us:.1f} us, {all_int8_us:.1f} us, {int8_us:.1f} us".format(**sums))
    return rows


if __name__ == "__main__":
    sys.exit(main())
