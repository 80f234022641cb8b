"""The modes of the search by name, as the command line and the window offer them: which schedulers compete."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class SearchMode:
    """What a user may ask for.

    Attributes:
        schedulers: Schedulers of stages and of plans that compete, in the order in which they run.
        description: What it means, in a few words.
    """

    schedulers: tuple[str, ...]
    description: str


MODES: Mapping[str, SearchMode] = MappingProxyType(
    {
        "both": SearchMode(
            (
                "sequential",
                "greedy",
                "both",
                "parallel",
                "merge",
                "dataflow",
                "list",
                "nimble",
                "opara",
                "local",
                "variants",
            ),
            "every scheduler competes, the best measured schedule wins",
        ),
        "parallel": SearchMode(("sequential", "greedy", "parallel"), "IOS with concurrent groups only"),
        "merge": SearchMode(("sequential", "greedy", "merge"), "IOS with merged operators only"),
        "greedy": SearchMode(("sequential", "greedy"), "every stage runs all operators that are ready"),
        "sequential": SearchMode(("sequential",), "one operator after another"),
        "ios-both": SearchMode(("sequential", "greedy", "both"), "IOS with concurrent groups and merged operators"),
        "dataflow": SearchMode(
            ("sequential", "greedy", "both", "dataflow"), "the stages of IOS with data edges in place of barriers"
        ),
        "list": SearchMode(("sequential", "greedy", "list"), "the longest way to the end first, without barriers"),
        "nimble": SearchMode(("sequential", "greedy", "nimble"), "Nimble's streams, without barriers"),
        "opara": SearchMode(("sequential", "greedy", "opara"), "Opara's launch order, without barriers"),
        "local": SearchMode(
            ("sequential", "greedy", "list", "nimble", "opara", "local", "variants"),
            "a local search from the best plan found without IOS",
        ),
    }
)
"""The first one is the default. The sequential schedule always competes: speedups are told against it."""
