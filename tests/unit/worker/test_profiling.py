"""The job and devices that profile: options are handed on, and all plans are profiled in one go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from fixtures_recording import branching_graph
from warploom.device.profiling import ProfileOptions
from warploom.device.registry import open_device
from warploom.errors import ProfileError
from warploom.graph import Precision
from warploom.schedule.search import SearchLimits
from warploom.timeline import Timeline
from warploom.worker.candidates import plan_candidates
from warploom.worker.context import JobContext
from warploom.worker.execution import execute_candidates
from warploom.worker.messages import OptimizeOptions
from warploom.worker.settings import check_settings


class ProfilingGpu:
    """The simulated GPU, with a profiler that counts."""

    def __init__(self) -> None:
        self._device = open_device("sim:h200")
        self.calls: list[tuple[int, ProfileOptions, bool]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._device, name)

    def profile_together(
        self, executables: Sequence[Any], options: ProfileOptions, cancelled: Callable[[], bool]
    ) -> list[Timeline]:
        self.calls.append((len(executables), options, cancelled()))
        return [executable.profile() for executable in executables]


@pytest.mark.parametrize("stopped", [False, True])
def test_that_all_plans_are_profiled_together_with_the_users_options(stopped: bool) -> None:
    graph, gpu = branching_graph(1), ProfilingGpu()
    context = JobContext(1, lambda _: None, lambda: False)
    planned = plan_candidates(
        graph, gpu.cost_model(graph, Precision.FP32), "greedy", SearchLimits(seconds=5.0), context
    )
    options = ProfileOptions(2000, ("dram",))
    stopping = JobContext(1, lambda _: None, lambda: stopped)
    outcomes = execute_candidates(planned, graph, gpu, Precision.FP32, 3, stopping, options)
    assert gpu.calls == [(len({one.launches for one in planned}), options, stopped)]
    for name, outcome in outcomes.items():
        assert outcome.timeline.name == name


def test_that_settings_carry_the_profile() -> None:
    settings = check_settings(OptimizeOptions(sample_interval_ns=2000, counters=("dram", "dram", "l2")))
    assert settings.profile == ProfileOptions(2000, ("dram", "l2"))


def test_that_a_job_may_leave_tracing_out() -> None:
    assert check_settings(OptimizeOptions()).profile.traced
    assert not check_settings(OptimizeOptions(profile=False)).profile.traced


@pytest.mark.parametrize("options", [OptimizeOptions(sample_interval_ns=1), OptimizeOptions(counters=("caches",))])
def test_that_a_profile_out_of_range_is_refused_before_any_work(options: OptimizeOptions) -> None:
    with pytest.raises(ProfileError):
        check_settings(options)
