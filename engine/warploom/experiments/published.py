"""Figures that others have published, to stand beside those measured here; labelled with where they are from."""

from __future__ import annotations

import msgspec

from warploom.paths import data_path


class PublishedIos(msgspec.Struct, frozen=True, kw_only=True):
    """What the paper and the repository of IOS report; milliseconds, by what ran and then by network.

    Attributes:
        source: Of the figures.
        device: That they were measured on.
        networks: Names of the networks as the paper writes them, by recipe.
        schedules_ms: By schedule.
        search_s: Seconds of the search for both.
        frameworks_ms: By framework.
        sample_network_ms: By schedule.
        batch_specialization_ms: By the batch that the schedule is for, then the batch that it runs.
        device_specialization_ms: By the device that the schedule is for, then the device that it runs on.
        pruning: By network and "r,s": seconds of the search, milliseconds.
        batch_sizes_ms: By what ran and batch.
        autotvm_ms: TVM with kernels tuned for 26 hours on eight V100, by network.
    """

    source: str
    device: str
    networks: dict[str, str]
    schedules_ms: dict[str, dict[str, float]]
    search_s: dict[str, float]
    frameworks_ms: dict[str, dict[str, float]]
    sample_network_ms: dict[str, float]
    batch_specialization_ms: dict[str, dict[str, float]]
    device_specialization_ms: dict[str, dict[str, float]]
    pruning: dict[str, dict[str, tuple[float, float]]]
    batch_sizes_ms: dict[str, dict[str, float]]
    autotvm_ms: dict[str, float]


class PublishedPeers(msgspec.Struct, frozen=True):
    """What peers reach on an H200, not from the same run as anything here; milliseconds by network and precision."""

    source: str
    device: str
    latencies_ms: dict[str, dict[str, dict[str, float]]]
    note: str = ""


def published_ios() -> PublishedIos:
    """The figures of IOS."""
    return msgspec.json.decode(data_path("assets", "published", "ios_v100.json").read_bytes(), type=PublishedIos)


def published_peers() -> PublishedPeers:
    """The figures of peers on an H200."""
    return msgspec.json.decode(data_path("assets", "published", "peers_h200.json").read_bytes(), type=PublishedPeers)
