"""Plan files: kept whole, refused where they do not belong, rebuilt where that is asked for."""

from __future__ import annotations

import dataclasses
import zipfile
from pathlib import Path

import msgspec
import numpy as np
import pytest

import warploom
from warploom.device.serving import Stamp
from warploom.errors import PlanError
from warploom.serving.file import read_plan, write_plan

Frame = dict[str, np.ndarray]


def test_that_equal_weights_are_kept_once(plan_path: Path, network: warploom.Network) -> None:
    floats = sum(weight.elements for weight in network._builder.weights)
    with zipfile.ZipFile(plan_path) as archive:
        size = archive.getinfo("constants.npy").file_size
    assert 4 * floats <= size < 8 * floats  # two shapes, one copy, alignment


def test_that_a_plan_file_holds_no_pickle(plan_path: Path) -> None:
    with zipfile.ZipFile(plan_path) as archive:
        assert {Path(name).suffix for name in archive.namelist()} <= {".json", ".npy", ".msgpack"}
        assert archive.testzip() is None


def test_that_a_damaged_member_is_named(plan_path: Path, tmp_path: Path) -> None:
    data = bytearray(plan_path.read_bytes())
    with zipfile.ZipFile(plan_path) as archive:
        entry = archive.getinfo("constants.npy")
    data[entry.header_offset + 200] ^= 1
    damaged = tmp_path / "damaged.plan"
    damaged.write_bytes(data)
    with pytest.raises(PlanError, match=r"damaged.plan is not a whole Warploom plan.*constants.npy.*checksum"):
        warploom.load_plan(damaged)(np.zeros((2, 3, 16, 16), np.float32))


@pytest.mark.parametrize("kept", [0, 10, 1000, -50])
def test_that_a_truncated_file_is_refused(plan_path: Path, tmp_path: Path, kept: int) -> None:
    short = tmp_path / "short.plan"
    short.write_bytes(plan_path.read_bytes()[:kept])
    with pytest.raises(PlanError, match=r"short.plan is not a whole Warploom plan|Cannot read"):
        warploom.load_plan(short)


@pytest.mark.parametrize("position", range(0, 4000, 331))
def test_that_no_flipped_bit_of_the_directory_does_harm(plan_path: Path, tmp_path: Path, position: int) -> None:
    data = bytearray(plan_path.read_bytes())
    data[-1 - position % 1200] ^= 1 << position % 8
    changed = tmp_path / "changed.plan"
    changed.write_bytes(data)
    try:
        with warploom.load_plan(changed) as plan:
            plan(np.zeros((2, 3, 16, 16), np.float32))
    except PlanError as error:
        assert "changed.plan" in str(error)  # noqa: PT017 - some bits mean nothing: times, comments


def test_that_a_missing_file_and_another_kind_of_file_are_told(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="There is no plan at"):
        warploom.load_plan(tmp_path / "none.plan")
    other = tmp_path / "other.plan"
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("hello.txt", "hello")
    with pytest.raises(PlanError, match="is no Warploom plan"):
        warploom.load_plan(other)


def changed(path: Path, to: Path, stamp: Stamp) -> Path:
    contents = read_plan(path)
    write_plan(dataclasses.replace(contents, facts=dataclasses.replace(contents.facts, stamp=stamp)), to)
    return to


def test_that_a_plan_for_another_device_is_refused_with_what_differs(plan_path: Path, tmp_path: Path) -> None:
    stamp = read_plan(plan_path).facts.stamp
    moved = changed(plan_path, tmp_path / "a.plan", dataclasses.replace(stamp, facts=(("description", "old"),)))
    with pytest.raises(PlanError, match=r"built for something else.*description \w+ instead of old.*--retune"):
        warploom.load_plan(moved)
    other = changed(plan_path, tmp_path / "b.plan", Stamp("cuda", "NVIDIA H900", ()))
    with pytest.raises(PlanError, match=r"NVIDIA H200 \(sim:h200\) instead of NVIDIA H900 \(cuda\)"):
        warploom.load_plan(other)


def test_that_a_simulated_gpu_answers_plans_of_its_own_kind_only(plan_path: Path) -> None:
    with pytest.raises(PlanError, match="instead of NVIDIA H200"):
        warploom.load_plan(plan_path, device="sim:v100")


def test_that_retuning_moves_a_plan_and_saving_keeps_it(plan_path: Path, frame: Frame, tmp_path: Path) -> None:
    with warploom.load_plan(plan_path) as plan:
        expected = plan(frame)
    with warploom.load_plan(plan_path, device="sim:v100", retune=True) as moved:
        assert moved.facts.device.id == "sim:v100"
        np.testing.assert_array_equal(moved(frame)["scores"], expected["scores"])
        moved.save(tmp_path / "moved.plan")
    with warploom.load_plan(tmp_path / "moved.plan") as again:
        assert again.device.info.id == "sim:v100"
    with warploom.build(plan_path, tmp_path / "back.plan", device="sim:a100") as back:
        assert back.facts.stamp.kind == "sim:a100"


def test_that_a_plan_of_another_version_is_refused(plan_path: Path, tmp_path: Path) -> None:
    members = {}
    with zipfile.ZipFile(plan_path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    manifest = msgspec.json.decode(members["plan.json"])
    members["plan.json"] = msgspec.json.encode(manifest | {"warploom": "0.0.1"})
    import hashlib

    checksums = msgspec.json.decode(members["checksums.json"])
    checksums["plan.json"] = hashlib.sha256(members["plan.json"]).hexdigest()
    members["checksums.json"] = msgspec.json.encode(checksums)
    old = tmp_path / "old.plan"
    with zipfile.ZipFile(old, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    with pytest.raises(PlanError, match=r"built by Warploom 0.0.1 .*build it again"):
        warploom.load_plan(old)


def test_that_a_file_that_cannot_be_written_leaves_the_old_one(plan_path: Path, tmp_path: Path) -> None:
    with warploom.load_plan(plan_path) as plan:
        with pytest.raises(PlanError, match="the folder does not exist"):
            plan.save(tmp_path / "none" / "a.plan")
        plan.save(tmp_path / "a.plan")
    assert [path.name for path in tmp_path.iterdir()] == ["a.plan"]


def test_that_a_recording_becomes_a_plan(network: warploom.Network, frame: Frame, tmp_path: Path) -> None:
    model = network.write(tmp_path / "toy.onnx")
    recording = warploom.optimize(
        model, device="sim:h200", batch=2, search_seconds=1.0, repeats=1, output=tmp_path / "toy.warploom"
    )
    with warploom.build(recording) as direct, warploom.build(tmp_path / "toy.warploom") as read:
        assert direct.facts.shapes[0].plan == recording.optimized.plan
        np.testing.assert_array_equal(direct(frame)["scores"], read(frame)["scores"])
    model.write_bytes(model.read_bytes() + b"\x08\x01")
    with pytest.raises(warploom.WarploomError):
        warploom.build(tmp_path / "toy.warploom")
    model.unlink()
    with pytest.raises(warploom.WarploomError, match=r"toy\.onnx"):
        warploom.build(tmp_path / "toy.warploom")


def test_that_profiles_hold_several_sizes() -> None:
    net = warploom.Network("sizes")
    x = net.placeholder(3, 16, 16, name="image")
    net.output(net.conv2d(x, 4, 3, pad=1, act="relu"), "y")
    sizes = [(1, 3, 16, 16), (1, 3, 24, 32), (1, 3, 16, 16)]
    with warploom.build(net, device="sim:h200", profiles={"image": sizes}, repeats=1, search_seconds=1.0) as plan:
        assert [shape.inputs[0].shape for shape in plan.shapes] == sizes[:2]
        assert plan(np.zeros((1, 3, 24, 32), np.float32))["y"].shape == (1, 4, 24, 32)
        with pytest.raises(PlanError, match=r"holds image \[1, 3, 16, 16\]; image \[1, 3, 24, 32\]"):
            plan(np.zeros((1, 3, 20, 20), np.float32))
    with pytest.raises(PlanError, match="profiles or batch sizes"):
        warploom.build(net, batch=2, profiles={"image": sizes})
