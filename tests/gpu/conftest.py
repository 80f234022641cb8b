"""Marks the tests of this folder as `gpu`, skips them with a reason where there is none, and opens the device once.

WARPLOOM_TEST_DEVICE names another device than the first GPU; with "sim:h200" the tests themselves can be tried without
one. WARPLOOM_TEST_PRECISIONS (as "fp16,tf32") leaves precisions out.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

import pytest

from gpu_checks.devices import opened_device, why_missing
from gpu_checks.results import record
from warploom.device.protocol import Device
from warploom.graph import Precision

_HERE = Path(__file__).resolve().parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Called with every test of the session, also those of other folders."""
    own = [item for item in items if _HERE in item.path.parents]
    for item in own:
        item.add_marker(pytest.mark.gpu)
        if reason := why_missing():
            item.add_marker(pytest.mark.skip(reason=reason))


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
