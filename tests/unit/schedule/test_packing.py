from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from warploom.device.cuda.capture_streams import capture_places
from warploom.schedule import Launch, StreamPlan
from warploom.schedule.packing import pack_streams


def ancestors_without_streams(work: list[tuple[int, tuple[int, ...]]]) -> list[int]:
    """Plain definition: closure over waits and the work before on the same stream."""
    masks: list[int] = []
    for i, (stream, waits) in enumerate(work):
        earlier = [j for j in range(i) if work[j][0] == stream]
        direct = {*waits, *earlier[-1:]}
        masks.append(sum({1 << k for j in direct for k in (*_bits(masks[j]), j)}))
    return masks


def _bits(mask: int) -> list[int]:
    return [k for k in range(mask.bit_length()) if mask >> k & 1]


@st.composite
def plans(draw: st.DrawFn) -> StreamPlan:
    count = draw(st.integers(1, 14))
    launches = [
        Launch(
            (f"n{i}",),
            draw(st.integers(0, 7)),
            tuple(sorted(draw(st.sets(st.integers(0, i - 1), max_size=3)))) if i else (),
        )
        for i in range(count)
    ]
    return StreamPlan("random", tuple(launches))


@settings(max_examples=300, deadline=None)
@given(plans())
def test_that_packing_orders_neither_more_nor_less(plan: StreamPlan) -> None:
    packed = pack_streams(plan)
    assert packed.ancestors() == plan.ancestors()
    assert packed.streams <= len({launch.stream for launch in plan.launches})
    assert [launch.waits for launch in packed.launches] == [launch.waits for launch in plan.launches]
    assert pack_streams(packed).streams <= packed.streams


@settings(max_examples=300, deadline=None)
@given(plans())
def test_that_ancestors_and_dependencies_say_the_same(plan: StreamPlan) -> None:
    work = [(launch.stream, launch.waits) for launch in plan.launches]
    expected = ancestors_without_streams(work)
    assert list(plan.ancestors()) == expected
    for i, before in enumerate(plan.dependencies()):
        assert sum({1 << k for j in before for k in (*_bits(expected[j]), j)}) == expected[i]


@settings(max_examples=300, deadline=None)
@given(plans())
def test_that_what_is_captured_keeps_the_order_and_repeats_no_edge(plan: StreamPlan) -> None:
    captured = [(place.stream, place.waits) for place in capture_places(plan.launches)]
    masks = ancestors_without_streams(captured)
    assert masks == list(plan.ancestors())
    for i, (stream, waits) in enumerate(captured):
        before = {*waits, *[j for j in range(i) if captured[j][0] == stream][-1:]}
        assert not any(masks[one] >> other & 1 for one in before for other in before)


def test_that_chains_take_over_the_stream_of_what_ended_before() -> None:
    launches = (Launch(("a",), 0), Launch(("b",), 1, (0,)), Launch(("c",), 2, (0, 1)), Launch(("d",), 3, (2,)))
    packed = pack_streams(StreamPlan("chain", launches))
    assert [launch.stream for launch in packed.launches] == [0, 0, 0, 0]
    side_by_side = StreamPlan("wide", (Launch(("a",), 4), Launch(("b",), 9), Launch(("c",), 4)))
    assert [launch.stream for launch in pack_streams(side_by_side).launches] == [0, 1, 0]
