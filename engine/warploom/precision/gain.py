"""Which quantized operators gain by it on a device: measured alone, and with what the others read and store."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from warploom.device.protocol import Device
from warploom.graph import Graph, LogEntry, Precision
from warploom.precision.costs import operator_costs
from warploom.precision.decision import entry

_SLOWER = 1.02

Planned = Callable[[Sequence[str]], Graph]
"""The Graph with just these operators quantized."""


@dataclass(frozen=True, slots=True)
class Gain:
    """What was decided.

    Attributes:
        operators: To be quantized, in the Graph's order; empty where floats are faster.
        log: The operators that are not, or that lose, with their times; the sums last.
    """

    operators: tuple[str, ...]
    log: tuple[LogEntry, ...]


def quantized_with_gain(graph: Graph, operators: Sequence[str], planned: Planned, device: Device) -> Gain:
    """Leaves operators in 16 bits that take longer in 8, if that makes the sum over all operators less.

    One that stays in 16 bits has to convert what others leave in 8 bits. So those that take longer still then are put
    back, and of all quantized, those that gain, and both together, what takes least in sum is taken; nothing, where
    that is more than in 16 bits.

    Args:
        graph: In floats.
        operators: That could be quantized.
        planned: Quantizes some of them.
        device: Says what an operator costs.
    """
    half = operator_costs(device, graph, Precision.FP16)
    costs: dict[tuple[str, ...], dict[str, float]] = {}

    def known(names: tuple[str, ...]) -> dict[str, float]:
        if names not in costs:
            costs[names] = operator_costs(device, planned(names), Precision.INT8) if names else half
        return costs[names]

    everything = tuple(operators)
    integer = known(everything)
    slow = {name for name in everything if integer[name] > half[name] * _SLOWER}
    gaining = tuple(name for name in everything if name not in slow)
    mixed = known(gaining)
    back = {name for name in slow if mixed[name] > integer[name]}
    both = tuple(name for name in everything if name not in slow or name in back)
    known(both)
    # In this order, so that of equals the one with the fewest losing operators is taken.
    best = min((gaining, both, everything, ()), key=lambda names: sum(known(names).values()))
    log = [_kept(name, integer[name], half[name]) for name in everything if name in slow and name not in best]
    log += [
        _losing(name, integer[name], half[name], mixed[name]) for name in everything if name in slow and name in best
    ]
    return Gain(best, (*log, _sums(best, gaining or everything, half, known)))


def _kept(name: str, integer_us: float, half_us: float) -> LogEntry:
    return entry("kept in fp16", (name,), f"8 bits take {integer_us:.2f} us there, 16 bits {half_us:.2f} us")


def _losing(name: str, integer_us: float, half_us: float, mixed_us: float) -> LogEntry:
    reason = (
        f"8 bits take {integer_us:.2f} us there, 16 bits {half_us:.2f} us alone, but {mixed_us:.2f} us after the "
        "conversion of what others leave in 8 bits"
    )
    return entry("slower in int8", (name,), reason)


def _sums(
    best: Sequence[str],
    tried: tuple[str, ...],
    half: Mapping[str, float],
    known: Callable[[tuple[str, ...]], Mapping[str, float]],
) -> LogEntry:
    found = sum(known(tuple(best) if best else tried).values())
    verb = "take" if best else "would take"
    subject = (f"{len(best) or len(tried)} operators in 8 bits",)
    return entry("measured", subject, f"all operators {verb} {found:.1f} us alone, {sum(half.values()):.1f} us in fp16")
