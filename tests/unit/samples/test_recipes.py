from __future__ import annotations

import stat
from pathlib import Path

import numpy as np
import onnx
import pytest

from warploom.errors import CommandError
from warploom.samples import recipes, writing
from warploom.samples.bundled import BUNDLED, bundled_models, default_model
from warploom.samples.networks.randwire_graphs import PUBLISHED
from warploom.samples.recipes import RECIPES, build, describe
from warploom.samples.writing import network_model, write_network


@pytest.mark.parametrize("name", RECIPES)
def test_that_every_recipe_is_a_valid_model_with_its_published_shapes(name: str) -> None:
    model = network_model(describe(name, batch=2), name, light=True)
    onnx.checker.check_model(model, full_check=True)
    assert all(info.type.tensor_type.shape.dim[0].dim_value == 2 for info in model.graph.input)
    inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    for output in inferred.graph.output:
        assert all(dim.dim_value > 0 for dim in output.type.tensor_type.shape.dim)


def test_that_the_mobile_detector_takes_video_frames_and_has_nine_outputs() -> None:
    builder = describe("mobilenet_heads")
    assert builder.inputs[0].shape == (1, 3, 720, 1280)
    assert {port.name: port.shape for port in builder.outputs} == {
        f"{what}_{stride}": (1, channels, -(-720 // stride), 1280 // stride)
        for stride in (8, 16, 32)
        for what, channels in (("class", 80), ("box", 4), ("quality", 1))
    }


def test_that_the_detector_has_three_heads_and_the_encoder_reads_tokens() -> None:
    assert [port.shape for port in describe("yolo").outputs] == [
        (1, 144, 80, 80),
        (1, 144, 40, 40),
        (1, 144, 20, 20),
    ]
    encoder = describe("bert_small")
    assert [port.dtype for port in encoder.inputs] == ["int64"] * 3
    assert encoder.outputs[0].shape == (1, 128, 256)


def test_that_the_published_random_graphs_are_those_of_the_paper() -> None:
    assert [len(graph) for graph in PUBLISHED] == [16, 32, 32, 32]
    for graph in PUBLISHED:
        assert sum(len(read) for read in graph) == 2 * len(graph)
        assert all(other < node for node, read in enumerate(graph) for other in read)


def test_that_light_layers_on_one_input_differ() -> None:
    """Or an optimizer would see that they compute the same."""
    fills = [weight.fill for weight in describe("inception_v3").weights if len(weight.shape) == 4]
    inner = [weight.shape[1] * weight.shape[2] * weight.shape[3] for weight in describe("inception_v3").weights[::2]]
    assert len(set(zip(fills, inner, strict=True))) == len(fills)


@pytest.mark.parametrize("light", [True, False])
def test_that_a_rebuild_gives_the_same_bytes_and_another_seed_does_not(tmp_path: Path, light: bool) -> None:
    first = build("squeezenet", tmp_path / "a.onnx", light=light).read_bytes()
    again = build("squeezenet", tmp_path / "b.onnx", light=light).read_bytes()
    other = build("squeezenet", tmp_path / "c.onnx", light=light, seed=1).read_bytes()
    assert first == again
    assert (first == other) is light


@pytest.mark.parametrize("bundled", BUNDLED, ids=lambda bundled: bundled.file)
def test_that_the_committed_files_are_what_the_recipes_build(tmp_path: Path, bundled: object) -> None:
    path = build(bundled.recipe, tmp_path / "built.onnx", light=bundled.light)  # type: ignore[attr-defined]
    committed = next(file for file in bundled_models() if file.name == bundled.file)  # type: ignore[attr-defined]
    assert path.read_bytes() == committed.read_bytes()
    assert committed.stat().st_size < 1_000_000


def test_that_the_demo_has_a_model() -> None:
    assert default_model().name == BUNDLED[0].file
    assert len(bundled_models()) == len(BUNDLED)


def test_that_weights_too_large_for_one_file_go_beside_it(tmp_path: Path) -> None:
    builder = describe("randwire_small")
    inline = write_network(builder, "m", tmp_path / "inline.onnx")
    split = write_network(builder, "m", tmp_path / "split.onnx", inline_limit=1000)
    assert split.stat().st_size < inline.stat().st_size / 3
    assert (tmp_path / "split.onnx.data").stat().st_size == sum(weight.size_bytes for weight in builder.weights)
    weights = [
        [onnx.numpy_helper.to_array(tensor) for tensor in onnx.load(path).graph.initializer] for path in (inline, split)
    ]
    assert all(np.array_equal(a, b) for a, b in zip(*weights, strict=True))


def test_that_nothing_half_written_stays_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = build("randwire_small", tmp_path / "model.onnx", light=True)
    before = path.read_bytes()

    def full(*_arguments: object) -> object:
        yield b"first part"
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writing, "_weight_bytes", full)
    builder = describe("randwire_small")
    with pytest.raises(CommandError, match=r"disk is full"):
        write_network(builder, "m", path, inline_limit=1000)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["model.onnx"]


def test_that_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CommandError, match="Cannot write"):
        build("squeezenet", tmp_path / "file" / "model.onnx", light=True)


def test_that_files_get_ordinary_permissions(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("")
    path = build("squeezenet", tmp_path / "model.onnx", light=True)
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)


@pytest.mark.parametrize("batch", [0, -1, recipes.MAX_BATCH + 1])
def test_that_a_batch_out_of_range_is_refused(tmp_path: Path, batch: int) -> None:
    with pytest.raises(CommandError, match="out of range"):
        build("squeezenet", tmp_path / "model.onnx", batch)


def test_that_an_unknown_name_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="squeezenet"):
        build("squeeznet", tmp_path / "model.onnx")
