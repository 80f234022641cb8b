"""That the shipped constants are as close to recordings of an H200 as docs/simulated-gpu.md says."""

from __future__ import annotations

import importlib
import statistics
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import pytest

from warploom.device.simulated.description import load_description


@pytest.fixture(scope="module")
def calibrate(repository: Path):
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(repository / "benchmarks"))
        yield importlib.import_module("calibrate")


@pytest.fixture(scope="module")
def figures(calibrate: ModuleType) -> Sequence:
    gpu = load_description("h200")
    return [calibrate.figures_of(model, gpu) for model in calibrate.models()]


def median_error(figures: Sequence) -> float:
    return statistics.median(abs(one.error) for one in figures)


def test_that_operators_alone_are_as_close_as_published(figures: Sequence) -> None:
    assert len(figures) == 11
    assert median_error([one for part in figures for one in part.operators]) < 0.06
    for part in figures:
        assert median_error(part.operators) < 0.15, part.operators[0].model


def test_that_whole_plans_are_as_close_as_published(figures: Sequence) -> None:
    assert median_error([one for part in figures for one in part.plans]) < 0.03
    for part in figures:
        assert median_error(part.plans) < 0.10, part.plans[0].model
        assert max(abs(one.error) for one in part.plans) < 0.15, part.plans[0].model


def test_that_the_faster_of_two_plans_is_the_measured_one(figures: Sequence) -> None:
    for part in figures:
        first, *others = part.plans
        assert first.what == "sequential"
        for other in others:
            assert (other.simulated_us < first.simulated_us) == (other.measured_us < first.measured_us)


def test_that_a_fit_finds_constants_again_that_were_changed(calibrate: ModuleType, monkeypatch) -> None:
    gpu = load_description("h200")
    model = next(model for model in calibrate.models() if model.name.startswith("sample_network"))
    monkeypatch.setattr(calibrate, "START", {"step_cycles": 400.0, "product_latency_us": gpu.product_latency_us})
    monkeypatch.setattr(calibrate, "TRADED", ())
    fitted = calibrate.fit([model], gpu)
    assert calibrate.figures_of(model, fitted).loss <= calibrate.figures_of(model, gpu).loss + 0.01
