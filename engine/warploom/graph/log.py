"""The build log: every fold, fusion, merge and scheduling decision with its reason."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One decision.

    Attributes:
        step: The part that decided: "import", a pass such as "fold_batch_norm", a scheduler such as "ios", "device".
        subject: The operators (or file, or setting) that the decision is about.
        decision: What was done, or declined ("folded", "fused", "kept apart", "merged", ...).
        reason: Why, in one sentence, with the figures that decided where there are any.
    """

    step: str
    subject: tuple[str, ...]
    decision: str
    reason: str
