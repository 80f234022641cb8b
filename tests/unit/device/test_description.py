from __future__ import annotations

import json
from pathlib import Path

import pytest

from warploom.device.simulated import description as module
from warploom.device.simulated.description import description_ids, descriptions, load_description
from warploom.errors import DeviceError
from warploom.graph import Precision


def test_that_every_described_gpu_loads_and_the_default_comes_first() -> None:
    found = descriptions()
    assert [one.id for one in found] == list(description_ids())
    assert found[0].id == "sim:h200"
    assert {one.id for one in found} == {"sim:h200", "sim:a100", "sim:v100", "sim:k80", "sim:rtx4090"}
    assert all(one.sources for one in found)


def test_that_an_id_is_accepted_with_and_without_its_prefix() -> None:
    assert load_description("sim:v100") is not None
    assert load_description("v100") == load_description("sim:v100")


def test_that_an_unknown_gpu_is_refused_with_the_ids_that_exist() -> None:
    with pytest.raises(DeviceError, match=r"no simulated GPU 'sim:h900': choose one of sim:h200, "):
        load_description("sim:h900")
    with pytest.raises(DeviceError, match="no simulated GPU"):
        load_description("../devices/h200")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"sm_count": 0}, "sm_count"),
        ({"clock_mhz": "fast"}, "clock_mhz"),
        ({"colour": "green"}, "colour"),
        ({"shared_memory_per_block_bytes": 10**9}, "more shared memory than an SM"),
        ({"max_threads_per_block": 10**6}, "more threads than an SM"),
        ({"id": "sim:other"}, "sim:other"),
    ],
)
def test_that_a_description_is_validated_when_it_is_loaded(
    change: dict[str, object], reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, repository: Path
) -> None:
    good = json.loads((repository / "assets" / "devices" / "h200.json").read_text())
    (tmp_path / "broken.json").write_text(json.dumps({**good, "id": "sim:broken", **change}))
    monkeypatch.setattr(module, "data_path", lambda *_: tmp_path)
    load_description.cache_clear()
    with pytest.raises(DeviceError, match=f"broken.json is not valid: .*{reason}"):
        load_description("broken")


def test_that_old_gpus_have_no_modern_number_formats() -> None:
    v100, k80 = load_description("v100"), load_description("k80")
    assert v100.tensor_flops_per_us(Precision.FP16)
    assert not v100.stores(Precision.TF32)
    assert not v100.stores(Precision.BF16)
    assert k80.tensor_flops_per_us(Precision.FP16) is None
    assert k80.stores(Precision.FP16)


def test_that_peaks_are_the_vendors() -> None:
    h200, a100 = load_description("h200"), load_description("a100")
    assert a100.sm_count * (a100.tensor_flops_per_us(Precision.FP16) or 0) / 1e6 == pytest.approx(312, rel=0.01)
    assert a100.sm_count * a100.fp32_flops_per_us / 1e6 == pytest.approx(19.5, rel=0.01)
    assert h200.sm_count * h200.fp32_flops_per_us / 1e6 == pytest.approx(67, rel=0.01)
    assert h200.info.max_warps == 8448
