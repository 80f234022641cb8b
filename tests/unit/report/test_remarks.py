"""What decided precisions is said with the figures, in every form that shows them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from warploom.graph import LogEntry, Precision
from warploom.graph.precision_plan import PrecisionPlan
from warploom.recording.recording import Recording
from warploom.report.html_view import caveat_lines
from warploom.report.remarks import remarks
from warploom.report.summary import summary


@pytest.fixture
def recording(make_recording: Callable[..., Recording]) -> Recording:
    return make_recording()


def decided(recording: Recording, precision: Precision, count: int, *log: LogEntry) -> Recording:
    names = [operator.name for operator in recording.graph.operators]
    stored = precision if precision is Precision.INT8 else Precision.FP16
    plan = PrecisionPlan(precision, tuple((name, stored) for name in names[:count]))
    settings = dataclasses.replace(recording.settings, precision=precision, precision_plan=plan)
    return dataclasses.replace(recording, settings=settings, build_log=log)


def test_that_one_arithmetic_needs_no_remark(recording: Recording) -> None:
    assert remarks(recording) == ()


def test_that_it_is_said_where_nothing_could_be_compared(recording: Recording) -> None:
    entry = LogEntry("verify", ("model",), "no reference", "ONNX Runtime does not run it.")
    unchecked = dataclasses.replace(recording, build_log=(entry,))
    line = "Outputs could not be compared: ONNX Runtime does not run it."
    assert remarks(unchecked) == (line,)
    assert summary(unchecked)["remarks"] == [line]


def test_that_missing_calibration_is_said_wherever_figures_are_shown(recording: Recording) -> None:
    found = decided(recording, Precision.INT8, 1, LogEntry("precision", ("model",), "uncalibrated", ""))
    first, counts = remarks(found)
    total = len(recording.graph.operators)
    assert "Random inputs stood in for calibration data" in first
    assert counts == f"Of {total} operators, {total - 1} in fp16, 1 in 8-bit integers: the build log says why."
    assert caveat_lines(found)[:2] == (first, counts)
    assert summary(found)["remarks"] == [first, counts]


def test_that_integers_that_gain_nowhere_are_said(recording: Recording) -> None:
    (line,) = remarks(decided(recording, Precision.INT8, 0))
    assert line.startswith("No operator computes in 8-bit integers")


def test_that_floats_that_were_kept_are_counted(recording: Recording) -> None:
    (line,) = remarks(decided(recording, Precision.MIXED, 2))
    assert "2 in fp16" in line
    assert "in fp32" in line
