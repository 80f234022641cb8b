"""Marks the tests of this folder as `gpu`, skips them with a reason where there is none, and opens the device once.

WARPLOOM_TEST_DEVICE names another device than the first GPU; with "sim:h200" the tests themselves can be tried without
one. WARPLOOM_TEST_PRECISIONS (as "fp16,tf32") leaves precisions out. WARPLOOM_TEST_SHARD (as "2/6") keeps every sixth
group of tests, so that several processes share them out; tests of one model stay together. WARPLOOM_TEST_SECONDS names
a JSON file with what tests took before, by which they are dealt out evenly. WARPLOOM_TEST_PASSED names a file with
tests that are left out.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Generator
from pathlib import Path

import pytest

from gpu_checks.devices import opened_device, why_missing
from gpu_checks.results import record
from warploom.device.protocol import Device
from warploom.graph import Precision

_HERE = Path(__file__).resolve().parent


def pytest_configure() -> None:
    """Threads of ONNX Runtime that spin would take the time of the other processes."""
    if "WARPLOOM_TEST_SHARD" in os.environ:
        import onnxruntime

        class Patient(onnxruntime.SessionOptions):  # type: ignore[misc]
            def __init__(self) -> None:
                super().__init__()
                self.add_session_config_entry("session.intra_op.allow_spinning", "0")

        onnxruntime.SessionOptions = Patient


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Called with every test of the session, also those of other folders."""
    if passed := os.environ.get("WARPLOOM_TEST_PASSED"):
        done = set(Path(passed).read_text(encoding="utf-8").splitlines())
        items[:] = [item for item in items if item.nodeid not in done]
    if shard := os.environ.get("WARPLOOM_TEST_SHARD"):
        items[:] = _shard(items, *map(int, shard.split("/")))
    own = [item for item in items if _HERE in item.path.parents]
    for item in own:
        item.add_marker(pytest.mark.gpu)
        if reason := why_missing():
            item.add_marker(pytest.mark.skip(reason=reason))


def _shard(items: list[pytest.Item], index: int, count: int) -> list[pytest.Item]:
    """The tests of one process, dealt out by what they are about (a model, a family), whatever their order."""
    took = (
        json.loads(Path(os.environ["WARPLOOM_TEST_SECONDS"]).read_text())
        if "WARPLOOM_TEST_SECONDS" in os.environ
        else {}
    )
    seconds: dict[str, float] = {}
    for item in items:
        subject = _subject(item)
        seconds[subject] = seconds.get(subject, 0.0) + took.get(item.nodeid, _USUAL_S)
    loads = [0.0] * count
    shard: dict[str, int] = {}
    for subject in sorted(seconds, key=lambda subject: (-seconds[subject], zlib.crc32(subject.encode()), subject)):
        shard[subject] = loads.index(min(loads))
        loads[shard[subject]] += seconds[subject]
    return [item for item in items if shard[_subject(item)] == index]


_USUAL_S = 2.0


def _subject(item: pytest.Item) -> str:
    """What a test is about: its parameters, precisions aside, or itself."""
    parameters = getattr(item, "callspec", None)
    names = {} if parameters is None else {k: v for k, v in parameters.params.items() if k != "precision"}
    return f"{names}" if "name" in names else f"{item.path.name}{getattr(item, 'originalname', item.name)}{names}"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "precision" in metafunc.fixturenames:
        wanted = os.environ.get("WARPLOOM_TEST_PRECISIONS", "fp32,tf32,fp16,bf16").split(",")
        metafunc.parametrize("precision", [Precision(name) for name in wanted], ids=wanted)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Notes what each test took, so that a run that is stopped says so far as it came."""
    report = yield
    if call.when == "call" or report.failed:
        head = str(report.longrepr.reprcrash.message)[:2000] if hasattr(report.longrepr, "reprcrash") else ""
        record("test", test=item.nodeid, outcome=report.outcome, seconds=round(report.duration, 2), message=head)
    return report


@pytest.fixture(scope="session")
def device() -> Device:
    """The device under test."""
    return opened_device()
