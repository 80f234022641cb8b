"""The report's script reads what was packed, and draws timelines of any kind without an error."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from warploom.paths import data_path
from warploom.recording.recording import Candidate, Recording
from warploom.report import html_data
from warploom.report.columns import ColumnPacker, unpack
from warploom.report.html import html_report
from warploom.report.lanes import lane_numbers, lanes_of
from warploom.timeline import Counters, Spans, Timeline, WarpSeries

NODE = shutil.which("node")
BROWSER = next((found for name in ("chromium", "google-chrome") if (found := shutil.which(name))), None)
needs_node = pytest.mark.skipif(NODE is None, reason="node is not installed")


def in_node(code: str, given: object) -> object:
    """The value that a script returns; it gets `given` and what columns.js offers."""
    program = f"""
        const tools = require({json.dumps(str(data_path("assets", "report", "columns.js")))});
        const given = JSON.parse(require("fs").readFileSync(0, "utf8"));
        (async () => {{ {code} }})().then((value) => console.log(JSON.stringify(value)));
    """
    assert NODE is not None
    done = subprocess.run([NODE, "-e", program], input=json.dumps(given), capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@needs_node
def test_that_the_script_reads_what_was_packed() -> None:
    packer = ColumnPacker()
    whole = np.array([0, 255, 256, 65535, 2**40], dtype=np.int64)
    rising = np.array([5, 5, 300, 2**33, 2**33 + 1], dtype=np.int64)
    parts = np.array([0.0, 0.1, 12.34, 8448.0])
    signed = np.array([-1.5, 0.0, 3.25e8])
    columns = [
        packer.integers(whole), packer.ascending(rising), packer.decimals(parts, 0.1), packer.floats(signed),
        packer.integers(np.zeros(0, dtype=np.int64)),
    ]  # fmt: skip
    expected = [whole.tolist(), rising.tolist(), [0.0, 0.1, 12.3, 8448.0], signed.tolist(), []]
    code = """
        const read = tools.columnReader(await tools.unpackedBytes(given.text));
        return given.columns.map((column) => Array.from(read(column)));
    """
    found = in_node(code, {"text": packer.text(), "columns": columns})
    assert isinstance(found, list)
    for mine, again, values in zip(found, unpack(packer.text(), columns), expected, strict=True):
        assert mine == pytest.approx(values)
        assert again.tolist() == pytest.approx(values)


@needs_node
def test_that_the_script_knows_how_busy_a_lane_is_and_what_steps_are_on_average() -> None:
    random = np.random.default_rng(3)
    start = np.sort(random.integers(0, 900, 60))
    length = random.integers(0, 40, 60)
    busy = np.zeros(1000, dtype=bool)
    for a, n in zip(start, length, strict=True):
        busy[a : a + n] = True
    edges = np.unique(random.integers(0, 1000, 30))
    values = random.uniform(0, 9, len(edges) - 1)
    steps = np.zeros(1000)
    for a, b, value in zip(edges[:-1], edges[1:], values, strict=True):
        steps[a:b] = value
    windows = [(a, a + 37) for a in range(0, 950, 11)]
    code = """
        const spans = { start: Float64Array.from(given.start), length: Float64Array.from(given.length) };
        const lane = new tools.Lane(spans, Uint32Array.from(given.start.map((_, i) => i)));
        const steps = new tools.Steps(Float64Array.from(given.edges), Float64Array.from(given.values));
        return given.windows.map(([a, b]) => [lane.coverage(a, b), steps.mean(a, b)]);
    """
    given = {"start": start.tolist(), "length": length.tolist(), "edges": edges.tolist(), "values": values.tolist()}
    found = in_node(code, {**given, "windows": windows})
    expected = [[busy[a:b].mean(), steps[a:b].mean()] for a, b in windows]
    np.testing.assert_allclose(np.array(found), np.array(expected), atol=1e-9)


def with_timeline(recording: Recording, change: Callable[[Timeline], Timeline]) -> Recording:
    """The recording with other timelines."""

    def changed(item: Candidate) -> Candidate:
        return dataclasses.replace(item, timeline=change(item.timeline))

    recording.candidates = tuple(changed(item) for item in recording.candidates)
    return recording


def first_spans(count: int) -> Callable[[Timeline], Timeline]:
    def change(timeline: Timeline) -> Timeline:
        columns = {f.name: getattr(timeline.spans, f.name)[:count] for f in dataclasses.fields(Spans)}
        series = timeline.warps if count else WarpSeries(*(np.zeros(0, dtype=np.int64),) * 2, np.zeros((0, 0)))
        return dataclasses.replace(timeline, spans=Spans(**columns), warps=series)

    return change


def without_length(timeline: Timeline) -> Timeline:
    spans = dataclasses.replace(timeline.spans, end_ns=timeline.spans.start_ns)
    return dataclasses.replace(timeline, spans=spans)


def with_everything(timeline: Timeline) -> Timeline:
    """Copies in a lane of their own, counters, warps of no stream."""
    lane = int(timeline.spans.stream.max()) + 1
    copies = np.arange(len(timeline.spans)) == 0
    spans = dataclasses.replace(
        timeline.spans, stream=np.where(copies, lane, timeline.spans.stream), copy_bytes=np.where(copies, 4096, 0)
    )
    edges = np.arange(0, timeline.duration_ns, 1000)
    names = ("sm__cycles_active.avg", "sm__cycles_elapsed.avg", "dram__bytes_read.sum")
    values = np.array([np.full(len(edges) - 1, 500.0), np.full(len(edges) - 1, 2000.0), np.full(len(edges) - 1, 4e6)])
    counters = Counters(names, edges[:-1], edges[1:], values)
    series = timeline.warps
    warps = WarpSeries(np.append(series.streams, -1), series.edges_ns, np.vstack((series.warps, series.warps[:1])))
    return dataclasses.replace(
        timeline, spans=spans, counters=counters, warps=warps, lane_names=((lane, "copy in"),)
    )  # fmt: skip


CHANGES: dict[str, Callable[[Timeline], Timeline]] = {
    "everything": with_everything, "one span": first_spans(1), "no span": first_spans(0), "no length": without_length
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_that_any_timeline_is_reported(example_recording: Recording, change: str) -> None:
    text = html_report(with_timeline(example_recording, CHANGES[change])).decode()
    data = json.loads(text.split('type="application/json">')[1].split("</script>")[0])
    assert len(data["timelines"]) == 2
    if change == "everything":
        assert [lane["name"] for lane in data["timelines"][0]["lanes"]] == ["stream 0", "copy in"]
        assert [lane["name"] for lane in data["timelines"][0]["warps"]["lanes"]] == ["stream 0", "unattributed"]
        assert [track["title"] for track in data["timelines"][0]["counters"]["tracks"]] == [
            "SMs with a warp", "DRAM read"
        ]  # fmt: skip


def test_that_what_was_thinned_is_said(example_recording: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html_data, "MOST_SPANS", 10)
    monkeypatch.setattr(html_data, "MOST_VALUES", 8)
    text = html_report(with_timeline(example_recording, with_everything)).decode()
    assert re.search(r"sequential: 16 spans are joined into \d+ where less than 1 ns is between them", text)
    assert re.search(r"sequential: active warps are means over [\d,]+ ns \(\d+ steps recorded\)", text)
    assert re.search(r"sequential: counters are means over \d+ samples \(\d+ recorded\)", text)


@pytest.mark.slow
@pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")
@pytest.mark.parametrize("change", [*CHANGES, "joined"])
def test_that_a_browser_draws_it(
    example_recording: Recording, change: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if change == "joined":
        monkeypatch.setattr(html_data, "MOST_SPANS", 10)
    path = tmp_path / "report.html"
    text = html_report(with_timeline(example_recording, CHANGES.get(change, with_everything))).decode()
    report = '<script>addEventListener("error", (e) => document.body.dataset.fault = e.message);'
    report += 'addEventListener("unhandledrejection", (e) => document.body.dataset.fault = e.reason);</script>'
    path.write_text(text.replace("<header>", report + "<header>", 1))
    flags = ["--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}/profile"]
    command = [BROWSER, *flags, "--virtual-time-budget=4000", "--dump-dom", f"file://{path}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)  # type: ignore[arg-type]
    assert (
        "data-fault" not in done.stdout.split("</head>")[1].split(">")[0] + done.stdout.split("<body")[1].split(">")[0]
    )
    assert len(re.findall(r'<canvas[^>]*style="height: \d+px', done.stdout)) == 2, "both were drawn"
    assert re.search(r'id="unreadable" hidden', done.stdout)


def test_that_lanes_are_the_streams_in_use_however_high_their_numbers(example_recording: Recording) -> None:
    item = example_recording.optimized
    launches = tuple(dataclasses.replace(one, stream=one.stream * 10**9) for one in item.plan.launches)
    spans = dataclasses.replace(item.timeline.spans, stream=item.timeline.spans.stream.astype(np.int64) * 10**9)
    far = dataclasses.replace(
        item,
        plan=dataclasses.replace(item.plan, launches=launches),
        timeline=dataclasses.replace(item.timeline, spans=spans),
    )
    lanes = lanes_of(far)
    assert [lane.name for lane in lanes] == [f"stream {i * 10**9}" for i in range(4)]
    assert lane_numbers(lanes, spans.stream).tolist() == item.timeline.spans.stream.tolist()
