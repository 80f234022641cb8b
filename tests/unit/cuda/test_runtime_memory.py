"""Memory of plans: buffers share bytes only where nothing can touch them together, and the check of races finds it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from warploom.device.cuda.layout import Layout, channels_last, row_major
from warploom.device.cuda.memory_plan import Work, ordered_after, plan_memory
from warploom.device.cuda.races import check_races, extent, overlap
from warploom.device.cuda.steps import KernelSource, KernelStep, Region
from warploom.device.cuda.structure import step_key
from warploom.errors import ScheduleError
from warploom.graph import DType, Precision
from warploom.schedule import Launch, StreamPlan
from warploom.schedule.stream_plan import ByteRange

KERNEL = KernelSource("copy_00000000", "code")
IMAGE = channels_last((1, 32, 4, 4), DType.FLOAT16)


def region(buffer: str, layout: Layout = IMAGE, offset: int = 0) -> Region:
    return Region(buffer, offset, layout)


def step(writes: Sequence[Region], reads: Sequence[Region] = ()) -> KernelStep:
    return KernelStep(KERNEL, (1, 1, 1), (32, 1, 1), tuple(writes), tuple(reads))


def work(name: str, *steps: KernelStep, workspace: int = 0) -> Work:
    return Work(name, steps, {}, workspace)


def channels(start: int, size: int, buffer: str = "whole") -> Region:
    """Some channels of an image in `IMAGE`'s layout."""
    return Region(buffer, start, Layout((1, size, 4, 4), IMAGE.strides, DType.FLOAT16, size))


def check(plan: StreamPlan, works: Sequence[Work], sizes: dict[str, int]) -> dict[str, ByteRange]:
    entry = work("entry", step([region("x")], [region("input/x")]))
    order = ordered_after(plan)
    arena = plan_memory({"x": IMAGE.size_bytes, **sizes}, [entry, *works], order)
    check_races(plan.name, [entry, *works], order, arena.ranges)
    assert arena.size >= arena.live_bytes
    return dict(arena.ranges)


def chain(*streams: int, waits: dict[int, tuple[int, ...]] | None = None) -> StreamPlan:
    launches = (Launch((f"op{i}",), stream, (waits or {}).get(i, ())) for i, stream in enumerate(streams))
    return StreamPlan("plan", tuple(launches))


def test_that_a_chain_reuses_bytes() -> None:
    names = ["x", "a", "b", "c"]
    works = [work(f"op{i}", step([region(names[i + 1])], [region(names[i])])) for i in range(3)]
    ranges = check(chain(0, 0, 0), works, dict.fromkeys(names, IMAGE.size_bytes))
    assert ranges["x"].overlaps(ranges["b"])
    assert not ranges["a"].overlaps(ranges["b"])


def test_that_branches_side_by_side_share_no_bytes() -> None:
    works = [work("op0", step([region("a")], [region("x")])), work("op1", step([region("b")], [region("x")]))]
    sizes = {"a": IMAGE.size_bytes, "b": IMAGE.size_bytes}
    ranges = check(chain(0, 1), works, sizes)
    assert not ranges["a"].overlaps(ranges["b"])
    order = ordered_after(chain(0, 1))
    entry = work("entry", step([region("x")], [region("input/x")]))
    with pytest.raises(ScheduleError, match="share bytes while both are in use"):
        check_races("plan", [entry, *works], order, {**ranges, "b": ranges["a"]})


def test_that_workspaces_are_buffers_too() -> None:
    works = [
        work("op0", step([region("a")], [region("x")]), workspace=4096),
        work("op1", step([region("b")], [region("x")]), workspace=4096),
    ]
    ranges = check(chain(0, 1), works, {"a": IMAGE.size_bytes, "b": IMAGE.size_bytes})
    assert not ranges["workspace/op0"].overlaps(ranges["workspace/op1"])
    in_order = check(chain(0, 0), works, {"a": IMAGE.size_bytes, "b": IMAGE.size_bytes})
    assert in_order["workspace/op0"] == in_order["workspace/op1"]


def test_that_producers_write_slices_of_one_buffer_side_by_side() -> None:
    works = [
        work("op0", step([channels(0, 16)], [region("x")])),
        work("op1", step([channels(16, 16)], [region("x")])),
        work("op2", step([region("y")], [region("whole")])),
    ]
    plan = chain(0, 1, 0, waits={2: (1,)})
    sizes = {"whole": IMAGE.size_bytes, "y": IMAGE.size_bytes}
    check(plan, works, sizes)
    overlapping = [works[0], work("op1", step([channels(8, 16)], [region("x")])), works[2]]
    with pytest.raises(ScheduleError, match="'op0' and 'op1' touch the same elements of 'whole'"):
        check(plan, overlapping, sizes)


def test_that_a_buffer_with_two_first_writers_waits_for_the_last_use_of_its_bytes_before_both() -> None:
    # op0 and op1 read x and write a and b; op2 (after op0 only) and op3 (after op1 only) write slices of one buffer.
    works = [
        work("op0", step([region("a")], [region("x")])),
        work("op1", step([region("b")], [region("x")])),
        work("op2", step([channels(0, 16)], [region("a")])),
        work("op3", step([channels(16, 16)], [region("b")])),
    ]
    sizes = dict.fromkeys(("a", "b", "whole"), IMAGE.size_bytes)
    ranges = check(chain(0, 1, 0, 1), works, sizes)
    assert not ranges["whole"].overlaps(ranges["x"])


def test_that_reading_what_nothing_wrote_is_found() -> None:
    with pytest.raises(ScheduleError, match="'op0' reads 'ghost', which nothing wrote before"):
        check(chain(0), [work("op0", step([region("a")], [region("ghost")]))], {"a": 512, "ghost": 512})


@st.composite
def plans(draw: st.DrawFn) -> tuple[StreamPlan, list[Work], dict[str, int]]:
    """Random plans that order every read after its write, with random buffers."""
    count = draw(st.integers(1, 9))
    launches: list[Launch] = []
    works: list[Work] = []
    for i in range(count):
        reads = sorted(draw(st.sets(st.integers(0, i - 1), max_size=2))) if i else []
        stream = draw(st.integers(0, 2))
        launches.append(Launch((f"op{i}",), stream, tuple(j for j in reads if launches[j].stream != stream)))
        sources = [region(f"b{j}") for j in reads] or [region("x")]
        workspace = draw(st.sampled_from((0, 0, 300)))
        works.append(work(f"op{i}", step([region(f"b{i}")], sources), workspace=workspace))
    sizes = {f"b{i}": draw(st.integers(1, 4)) * IMAGE.size_bytes for i in range(count)}
    return StreamPlan("random", tuple(launches)), works, sizes


@given(plans())
def test_that_planned_memory_has_no_race(case: tuple[StreamPlan, list[Work], dict[str, int]]) -> None:
    check(*case)


def elements(of: Region) -> set[int]:
    sizes = of.layout.shape
    if of.layout.channels:
        sizes = (sizes[0], of.layout.channels, *sizes[2:])
    steps = itertools.product(*(range(size) for size in sizes))
    return {of.offset + int(np.dot(index, of.layout.strides)) for index in steps}


@st.composite
def slices(draw: st.DrawFn, dense: Layout) -> Region:
    """A slice of a dense layout: any range along each dimension."""
    offset, shape = 0, []
    for axis, size in enumerate(dense.shape):
        start = draw(st.integers(0, size - 1))
        shape.append(draw(st.integers(1, size - start)))
        offset += start * dense.strides[axis]
    return Region("b", offset, Layout(tuple(shape), dense.strides, dense.dtype))


@pytest.mark.parametrize(
    "dense",
    [channels_last((2, 8, 3, 4), DType.FLOAT16), row_major((2, 3, 4, 5), DType.FLOAT32), row_major((6,), DType.INT64)],
)
@given(data=st.data())
def test_that_overlap_is_exact_for_slices(dense: Layout, data: st.DataObject) -> None:
    first, second = data.draw(slices(dense)), data.draw(slices(dense))
    assert overlap(first, second) == (not elements(first).isdisjoint(elements(second)))
    assert extent(first) == max(elements(first)) - first.offset + 1


@given(data=st.data())
def test_that_overlap_never_misses_one_between_different_views(data: st.DataObject) -> None:
    first = data.draw(slices(row_major((4, 6), DType.FLOAT32)))
    second = data.draw(slices(row_major((2, 3, 4), DType.FLOAT32)))
    if not elements(first).isdisjoint(elements(second)):
        assert overlap(first, second)


def test_that_padded_lanes_count_as_touched() -> None:
    padded = channels_last((1, 12, 2, 2), DType.FLOAT16)
    behind = Region("b", 12, Layout((1, 4, 2, 2), padded.strides, DType.FLOAT16))
    assert padded.channels == 16
    assert overlap(Region("b", 0, padded), behind)
    assert not overlap(Region("b", 0, replace(padded, channels=0)), behind)


def test_that_keys_of_steps_forget_names_but_not_alignment_or_layout() -> None:
    first = step([region("a")], [region("x")])
    key = step_key(first, Precision.FP16)
    assert key == step_key(step([region("b")], [region("y", offset=64)]), Precision.FP16)
    assert key != step_key(step([region("b")], [region("y", offset=1)]), Precision.FP16)
    assert key != step_key(step([region("a")], [region("x", row_major(IMAGE.shape, IMAGE.dtype))]), Precision.FP16)
    assert key != step_key(replace(first, grid=(2, 1, 1)), Precision.FP16)
    assert key != step_key(replace(first, kernel=KernelSource(KERNEL.name, "other")), Precision.FP16)


def test_that_overlap_is_exact_for_views_of_slices() -> None:
    """Rows and columns of a slice seen as one dimension, every second column, and columns backwards."""
    left = Region("b", 0, Layout((2, 8, 3, 4), (288, 1, 96, 24), DType.FLOAT32, 8))
    merged = Region("b", 8, Layout((2, 12, 16), (288, 24, 1), DType.FLOAT32))
    second_columns = Region("b", 8, Layout((2, 16, 3, 2), (288, 1, 96, 48), DType.FLOAT32))
    backwards = Region("b", 8 + 72, Layout((2, 16, 3, 4), (288, 1, 96, -24), DType.FLOAT32))
    for view in (merged, second_columns, backwards):
        assert not overlap(left, view)
        assert not overlap(view, left)
    assert overlap(merged, backwards)
    assert overlap(second_columns, merged)
    assert not overlap(second_columns, Region("b", 8 + 24, second_columns.layout))
