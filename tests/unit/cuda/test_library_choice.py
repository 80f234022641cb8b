"""Which kernels are tried, which plan wins, and what the cost database remembers, with libraries made up."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from library_steps import conv_step, matmul_step
from warploom.cost.database import CostDatabase, Environment
from warploom.device.cuda.errors import CudaError, DeviceMemoryError
from warploom.device.cuda.library.ahead import Request
from warploom.device.cuda.library.choosing import Timed
from warploom.device.cuda.library.library_plans import LibraryPlans
from warploom.device.cuda.library.plan import (
    PLAN_KIND,
    Candidate,
    ChosenPlan,
    Kernel,
    Pointers,
    decode_plan,
    encode_plan,
    with_alternatives,
)
from warploom.device.cuda.library.selection import Experience, Limits, kernels_to_try, limits_for
from warploom.device.cuda.library.signature import LibraryStep, signature
from warploom.device.cuda.memory_plan import Work
from warploom.device.cuda.steps import KernelSource, KernelStep
from warploom.device.cuda.structure import step_key
from warploom.device.cuda.variants import KernelVariants
from warploom.errors import UnsupportedOperatorError
from warploom.graph import DType, Precision

_STEP = conv_step((1, 32, 14, 14), 32, (3, 3))
_KEY = signature(_STEP, Precision.FP16)


def _plan(name: str, latency_us: float = 1.0, source: str = "made-up") -> ChosenPlan:
    return ChosenPlan(_KEY, source, name, DType.FLOAT32, 256, latency_us, name.encode())


@dataclass
class _Kernel:
    plan: ChosenPlan
    enqueued: list[tuple[Pointers, int, int]] = field(default_factory=list)

    def enqueue(self, pointers: Pointers, workspace: int, stream: int) -> None:
        self.enqueued.append((pointers, workspace, stream))

    def data(self) -> bytes:
        return self.plan.name.encode()


@dataclass
class _Source:
    """Kernels by name with their latencies; an error stands for one that cannot be built, or cannot run."""

    kernels: dict[str, float | Exception]
    name: str = "made-up"
    compiled: bool = True
    built: list[str] = field(default_factory=list)
    restored: list[str] = field(default_factory=list)
    forgotten: bool = False

    def candidates(self, step: LibraryStep, precision: Precision) -> Sequence[Candidate]:
        key = signature(step, precision)
        return [Candidate(self.name, name, self.compiled, lambda n=name: self._build(n, key)) for name in self.kernels]

    def restore(self, step: LibraryStep, precision: Precision, plan: ChosenPlan) -> Kernel | None:
        if plan.source != self.name:
            return None
        if self.forgotten:
            raise CudaError("no such kernel any more", call="restoring")
        assert signature(step, precision) == plan.signature
        self.restored.append(plan.name)
        return _Kernel(plan)

    def _build(self, name: str, key: str) -> Kernel:
        found = self.kernels[name]
        if isinstance(found, Exception):
            raise found
        self.built.append(name)
        return _Kernel(ChosenPlan(key, self.name, name, DType.FLOAT32, 256, float("inf"), b""))


@dataclass
class _Bench:
    sources: Sequence[_Source]
    best: list[float] = field(default_factory=list)
    closed: bool = False

    def first(self, kernel: Kernel, step: LibraryStep, best_us: float) -> Timed | None:  # noqa: ARG002
        self.best.append(best_us)
        latency = self._latency(kernel)
        return None if latency > 100 else Timed(kernel, latency, None)

    def finals_us(self, timed: Sequence[Timed]) -> list[float]:
        return [self._latency(entry.kernel) for entry in timed]

    def differences(self, kernels: Sequence[Kernel], step: LibraryStep) -> list[float]:  # noqa: ARG002
        return [0.5 if kernel.plan.name == "wrong" else 1e-7 for kernel in kernels]

    def early_operands(self, kernel: Kernel, step: LibraryStep) -> tuple[str, ...]:  # noqa: ARG002
        return ("residual",) if kernel.plan.name == "hasty" else ()

    def next_step(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True

    def _latency(self, kernel: Kernel) -> float:
        source = next(source for source in self.sources if source.name == kernel.plan.source)
        latency = source.kernels[kernel.plan.name]
        assert isinstance(latency, float)
        return latency


class _Libraries:
    def __init__(self, *sources: _Source) -> None:
        self.sources = sources
        self.benches: list[_Bench] = []

    def ahead(
        self,
        requests: Sequence[Request],  # noqa: ARG002
        waiting: Callable[[], None],  # noqa: ARG002
    ) -> AbstractContextManager[Sequence[_Source]]:
        return nullcontext(self.sources)

    def bench(self) -> _Bench:
        self.benches.append(_Bench(self.sources))
        return self.benches[-1]

    def close(self) -> None:
        pass


@pytest.fixture
def database(tmp_path: Path) -> Iterator[CostDatabase]:
    environment = Environment("NVIDIA H200", 132, "580", ())
    with CostDatabase(tmp_path / "costs.db", environment, lambda text: pytest.fail(text)) as opened:
        yield opened


def _tried(source: _Source, limits: Limits, experience: Experience) -> list[str]:
    candidates = source.candidates(_STEP, Precision.FP16)
    return [kernel.plan.name for kernel in kernels_to_try(candidates, limits, experience, lambda _: None)]


def test_that_the_fastest_plan_wins_and_the_next_ones_stay_alternatives() -> None:
    own = _Source({"a": 3.0, "b": 1.0, "c": 9.0, "d": 2.0, "f": 7.0, "g": 8.0})
    libraries = _Libraries(own, _Source({"e": 0.5}, name="other"))
    plan = LibraryPlans(libraries).prepare([_STEP], Precision.FP16)[_KEY]
    assert [(p.source, p.name, p.latency_us) for p in (plan, *plan.alternatives)] == [
        ("other", "e", 0.5),
        ("made-up", "b", 1.0),
        ("made-up", "d", 2.0),
        ("made-up", "a", 3.0),
        ("made-up", "f", 7.0),
        ("made-up", "g", 8.0),
    ]
    assert plan.data == b"e"
    assert all(alternative.alternatives == () for alternative in plan.alternatives)
    assert libraries.benches[0].closed


def test_that_steps_of_one_signature_share_a_plan_and_its_kernel() -> None:
    source = _Source({"a": 1.0})
    plans = LibraryPlans(_Libraries(source))
    other = replace(_STEP, x=replace(_STEP.x, buffer="other"))
    found = plans.prepare([_STEP, other], Precision.FP16)
    assert list(found) == [_KEY]
    assert source.built == ["a"]
    plans.enqueue(other, found[_KEY], {"x": 1}, 2, 3)
    kernel = plans.kernel(_STEP, found[_KEY])
    assert isinstance(kernel, _Kernel)
    assert kernel.enqueued == [({"x": 1}, 2, 3)]
    assert source.restored == []


def test_that_known_plans_are_restored_and_not_timed(database: CostDatabase) -> None:
    first = LibraryPlans(_Libraries(_Source({"a": 3.0, "b": 1.0}))).prepare([_STEP], Precision.FP16, database)
    source = _Source({"a": 3.0, "b": 1.0})
    asked: list[tuple[int, int, str]] = []
    plans = LibraryPlans(_Libraries(source))
    second = plans.prepare([_STEP], Precision.FP16, database, lambda *said: asked.append(said))
    assert second == first
    assert (source.built, source.restored, asked) == ([], ["b"], [])
    plans.enqueue(_STEP, second[_KEY].alternatives[0], {}, 0, 0)
    assert source.restored == ["b", "a"]


def test_that_plans_that_cannot_be_restored_are_chosen_again(database: CostDatabase) -> None:
    LibraryPlans(_Libraries(_Source({"a": 1.0}))).prepare([_STEP], Precision.FP16, database)
    source = _Source({"a": 4.0, "new": 2.0}, forgotten=True)
    asked: list[str] = []
    found = LibraryPlans(_Libraries(source)).prepare(
        [_STEP], Precision.FP16, database, lambda _, __, key: asked.append(key)
    )
    assert found[_KEY].name == "new"
    assert asked == [_KEY]
    kept = decode_plan(database.get(PLAN_KIND, [_KEY])[_KEY], _KEY)
    assert kept == found[_KEY]


@pytest.mark.parametrize("damage", [b"nonsense", encode_plan(replace(_plan("a"), signature="another step"))])
def test_that_a_damaged_entry_is_no_plan(database: CostDatabase, damage: bytes) -> None:
    database.put(PLAN_KIND, {_KEY: damage})
    source = _Source({"a": 1.0})
    assert LibraryPlans(_Libraries(source)).prepare([_STEP], Precision.FP16, database)[_KEY].name == "a"
    assert source.built == ["a"]


def test_that_plans_outlive_their_encoding() -> None:
    plan = with_alternatives([_plan("a"), _plan("b", 2.0), replace(_plan("c"), bias_dtype=None)])
    assert decode_plan(encode_plan(plan), _KEY) == plan


def test_that_what_no_library_can_do_is_said_and_remembered(database: CostDatabase) -> None:
    refusing = _Source({"a": CudaError("declined by the library.", call="building")})
    plans = LibraryPlans(_Libraries(refusing))
    assert plans.prepare([_STEP], Precision.FP16, database, required=False) == {}
    with pytest.raises(UnsupportedOperatorError, match="No library has a kernel for fp16 conv"):
        plans.prepare([_STEP], Precision.FP16, database)
    with pytest.raises(UnsupportedOperatorError, match="declined by the library"):
        plans.prepare([_STEP], Precision.FP16)
    able = _Source({"a": 1.0})
    assert LibraryPlans(_Libraries(able)).prepare([_STEP], Precision.FP16, database, required=False) == {}
    assert able.built == [], "the database says that there is nothing to be found"


def test_that_one_step_without_a_kernel_does_not_lose_the_plans_of_others(database: CostDatabase) -> None:
    product = matmul_step((8, 16), (16, 24))
    source = _Source({"a": 1.0})
    only_products = replace(source)

    def candidates(step: LibraryStep, precision: Precision) -> Sequence[Candidate]:
        return source.candidates(step, precision) if step is product else ()

    only_products.candidates = candidates  # type: ignore[method-assign]
    with pytest.raises(UnsupportedOperatorError):
        LibraryPlans(_Libraries(only_products)).prepare([_STEP, product], Precision.FP16, database)
    key = signature(product, Precision.FP16)
    assert decode_plan(database.get(PLAN_KIND, [key])[key], key) is not None


def test_that_a_lost_gpu_ends_the_search_at_once() -> None:
    lost = CudaError("gone", call="building", name="cudaErrorIllegalAddress", sticky=True)
    source = _Source({"a": lost, "b": 1.0})
    with pytest.raises(CudaError) as caught:
        LibraryPlans(_Libraries(source)).prepare([_STEP], Precision.FP16)
    assert caught.value is lost
    assert source.built == []


def test_that_missing_memory_is_not_taken_for_a_missing_kernel(database: CostDatabase) -> None:
    source = _Source({"a": DeviceMemoryError("allocating scratch memory", 1 << 40, 1 << 30)})
    with pytest.raises(DeviceMemoryError):
        LibraryPlans(_Libraries(source)).prepare([_STEP], Precision.FP16, database, required=False)
    assert database.get(PLAN_KIND, [_KEY]) == {}


def test_that_a_bench_that_fails_is_closed() -> None:
    libraries = _Libraries(_Source({"a": CudaError("gone", call="x", sticky=True)}))
    with pytest.raises(CudaError):
        LibraryPlans(libraries).prepare([_STEP], Precision.FP16)
    assert libraries.benches[0].closed


def test_that_hopeless_kernels_are_left_out_and_the_bench_knows_the_best_so_far() -> None:
    libraries = _Libraries(_Source({"slow": 5000.0, "a": 3.0, "b": 2.0}))
    plan = LibraryPlans(libraries).prepare([_STEP], Precision.FP16)[_KEY]
    assert [plan.name, *(p.name for p in plan.alternatives)] == ["b", "a"]
    assert libraries.benches[0].best == [float("inf"), float("inf"), 3.0]


def test_that_only_the_first_compiled_kernels_are_tried_and_refusals_do_not_count() -> None:
    refusal = CudaError("deselected", call="building")
    source = _Source({"x": refusal, "a": 1.0, "y": refusal, "b": 1.0, "c": 1.0})
    assert _tried(source, Limits(compiled=2), Experience()) == ["a", "b"]


def test_that_few_kernels_are_compiled_anew_but_known_ones_are_tried_beyond_that() -> None:
    source = _Source(dict.fromkeys("abcdef", 1.0), compiled=False)
    experience = Experience()
    assert _tried(source, Limits(run_time=4, new=2), experience) == ["a", "b"]
    assert _tried(source, Limits(run_time=4, new=2), experience) == ["a", "b", "c", "d"]
    assert _tried(source, Limits(run_time=3, new=2), experience) == ["a", "b", "c"]
    assert _tried(source, Limits(run_time=9, new=0), experience) == ["a", "b", "c", "d"]


def test_that_kernels_that_won_before_come_first() -> None:
    source = _Source(dict.fromkeys("abcdef", 1.0), compiled=False)
    experience = Experience()
    experience.note_win("made-up", "e")
    experience.note_win("made-up", "f")
    experience.note_win("made-up", "f")
    experience.note_win("another source", "a")
    assert _tried(source, Limits(new=3), experience) == ["f", "e", "a"]


def test_that_kernels_proven_elsewhere_come_before_unknown_ones_and_after_own_winners() -> None:
    source = _Source(dict.fromkeys(("a", "b", "eng4_k24=36", "eng4_k24=19"), 1.0), compiled=False)
    experience = Experience()
    experience.note_win("made-up", "b")
    assert _tried(source, Limits(new=4), experience) == ["b", "eng4_k24=19", "eng4_k24=36", "a"]


def test_that_each_source_has_its_own_limits() -> None:
    sources = (_Source({"a": 1.0, "b": 1.0}), _Source({"a": 1.0, "b": 1.0}, name="other"))
    candidates = [c for source in sources for c in source.candidates(_STEP, Precision.FP16)]
    tried = kernels_to_try(candidates, Limits(compiled=1), Experience(), lambda _: None)
    assert [(kernel.plan.source, kernel.plan.name) for kernel in tried] == [("made-up", "a"), ("other", "a")]


def test_that_kernels_beyond_the_limit_of_workspaces_count_as_declined() -> None:
    source = _Source({"a": 1.0, "b": 1.0})
    assert _tried(source, Limits(workspace_bytes=256), Experience()) == ["a", "b"]
    refusals: list[CudaError] = []
    candidates = source.candidates(_STEP, Precision.FP16)
    assert list(kernels_to_try(candidates, Limits(workspace_bytes=255), Experience(), refusals.append)) == []
    assert "256 bytes of workspace, 255 are allowed" in str(refusals[0])
    with pytest.raises(UnsupportedOperatorError, match="255 are allowed"):
        LibraryPlans(_Libraries(source), workspace_bytes=255).prepare([_STEP], Precision.FP16)


def test_that_less_is_tried_for_groups_and_when_time_runs_out() -> None:
    grouped = limits_for(conv_step((1, 32, 14, 14), 32, (3, 3), groups=4), 0.0)
    assert grouped.compiled < limits_for(_STEP, 0.0).compiled
    assert limits_for(_STEP, 20.0).new < limits_for(_STEP, 0.0).new
    assert limits_for(_STEP, 1000.0).compiled < limits_for(_STEP, 20.0).compiled


def test_that_plans_say_which_operands_their_kernels_read_early(database: CostDatabase) -> None:
    libraries = _Libraries(_Source({"hasty": 1.0, "patient": 2.0}))
    plans = LibraryPlans(libraries)
    plan = plans.prepare([_STEP], Precision.FP16, database)[_KEY]
    assert plans.kernel(_STEP, plan).plan.early == ("residual",)  # the kernel that was timed knows it, too
    again = LibraryPlans(libraries).prepare([_STEP], Precision.FP16, database)[_KEY]
    assert (plan.name, plan.early) == ("hasty", ("residual",))
    assert plan.alternatives[0].early == ()
    assert again == plan


def _first_and_third_named(library: LibraryPlans, database: CostDatabase) -> None:
    variants = KernelVariants(library, database)
    work = Work("conv", (_STEP, own_step()), {}, 256)
    assert variants.names(work, Precision.FP16) == ("made-up b", "made-up c")
    changed = variants.named(work, "made-up c", Precision.FP16, lambda steps: 1000 + len(steps))
    named, own = changed.steps
    assert (getattr(named, "kernel", None), own, changed.workspace_bytes) == ("made-up c", work.steps[1], 1002)
    kernel = variants.kernel(replace(_STEP, kernel="made-up c"), Precision.FP16)
    assert kernel is not None
    assert kernel.plan.name == "c"
    assert variants.named(work, "made-up a", Precision.FP16, lambda _: 0) is work  # its own choice is no variant
    assert variants.kernel(replace(_STEP, kernel="unheard of"), Precision.FP16) is None


def own_step() -> KernelStep:
    return KernelStep(KernelSource("k", ""), (1, 1, 1), (32, 1, 1), (_STEP.y,), (_STEP.y,))


def test_that_kernels_that_are_not_fastest_alone_can_be_asked_for_by_name(database: CostDatabase) -> None:
    kernels: dict[str, float | Exception] = {"a": 1.0, "b": 2.0, "c": 3.0}
    with LibraryPlans(_Libraries(_Source(kernels))) as library:
        library.prepare([_STEP], Precision.FP16, database)
        _first_and_third_named(library, database)
    with LibraryPlans(_Libraries(_Source({}))) as another:  # a later process: from the database alone
        _first_and_third_named(another, database)


def test_that_steps_with_other_kernels_cost_something_of_their_own() -> None:
    assert step_key(_STEP, Precision.FP16) != step_key(replace(_STEP, kernel="made-up c"), Precision.FP16)


def test_that_a_kernel_that_computes_something_else_than_most_is_left_out() -> None:
    libraries = _Libraries(_Source({"wrong": 1.0, "b": 2.0, "c": 3.0}))
    plan = LibraryPlans(libraries).prepare([_STEP], Precision.FP16)[_KEY]
    assert [plan.name, *(other.name for other in plan.alternatives)] == ["b", "c"]
    two = LibraryPlans(_Libraries(_Source({"wrong": 1.0, "b": 2.0}))).prepare([_STEP], Precision.FP16)[_KEY]
    assert two.name == "wrong"  # of two nobody can say which
