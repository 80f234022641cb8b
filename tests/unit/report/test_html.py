"""The HTML report stands alone, says what it must, and lets no name out of its place."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

from warploom.graph import Graph
from warploom.recording.recording import Candidate, Recording, Verification
from warploom.report import html
from warploom.report.columns import unpack
from warploom.report.html import html_report
from warploom.report.table import comparison_table, with_pair_first
from warploom.report.verdict import verdict

VOID = {"meta", "link", "br", "hr", "img", "input", "path", "rect"}


class Page(HTMLParser):
    """Elements, attributes and texts; fails on tags that do not match."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[tuple[str, ...], str]] = []
        self.feed(data.decode())
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append((tuple(self.open), data))

    def text_of(self, tag: str) -> str:
        return " ".join(" ".join(text for path, text in self.texts if tag in path).split())


@pytest.fixture
def page(example_recording: Recording) -> Page:
    return Page(html_report(example_recording))


def rename(recording: Recording, old: str, new: str) -> Recording:
    """The recording with an operator under another name."""
    graph = recording.graph

    def swap(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(new if name == old else name for name in names)

    def candidate(item: Candidate) -> Candidate:
        launches = tuple(dataclasses.replace(launch, operators=swap(launch.operators)) for launch in item.plan.launches)
        timeline = dataclasses.replace(item.timeline, launch_names=tuple(launch.name for launch in launches))
        plan = dataclasses.replace(item.plan, launches=launches)
        return dataclasses.replace(item, plan=plan, timeline=timeline, schedule=None, stage_costs_us=())

    operators = tuple(
        dataclasses.replace(operator, name=new, weights=()) if operator.name == old else operator
        for operator in graph.operators
    )
    recording.graph = Graph(graph.name, operators, graph.tensors, graph.constants, graph.inputs, graph.outputs)
    recording.candidates = tuple(candidate(item) for item in recording.candidates)
    return recording


def test_that_nothing_is_loaded_from_anywhere(page: Page, example_recording: Recording) -> None:
    for tag, attributes in page.elements:
        assert tag not in {"link", "iframe", "object", "embed", "base", "img"}
        assert not {"src", "href", "srcset", "action"} & attributes.keys(), tag
    style = page.text_of("style")
    assert "url(" not in style
    assert "@import" not in style
    assert not re.search(rb"https?:|//[a-z]+\.", html_report(example_recording))
    policy = next(a["content"] for _, a in page.elements if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none'")


def test_that_the_verdict_comes_first_and_largest(page: Page, example_recording: Recording) -> None:
    line = verdict(example_recording)
    assert page.text_of("h1") == f"{line.before} → {line.after} {line.change}"
    assert next(tag for tag, _ in page.elements if tag in ("h1", "h2", "h3")) == "h1"
    assert line.warps in page.text_of("header")
    assert "verified, error 3e-4" in page.text_of("header")


def test_that_simulated_results_say_so_in_several_places(page: Page, example_recording: Recording) -> None:
    for place in ("header", "main", "footer", "title", "dl"):
        assert "simulated" in page.text_of(place), place
    example_recording.device = dataclasses.replace(example_recording.device, simulated=False)
    example_recording.candidates = tuple(
        dataclasses.replace(item, timeline=dataclasses.replace(item.timeline, simulated=False))
        for item in example_recording.candidates
    )
    measured = Page(html_report(example_recording))
    for place in ("header", "footer", "title", "dl"):
        assert "simulated" not in measured.text_of(place), place
    assert "measured" in measured.text_of("header")


def test_that_wrong_outputs_are_said_first(example_recording: Recording) -> None:
    example_recording.verification = Verification(0.5, 1e-2, False)
    assert "WRONG: error 5e-1, allowed 1e-02" in Page(html_report(example_recording)).text_of("header")
    example_recording.verification = Verification(float("inf"), 1e-2, False)
    assert "WRONG: an output is not finite" in Page(html_report(example_recording)).text_of("header")


def script(page: Page, start: str) -> str:
    return "".join(text for path, text in page.texts if path[-1:] == ("script",) and text.startswith(start))


def column(page: Page, item: dict[str, Any]) -> np.ndarray:
    return unpack(script(page, "e"), [item])[0]  # as zlib begins in base64


def test_that_the_script_gets_both_timelines_as_they_are(page: Page, example_recording: Recording) -> None:
    data = json.loads(script(page, "{"))
    assert [item["title"] for item in data["timelines"]] == ["sequential", "optimized (both)"]
    for item, name in zip(data["timelines"], ("sequential", "both"), strict=True):
        timeline = example_recording.candidate(name).timeline
        spans, found = timeline.spans, item["spans"]
        assert column(page, found["start"]).tolist() == spans.start_ns.tolist()
        assert column(page, found["length"]).tolist() == (spans.end_ns - spans.start_ns).tolist()
        assert column(page, found["launch"]).tolist() == (spans.launch + 1).tolist()
        shapes = np.array(found["shapes"])[:, column(page, found["shape"]).astype(int)]
        assert shapes[0].tolist() == spans.kernel.tolist()
        assert shapes[1:4].T.tolist() == spans.grid.tolist()
        assert shapes[7].tolist() == spans.registers.tolist()
        assert column(page, item["warps"]["edges"]).tolist() == timeline.warps.edges_ns.tolist()
        values = [column(page, row) for row in item["warps"]["values"]]
        np.testing.assert_allclose(np.array(values), timeline.warps.warps, atol=0.05)
        assert item["duration"] == timeline.duration_ns
    canvases = [attributes for tag, attributes in page.elements if tag == "canvas"]
    assert [attributes["data-timeline"] for attributes in canvases] == ["0", "1"]


def test_that_the_tables_hold_every_figure_operator_and_stage(page: Page, example_recording: Recording) -> None:
    main = page.text_of("main")
    for row in comparison_table(example_recording).rows:
        assert row.name in main
        assert all(text in main for text in row.texts)
    rows = [
        attributes["data-ops"] or "" for tag, attributes in page.elements if tag == "tr" and "data-ops" in attributes
    ]
    mentioned = mentions(rows)
    operators = range(len(example_recording.graph.operators))
    assert all(mentioned[number] == 2 for number in operators), "once in the stage table, once in the operator table"


def mentions(rows: list[str]) -> dict[int, int]:
    found: dict[int, int] = {}
    for text in rows:
        for number in text.split():
            found[int(number)] = found.get(int(number), 0) + 1
    return found


def test_that_the_graph_shows_every_operator_and_dependency(page: Page, example_recording: Recording) -> None:
    graph = example_recording.graph
    nodes = [a for tag, a in page.elements if tag == "g" and (a.get("class") or "").startswith("node")]
    edges = {(int(a["data-from"] or -1), int(a["data-to"] or -1)) for _, a in page.elements if "data-from" in a}
    assert [int(attributes["data-op"] or -1) for attributes in nodes] == list(range(len(graph.operators)))
    assert edges == {(before, i) for i, found in enumerate(graph.predecessors) for before in found}
    merged = [attributes for attributes in nodes if "merged" in (attributes["class"] or "")]
    assert len(merged) == 2


def test_that_reasons_settings_and_build_log_are_there(page: Page) -> None:
    main = page.text_of("main")
    assert re.search(r"Stage \d+ saves [\d.]+ µs", main)
    assert "only /stem/Relu reads the result of /stem/Conv" in main
    for word in (
        "fp16",
        "at most 3 operators in a group",
        "132 SMs",
        "opset 17",
        "numpy 2.2.0",
        "2025-01-02 03:04 UTC",
    ):
        assert word in page.text_of("main"), word


@pytest.mark.parametrize(
    "name",
    ["</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>", "a\"b'c&d", "]]>", "模型/卷积", "\u2028"],
)
def test_that_hostile_names_stay_text(example_recording: Recording, name: str) -> None:
    recording = rename(example_recording, "m0/b1", name)
    recording.model = dataclasses.replace(recording.model, name=name, path=name)
    page = Page(html_report(recording))
    assert sum(tag == "script" for tag, _ in page.elements) == 3
    assert not any(tag == "img" or "onerror" in attributes for tag, attributes in page.elements)
    data = json.loads(script(page, "{"))
    assert name in [operator["name"] for operator in data["operators"]]


def test_that_a_plan_without_stages_is_reported_by_episodes(example_recording: Recording) -> None:
    item = example_recording.optimized
    launches = tuple(dataclasses.replace(launch, stage=-1) for launch in item.plan.launches)
    free = dataclasses.replace(
        item, plan=dataclasses.replace(item.plan, launches=launches), schedule=None, stage_costs_us=()
    )
    example_recording.candidates = tuple(free if old is item else old for old in example_recording.candidates)
    page = Page(html_report(example_recording))
    assert "saves" in page.text_of("main")


def test_that_a_network_of_1374_operators_is_reported(make_recording: Callable[..., Recording]) -> None:
    data = html_report(make_recording(196))
    assert len(data) < 8_000_000
    assert sum(tag == "g" for tag, _ in Page(data).elements) == 1374


def test_that_too_many_operators_are_not_drawn_and_that_is_said(
    example_recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setattr(html, "MOST_DRAWN", 10)
    page = Page(html_report(example_recording))
    assert "16 operators are more than a browser draws well" in page.text_of("main")
    assert "the first 10 of 16" in page.text_of("main")
    assert not any(tag == "svg" for tag, _ in page.elements)


def test_that_the_schedules_compared_stand_first(example_recording: Recording) -> None:
    table = with_pair_first(comparison_table(example_recording), example_recording)
    assert table.columns == ("sequential", "both", "parallel")
    assert table.columns[table.chosen] == "both"
    whole = comparison_table(example_recording)
    for row, old in zip(table.rows, whole.rows, strict=True):
        assert row.texts == (old.texts[0], old.texts[2], old.texts[1])
