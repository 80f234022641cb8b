"""Buffers share bytes only when every launch that touches one has ended before any that touches the other."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from warploom.device.arena import Buffer, plan_arena


@st.composite
def plans(draw: st.DrawFn) -> tuple[list[Buffer], list[list[int]]]:
    """Launches in a random partial order, and buffers that some of them touch, side by side ones included."""
    count = draw(st.integers(1, 9))
    dependencies = [sorted(draw(st.sets(st.integers(0, i - 1), max_size=3))) if i else [] for i in range(count)]
    buffers = []
    for number in range(draw(st.integers(1, 8))):
        launches = draw(st.sets(st.integers(0, count - 1), min_size=1, max_size=4))
        uses = sum(1 << launch for launch in launches)
        keep = draw(st.booleans())
        buffers.append(Buffer(f"b{number}", draw(st.integers(1, 2000)), min(launches), uses, keep))
    return buffers, dependencies


def ended(dependencies: list[list[int]]) -> list[set[int]]:
    before: list[set[int]] = []
    for earlier in dependencies:
        before.append(set(earlier).union(*(before[launch] for launch in earlier)))
    return before


def launches_of(buffer: Buffer) -> list[int]:
    return [launch for launch in range(buffer.uses.bit_length()) if buffer.uses >> launch & 1]


@given(plans())
def test_that_only_buffers_used_one_after_the_other_share_bytes(case: tuple[list[Buffer], list[list[int]]]) -> None:
    buffers, dependencies = case
    arena = plan_arena(buffers, dependencies)
    before = ended(dependencies)

    def over(old: Buffer, new: Buffer) -> bool:
        return not old.keep and all(a in before[b] for a in launches_of(old) for b in launches_of(new))

    for a, b in itertools.combinations(buffers, 2):
        if arena.ranges[a.name].overlaps(arena.ranges[b.name]):
            assert over(a, b) or over(b, a)
    assert all(arena.ranges[buffer.name].size >= buffer.size for buffer in buffers)
    assert arena.size == max(place.offset + place.size for place in arena.ranges.values())


@given(plans())
def test_that_the_arena_is_no_larger_than_all_buffers_and_no_smaller_than_the_live_ones(
    case: tuple[list[Buffer], list[list[int]]],
) -> None:
    buffers, _ = case
    in_order = [[i - 1] if i else [] for i in range(10)]
    arena = plan_arena(buffers, in_order)
    assert arena.live_bytes <= arena.size <= sum(place.size for place in arena.ranges.values())


def test_that_a_buffer_with_two_first_writers_waits_for_the_one_before_it() -> None:
    """Parts of a concatenation may be written side by side: both writers have to come after the buffer's last owner."""
    old = Buffer("old", 256, first=0, uses=0b0001)
    parts = Buffer("parts", 256, first=1, uses=0b1110)
    free = plan_arena([old, parts], [[], [0], [], [1, 2]])
    assert free.size == 512
    ordered = plan_arena([old, parts], [[], [0], [0], [1, 2]])
    assert ordered.size == 256
