"""What to know about a recording before believing its figures, in sentences: what nobody compared, which precisions."""

from __future__ import annotations

from collections import Counter

from warploom.graph import Precision
from warploom.recording.recording import Recording

NO_REFERENCE = "no reference"
"""Decision in the build log where the user wanted outputs compared and there is nothing to compare them with."""

UNCALIBRATED = "uncalibrated"
"""Decision in the build log where no calibration data was given."""

RANDOM_CALIBRATION = (
    "Random inputs stood in for calibration data, which real inputs may not resemble: give a folder with --calibrate."
)
"""What there is to say about it."""

_WORDS = {
    Precision.INT8: "8-bit integers",
    Precision.FP16: "fp16",
    Precision.BF16: "bf16",
    Precision.FP32: "fp32",
    Precision.TF32: "tf32",
}


def remarks(recording: Recording) -> tuple[str, ...]:
    """The sentences, the most important first; none where outputs were compared and one arithmetic is used."""
    missing = [
        entry.reason for entry in recording.build_log if entry.step == "verify" and entry.decision == NO_REFERENCE
    ]
    return (*(f"Outputs could not be compared: {reason}" for reason in missing), *_of_precisions(recording))


def _of_precisions(recording: Recording) -> tuple[str, ...]:
    plan = recording.settings.precision_plan
    if plan is None:
        return ()
    found = []
    if any(entry.decision == UNCALIBRATED for entry in recording.build_log):
        found.append(RANDOM_CALIBRATION)
    counts = Counter(plan.by_operator.values())
    total = len(recording.graph.operators)
    if plan.precision is Precision.INT8 and not counts[Precision.INT8]:
        return (*found, "No operator computes in 8-bit integers: the build log says of each why it stays in fp16.")
    rest = Precision.FP16 if plan.precision is Precision.INT8 else Precision.FP32
    counts[rest] += max(0, total - counts.total())
    parts = [f"{count:,} in {_WORDS[one]}" for one, count in counts.most_common() if count]
    return (*found, f"Of {total:,} operators, {', '.join(parts)}: the build log says why.")
