"""Kernel variants: which other kernels a library has for a work's steps than the one that is fastest alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from warploom.cost.database import CostDatabase
from warploom.device.cuda.library.library_plans import LibraryPlans
from warploom.device.cuda.library.plan import ChosenPlan, Kernel
from warploom.device.cuda.library.signature import LibraryStep, signature
from warploom.device.cuda.memory_plan import Work
from warploom.device.cuda.steps import KernelStep, PlainStep
from warploom.graph import Precision


class KernelVariants:
    """The alternatives that were kept when kernels were chosen, by name.

    Args:
        library: Makes their kernels.
        database: Holds what was kept.
    """

    def __init__(self, library: LibraryPlans, database: CostDatabase) -> None:
        self._library = library
        self._database = database
        self._known: dict[str, tuple[ChosenPlan, ...]] = {}

    def names(self, work: Work, precision: Precision) -> tuple[str, ...]:
        """Names of the kernels that some step of the work may have beside its own, the best alone first."""
        found = self._of(work.steps, precision)
        return tuple(dict.fromkeys(kernel_name(plan) for plans in found for plan in plans))

    def named(
        self, work: Work, name: str, precision: Precision, workspace_bytes: Callable[[Sequence[PlainStep]], int]
    ) -> Work:
        """The work with the kernel of that name in every step that knows it; the same work where none does."""
        found = self._of(work.steps, precision)
        known = [any(kernel_name(plan) == name for plan in plans) for plans in found]
        if not any(known):
            return work
        steps = tuple(
            dataclasses.replace(step, kernel=name) if knows and not isinstance(step, KernelStep) else step
            for step, knows in zip(work.steps, known, strict=True)
        )
        return dataclasses.replace(work, steps=steps, workspace_bytes=workspace_bytes(steps))

    def kernel(self, step: LibraryStep, precision: Precision) -> Kernel | None:
        """The kernel that a step names; None where it names none that is known."""
        (plans,) = self._of([step], precision)
        return next((self._library.kernel(step, plan) for plan in plans if kernel_name(plan) == step.kernel), None)

    def _of(self, steps: Sequence[PlainStep], precision: Precision) -> list[tuple[ChosenPlan, ...]]:
        """Of each step the plans beside the one chosen; none for own kernels."""
        keys = ["" if isinstance(step, KernelStep) else signature(step, precision) for step in steps]
        for key, step in zip(keys, steps, strict=True):
            if not isinstance(step, KernelStep) and key not in self._known:
                plan = self._library.prepare([step], precision, self._database, required=False).get(key)
                self._known[key] = () if plan is None else plan.alternatives
        return [self._known.get(key, ()) for key in keys]


def kernel_name(plan: ChosenPlan) -> str:
    """The name by which launches ask for a kernel."""
    return f"{plan.source} {plan.name}"
