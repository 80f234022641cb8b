"""Measures every export of a recording with many spans: processor time, size of the file, peak of the memory.

Run: python benchmarks/exports.py [RECORDING.warploom] [--spans 100000 1000000] [--formats html csv ...]

Without a recording, the shipped SqueezeNet is optimized on the simulated H200 first. Its two timelines are then
repeated, replay after replay, until they have that many spans together; each export runs in a process of its own.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import multiprocessing
import multiprocessing.connection
import os
import resource
import tempfile
import time
from pathlib import Path

import numpy as np

from warploom.paths import data_path
from warploom.recording.file import read_recording
from warploom.recording.recording import Candidate, Recording
from warploom.report.export import FORMATS, export_recording
from warploom.report.pair import shown_pair
from warploom.timeline import Counters, Timeline, WarpSeries

ROW = "{:18} {:>10} {:>10} {:>10} {:>10}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recording", nargs="?", type=Path)
    parser.add_argument("--spans", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--formats", nargs="+", default=list(FORMATS), choices=list(FORMATS))
    parser.add_argument("--keep", type=Path, help="a folder for the files that are written")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source = arguments.recording or made_recording(Path(folder))
        output = arguments.keep or Path(folder)
        output.mkdir(parents=True, exist_ok=True)
        print(f"{os.cpu_count()} processors; {source.name}")
        print(ROW.format("format", "spans", "seconds", "MB", "peak MB"))
        for spans in arguments.spans:
            for name in arguments.formats:
                print_row(source, name, spans, output)


def made_recording(folder: Path) -> Path:
    """The shipped SqueezeNet, optimized in a few seconds on the simulated GPU."""
    from warploom.worker.job import optimize
    from warploom.worker.messages import OptimizeOptions, OptimizeRequest

    path = folder / "squeezenet_light.warploom"
    options = OptimizeOptions(device="sim:h200", search_seconds=2.0, verify=False)
    model = data_path("sample_models", "squeezenet_light.onnx")
    optimize(OptimizeRequest(job=1, model=str(model), output=str(path), options=options), lambda _: None, lambda: False)
    return path


def print_row(source: Path, name: str, spans: int, folder: Path) -> None:
    """Exports in a process of its own, so that its peak of memory is its own, too."""
    path = folder / f"{name}-{spans}{FORMATS[name].suffix}"
    reader, writer = multiprocessing.get_context("spawn").Pipe(duplex=False)
    process = multiprocessing.get_context("spawn").Process(target=exported, args=(source, name, spans, path, writer))
    process.start()
    writer.close()
    try:
        count, seconds, megabytes, peak = json.loads(reader.recv())
    except EOFError:
        print(ROW.format(name, f"{spans:,}", "failed", "", ""))
        return
    finally:
        process.join()
    print(ROW.format(name, f"{count:,}", f"{seconds:.2f}", f"{megabytes:.1f}", f"{peak:.0f}"), flush=True)


def exported(source: Path, name: str, spans: int, path: Path, writer: multiprocessing.connection.Connection) -> None:
    """Measures one export; import of its libraries included, since the user waits for that, too."""
    recording = repeated(read_recording(source), spans)
    before = time.process_time()
    export_recording(recording, name, path)
    seconds = time.process_time() - before
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    count = sum(len(shown.candidate.timeline.spans) for shown in shown_pair(recording))
    writer.send(json.dumps([count, seconds, path.stat().st_size / 1e6, peak]))


def repeated(recording: Recording, spans: int) -> Recording:
    """The recording's two timelines alone, replayed until they have at least `spans` spans in all."""
    pair = [shown.candidate for shown in shown_pair(recording)]
    times = -(-spans // max(sum(len(candidate.timeline.spans) for candidate in pair), 1))
    recording.candidates = tuple(_repeated_candidate(candidate, times) for candidate in pair)
    return recording


def _repeated_candidate(candidate: Candidate, times: int) -> Candidate:
    return dataclasses.replace(candidate, timeline=_repeated_timeline(candidate.timeline, times))


def _repeated_timeline(timeline: Timeline, times: int) -> Timeline:
    """Jittered a little, as no two replays on hardware are alike: nothing here shall compress too well."""
    random = np.random.default_rng(0)
    spans = timeline.spans
    shift = np.repeat(np.arange(times, dtype=np.int64) * timeline.duration_ns, len(spans))
    jitter = random.integers(0, 200, len(shift))
    columns = {
        field.name: np.concatenate([getattr(spans, field.name)] * times) for field in dataclasses.fields(type(spans))
    }
    columns["start_ns"] = columns["start_ns"] + shift + jitter
    columns["end_ns"] = columns["end_ns"] + shift + jitter
    order = np.argsort(columns["start_ns"], kind="stable")
    return dataclasses.replace(
        timeline,
        duration_ns=times * timeline.duration_ns,
        spans=type(spans)(**{name: column[order] for name, column in columns.items()}),
        warps=_repeated_warps(timeline, times, random),
        counters=_counters(times * timeline.duration_ns, random),
        profile=None,
    )


def _repeated_warps(timeline: Timeline, times: int, random: np.random.Generator) -> WarpSeries:
    series = timeline.warps
    shift = np.arange(times, dtype=np.int64)[:, None] * timeline.duration_ns
    edges = np.append((series.edges_ns[:-1] + shift).ravel(), series.edges_ns[-1] + shift[-1, 0])
    warps = np.tile(series.warps, times)
    return WarpSeries(series.streams, edges, warps * random.uniform(0.98, 1.0, warps.shape))


def _counters(duration_ns: int, random: np.random.Generator) -> Counters:
    """A sample each microsecond, as a profile has them."""
    edges = np.arange(0, duration_ns + 1, 1000, dtype=np.int64)
    names = ("sm__warps_active.sum", "sm__cycles_active.avg", "sm__cycles_elapsed.avg")
    return Counters(names, edges[:-1], edges[1:], random.uniform(0, 1e6, (len(names), len(edges) - 1)))


if __name__ == "__main__":
    main()
