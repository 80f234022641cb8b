"""Every export format: whole files, clear errors, and contents that other programs accept."""

from __future__ import annotations

import csv
import dataclasses
import errno
import importlib.util
import io
import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from warploom import atomic
from warploom.errors import ReportError
from warploom.paths import install_command
from warploom.recording.recording import Recording
from warploom.report import chrome_trace as chrome_trace_module
from warploom.report.chrome_trace import chrome_trace
from warploom.report.export import FORMATS, export_recording
from warploom.report.operator_table import operators_csv
from warploom.report.pair import shown_pair
from warploom.report.samples_csv import samples_csv
from warploom.report.span_table import COLUMNS
from warploom.report.spans_csv import spans_csv
from warploom.schedule.json_format import schedule_from_json
from warploom.timeline import Counters, Profile, Spans, Timeline, WarpSeries
from warploom.timeline.statistics import timeline_statistics

SIGNATURES = {
    "html": b"<!doctype html>", "png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF", "csv": b"candidate,",
    "operators-csv": b"operator,", "samples-csv": b"candidate,series", "parquet": b"PAR1",
}  # fmt: skip
NO_ARROW = importlib.util.find_spec("pyarrow") is None
AVAILABLE = [name for name in FORMATS if name != "parquet" or not NO_ARROW]
ONE_OF_EACH_MODULE = list({FORMATS[name].exporter.partition(":")[0]: name for name in AVAILABLE}.values())


@pytest.mark.parametrize("name", AVAILABLE)
def test_that_every_format_writes_a_whole_file(name: str, example_recording: Recording, tmp_path: Path) -> None:
    path = tmp_path / f"out{FORMATS[name].suffix}"
    export_recording(example_recording, name, path)
    data = path.read_bytes()
    assert data.startswith(SIGNATURES.get(name, SIGNATURES.get(name.rpartition("-")[2], b"{")))
    assert len(data) > 500
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("name", AVAILABLE)
def test_that_equal_recordings_give_equal_files(name: str, make_recording: Callable[..., Recording]) -> None:
    exporter = FORMATS[name].load()
    assert exporter(make_recording(1)) == exporter(make_recording(1))


@pytest.mark.parametrize("name", [name for name in ONE_OF_EACH_MODULE if name != "schedule-json"])
def test_that_a_recording_of_one_schedule_is_exported(name: str, example_recording: Recording) -> None:
    example_recording.candidates = (example_recording.sequential,)
    example_recording.chosen = "sequential"
    assert FORMATS[name].load()(example_recording)


def test_that_an_unknown_format_is_answered_with_those_there_are(example_recording: Recording, tmp_path: Path) -> None:
    with pytest.raises(ReportError, match=", ".join(FORMATS)):
        export_recording(example_recording, "docx", tmp_path / "a")


def test_that_a_full_disk_is_named_and_leaves_nothing(
    example_recording: Recording, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(atomic.os, "fsync", full)
    with pytest.raises(ReportError, match="disk is full"):
        export_recording(example_recording, "csv", tmp_path / "a.csv")
    assert list(tmp_path.iterdir()) == []


def test_that_a_missing_folder_is_named(example_recording: Recording, tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="does not exist"):
        export_recording(example_recording, "csv", tmp_path / "no" / "a.csv")


@pytest.mark.parametrize(
    ("library", "name", "extra"),
    [("matplotlib", "png", "report"), ("jinja2", "html", "report"), ("pyarrow", "parquet", "parquet")],
)
def test_that_a_missing_library_names_the_extra(library: str, name: str, extra: str) -> None:
    code = (
        f"import sys; sys.modules[{library!r}] = None\n"
        "from warploom.errors import ReportError\nfrom warploom.report.export import FORMATS\n"
        f"try: FORMATS[{name!r}].load()\nexcept ReportError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert install_command(extra) in done.stdout
    assert library in done.stdout


def test_that_the_registry_imports_nothing_heavy() -> None:
    heavy = ("matplotlib", "jinja2", "pyarrow")
    code = f"import sys, warploom.report.export; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_that_the_exported_schedule_is_read_back(example_recording: Recording, tmp_path: Path) -> None:
    export_recording(example_recording, "schedule-json", tmp_path / "s.json")
    schedule = schedule_from_json((tmp_path / "s.json").read_bytes(), example_recording.graph)
    assert schedule == example_recording.optimized.schedule


# ---- CSV


def csv_rows(recording: Recording) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(spans_csv(recording).decode())))


def test_that_csv_has_a_row_for_every_span_of_every_schedule(example_recording: Recording) -> None:
    rows = csv_rows(example_recording)
    counts = Counter(row["candidate"] for row in rows)
    assert counts == {item.name: len(item.timeline.spans) for item in example_recording.candidates}
    assert tuple(rows[0]) == COLUMNS


def test_that_csv_times_are_exact_to_the_nanosecond(example_recording: Recording) -> None:
    spans = example_recording.sequential.timeline.spans
    for i, row in enumerate(csv_rows(example_recording)[: len(spans)]):
        assert round(float(row["start_us"]) * 1000) == spans.start_ns[i]
        assert round(float(row["end_us"]) * 1000) == spans.end_ns[i]
        assert round(float(row["duration_us"]) * 1000) == spans.end_ns[i] - spans.start_ns[i]
        assert row["simulated"] == "1"


def test_that_csv_names_merged_operators_and_counts_stages_from_1(example_recording: Recording) -> None:
    merged = [row for row in csv_rows(example_recording) if row["operator"] == "m0/b2.1 & m0/b3.1"]
    assert [(row["candidate"], row["stage"]) for row in merged] == [("both", "2")]


def test_that_names_with_commas_and_quotes_stay_in_their_column(example_recording: Recording) -> None:
    first, *rest = example_recording.candidates
    odd = dataclasses.replace(first.timeline, kernel_names=('gemm<"a", 2>', "b\nc", "d"))
    example_recording.candidates = (dataclasses.replace(first, timeline=odd), *rest)
    names = {row["kernel"] for row in csv_rows(example_recording) if row["candidate"] == "sequential"}
    assert names == {'gemm<"a", 2>'}


def test_that_the_operator_table_is_the_reports(example_recording: Recording) -> None:
    from warploom.report.html_view import compared_view

    rows = list(csv.DictReader(io.StringIO(operators_csv(example_recording).decode())))
    view = compared_view(example_recording)
    assert view is not None
    keys = [column.key for column in view.columns]
    assert len(rows) == len(view.operators) == len(example_recording.graph.operators)
    for row, shown in zip(rows, view.operators, strict=True):
        assert [float(row[key] or -1.0) for key in keys] == pytest.approx([cell.key for cell in shown.cells])
    merged = {row["operator"]: row["merged_with"] for row in rows if row["merged_with"]}
    assert merged == {"m0/b2.1": "m0/b3.1", "m0/b3.1": "m0/b2.1"}


def test_that_the_curves_add_up_to_the_integral_of_the_warps(example_recording: Recording) -> None:
    example_recording.candidates = tuple(
        dataclasses.replace(item, timeline=measured(item.timeline)) for item in example_recording.candidates
    )
    rows = list(csv.DictReader(io.StringIO(samples_csv(example_recording).decode())))
    mine = [row for row in rows if row["candidate"] == "both"]
    warps = [row for row in mine if row["series"] == "active warps"]
    area = sum(float(row["value"]) * (float(row["end_us"]) - float(row["start_us"])) for row in warps)
    found = timeline_statistics(example_recording.candidate("both").timeline).warps
    assert area == pytest.approx(found.integral_warp_us)
    assert {row["stream"] for row in warps} == {*(f"stream {i}" for i in range(4)), "unattributed"}
    counted = [float(row["value"]) for row in mine if row["series"] == "sm__cycles_active.avg"]
    assert counted == [500.0] * 5


@pytest.mark.skipif(NO_ARROW, reason="pyarrow is not installed")
def test_that_parquet_holds_what_csv_holds(example_recording: Recording) -> None:
    import pyarrow.parquet as pq

    from warploom.report.spans_parquet import spans_parquet

    table = pq.read_table(io.BytesIO(spans_parquet(example_recording)))
    assert tuple(table.column_names) == COLUMNS
    for mine, row in zip(table.to_pylist(), csv_rows(example_recording), strict=True):
        assert {key: "" if value is None else str(value) for key, value in mine.items()} == row
    stored = json.loads(table.schema.metadata[b"warploom"])
    assert stored["chosen"] == "both"


# ---- Chrome trace


def trace_of(recording: Recording) -> dict[str, Any]:
    trace: dict[str, Any] = json.loads(chrome_trace(recording))
    return trace


def events_of(trace: dict[str, Any], phase: str) -> list[dict[str, Any]]:
    return [event for event in trace["traceEvents"] if event["ph"] == phase]


def test_that_every_event_has_what_the_trace_event_format_asks_for(example_recording: Recording) -> None:
    trace = trace_of(example_recording)
    assert set(Counter(event["ph"] for event in trace["traceEvents"])) == {"M", "X", "s", "f", "C"}
    for event in trace["traceEvents"]:
        assert isinstance(event["pid"], int)
        assert isinstance(event["tid"], int)
        assert isinstance(event["ts"], int | float)
        assert event["ts"] >= 0
        assert isinstance(event["name"], str)
        assert event["ph"] != "X" or event["dur"] >= 0


def test_that_processes_and_threads_have_names(example_recording: Recording) -> None:
    trace = trace_of(example_recording)
    processes = {e["pid"]: e["args"]["name"] for e in events_of(trace, "M") if e["name"] == "process_name"}
    threads = {(e["pid"], e["tid"]): e["args"]["name"] for e in events_of(trace, "M") if e["name"] == "thread_name"}
    assert [name.split(",")[0] for name in processes.values()] == ["sequential", "optimized (both)"]
    assert all("simulated" in name for name in processes.values())
    assert {(event["pid"], event["tid"]) for event in events_of(trace, "X")} <= set(threads)
    assert [name for (pid, _), name in threads.items() if pid == 2] == [f"stream {i}" for i in range(4)]


def test_that_every_span_is_an_event_with_its_figures(example_recording: Recording) -> None:
    trace = trace_of(example_recording)
    for pid, shown in enumerate(shown_pair(example_recording), start=1):
        spans = shown.candidate.timeline.spans
        mine = [event for event in events_of(trace, "X") if event["pid"] == pid]
        assert [round(event["ts"] * 1000) for event in mine] == spans.start_ns.tolist()
        assert [round(event["dur"] * 1000) for event in mine] == (spans.end_ns - spans.start_ns).tolist()
        assert [event["args"]["grid"] for event in mine] == spans.grid.tolist()


def test_that_flows_bind_to_the_launches_they_connect(example_recording: Recording) -> None:
    trace = trace_of(example_recording)
    starts = {(e["pid"], e["id"]): e for e in events_of(trace, "s")}
    ends = {(e["pid"], e["id"]): e for e in events_of(trace, "f")}
    assert len(starts) == len(events_of(trace, "s"))
    assert starts.keys() == ends.keys()
    plan = example_recording.optimized.plan
    expected = {(plan.launches[wait].name, launch.name) for launch in plan.launches for wait in launch.waits}
    found = {(enclosing(trace, starts[key])["name"], enclosing(trace, ends[key])["name"]) for key in starts}
    assert found == expected
    assert expected
    for key, start in starts.items():
        assert start["ts"] <= ends[key]["ts"]
        assert ends[key]["bp"] == "e"


def enclosing(trace: dict[str, Any], flow: dict[str, Any]) -> dict[str, Any]:
    (slice_,) = [
        event
        for event in events_of(trace, "X")
        if (event["pid"], event["tid"]) == (flow["pid"], flow["tid"])
        and event["ts"] <= flow["ts"] < event["ts"] + event["dur"]
    ]
    return slice_


def test_that_the_counter_has_a_series_per_stream_and_ends_at_nothing(example_recording: Recording) -> None:
    trace = trace_of(example_recording)
    series = example_recording.optimized.timeline.warps
    mine = [event for event in events_of(trace, "C") if event["pid"] == 2]
    assert [round(event["ts"] * 1000) for event in mine] == series.edges_ns.tolist()
    assert list(mine[0]["args"]) == [f"stream {stream}" for stream in series.streams]
    assert [sum(event["args"].values()) for event in mine[:-1]] == pytest.approx(series.total.tolist())
    assert set(mine[-1]["args"].values()) == {0.0}


def test_that_the_trace_says_what_it_shows(example_recording: Recording) -> None:
    other = trace_of(example_recording)["otherData"]
    assert other["simulated"] is True
    assert other["device"] == "NVIDIA H200"


def measured(timeline: Timeline) -> Timeline:
    """With a copy lane of a high number, counters, warps of no stream, and a profile."""
    spans = timeline.spans
    copies = np.arange(len(spans)) == 0
    spans = dataclasses.replace(
        spans, stream=np.where(copies, 1000, spans.stream), copy_bytes=np.where(copies, 4096, 0)
    )  # fmt: skip
    start = np.arange(0, 5000, 1000)
    names = ("sm__cycles_active.avg", "sm__cycles_elapsed.avg")
    counters = Counters(names, start, start + 1000, np.array([[500.0] * 5, [2000.0] * 5]))
    series = timeline.warps
    warps = WarpSeries(np.append(series.streams, -1), series.edges_ns, np.vstack((series.warps, series.warps[:1])))
    launches = np.zeros((3, len(timeline.launch_names)), dtype=np.int64)
    profile = Profile(np.array([9000, 9100, 9200]), 1, launches, launches + 10, unprofiled_us=9.0, skewed_launches=(1,))
    return dataclasses.replace(
        timeline, simulated=False, spans=spans, counters=counters, warps=warps, profile=profile,
        lane_names=((1000, "copy in"),),
    )  # fmt: skip


def test_that_copies_counters_and_doubts_are_in_the_trace(example_recording: Recording) -> None:
    example_recording.candidates = tuple(
        dataclasses.replace(item, timeline=measured(item.timeline)) for item in example_recording.candidates
    )
    trace = trace_of(example_recording)
    threads = {(e["pid"], e["tid"]): e["args"]["name"] for e in events_of(trace, "M") if e["name"] == "thread_name"}
    copies = [event for event in events_of(trace, "X") if event["cat"] == "copy"]
    assert [threads[event["pid"], event["tid"]] for event in copies] == ["copy in", "copy in"]
    assert all(event["args"]["bytes"] == 4096 and event["tid"] < 100 for event in copies)
    delayed = [event["args"]["launch"] for event in events_of(trace, "X") if "delayed by tracing" in event["args"]]
    assert set(delayed) == {1}
    counted = [event for event in events_of(trace, "C") if event["name"] == "SMs with a warp (%)" and event["pid"] == 1]
    assert [event["args"]["value"] for event in counted] == [25.0] * 5 + [0]
    warps = next(event for event in events_of(trace, "C") if event["name"] == "active warps")
    assert "unattributed" in warps["args"]
    assert trace["otherData"]["timelines"]["sequential"]["Profiling overhead"] == "1.01×"


def test_that_long_counters_are_thinned_and_said_so(
    example_recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setattr(chrome_trace_module, "MOST_STEPS", 12)
    trace = trace_of(example_recording)
    assert len([event for event in events_of(trace, "C") if event["pid"] == 1]) == 13
    assert "equal steps" in trace["otherData"]["timelines"]["sequential"]["Active warps"]


# ---- figures


def test_that_the_figure_names_the_device_and_says_simulated(example_recording: Recording) -> None:
    from matplotlib.figure import Figure

    from warploom.report.figure import draw_figure

    figure = draw_figure(example_recording)
    assert isinstance(figure, Figure)
    words = " ".join(text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text")))
    assert "NVIDIA H200 (simulated)" in words
    assert "sequential" in words
    assert "faster" in words
    limits = {axes.get_xlim() for axes in figure.axes}
    assert len(limits) == 1, "all axes show the same time"
    assert len(figure.axes) == 4


def test_that_edges_take_nothing_of_short_spans_in_the_figure(make_recording: Callable[..., Recording]) -> None:
    from matplotlib.collections import PolyCollection

    from warploom.report.figure import draw_figure

    for modules, some_edges in ((1, True), (60, False)):
        figure = draw_figure(make_recording(modules))
        (spans,) = (one for one in figure.axes[0].collections if isinstance(one, PolyCollection))
        points_per_unit = (
            figure.axes[0].get_position().width * figure.get_figwidth() * 72 / figure.axes[0].get_xlim()[1]
        )
        widths = np.array([np.ptp(path.vertices[:, 0]) for path in spans.get_paths()]) * points_per_unit
        edges = np.broadcast_to(spans.get_linewidths(), widths.shape)
        assert (edges <= widths / 9.9).all(), "a busy stream would look idle"
        assert edges.any() is np.bool_(some_edges)


def test_that_the_utilization_figure_shows_both_curves_with_their_means(example_recording: Recording) -> None:
    from warploom.report.utilization import draw_utilization

    (axes,) = draw_utilization(example_recording).axes
    labels = [line.get_label() for line in axes.lines if not str(line.get_label()).startswith("_")]
    assert [str(label).split(" (")[0] for label in labels] == ["sequential: mean 477", "optimized"]
    assert "mean 742" in str(labels[1])
    for line, shown in zip(axes.lines[::2], shown_pair(example_recording), strict=True):
        x, y = line.get_xdata(), line.get_ydata()
        assert x[-1] == pytest.approx(shown.candidate.timeline.duration_ns / 1000)
        found = timeline_statistics(shown.candidate.timeline).warps.integral_warp_us
        area = np.sum((y[1:] + y[:-1]) / 2 * np.diff(x))
        assert area == pytest.approx(found), "the area is the integral of the warps"


def test_that_the_pdf_report_goes_on_over_as_many_pages_as_it_needs(make_recording: Callable[..., Recording]) -> None:
    def pages(modules: int) -> int:
        recording = make_recording(modules)
        recording.model = dataclasses.replace(recording.model, path="x" * 900, name="模型 $a$")
        return FORMATS["pdf"].load()(recording).count(b"/Type /Page ")

    assert pages(1) >= 3
    assert pages(12) > pages(1)


@pytest.mark.parametrize("count", [0, 1])
@pytest.mark.parametrize("name", ONE_OF_EACH_MODULE)
def test_that_a_timeline_of_one_span_or_none_is_exported(
    name: str, count: int, example_recording: Recording
) -> None:  # fmt: skip
    def change(timeline: Timeline) -> Timeline:
        columns = {field.name: getattr(timeline.spans, field.name)[:count] for field in dataclasses.fields(Spans)}
        none = np.zeros(0, dtype=np.int64)
        series = timeline.warps if count else WarpSeries(none, none, np.zeros((0, 0)))
        duration = timeline.duration_ns if count else 0
        return dataclasses.replace(timeline, spans=Spans(**columns), warps=series, duration_ns=duration)

    example_recording.candidates = tuple(
        dataclasses.replace(item, timeline=change(item.timeline)) for item in example_recording.candidates
    )
    assert FORMATS[name].load()(example_recording)


@pytest.mark.parametrize("name", ONE_OF_EACH_MODULE)
def test_that_spans_of_no_length_are_exported(name: str, example_recording: Recording) -> None:
    example_recording.candidates = tuple(
        dataclasses.replace(item, timeline=without_length(item.timeline)) for item in example_recording.candidates
    )
    assert FORMATS[name].load()(example_recording)


def without_length(timeline: Timeline) -> Timeline:
    spans = dataclasses.replace(timeline.spans, end_ns=timeline.spans.start_ns)
    return dataclasses.replace(timeline, spans=spans)


def test_that_svg_is_well_formed_and_survives_strange_names(example_recording: Recording) -> None:
    example_recording.model = type(example_recording.model)("p", "<a & 'b'> $x^ 模型", "0", 17, 3)
    root = ET.fromstring(FORMATS["svg"].load()(example_recording))
    assert root.tag.endswith("svg")
