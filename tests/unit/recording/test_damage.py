"""Damaged, foreign and hostile files give one clear RecordingError and nothing else."""

from __future__ import annotations

import io
import json
import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from warploom.errors import RecordingError
from warploom.recording import members as members_module
from warploom.recording.file import read_recording, write_recording
from warploom.recording.recording import FORMAT_VERSION, Recording

Members = dict[str, bytes]


class Quiet(bytes):
    """Bytes that hypothesis need not print."""

    def __repr__(self) -> str:
        return f"{len(self)} bytes"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, make_recording: Callable[..., Recording]) -> bytes:
    """The bytes of a good file."""
    path = tmp_path_factory.mktemp("whole") / "whole.warploom"
    write_recording(make_recording(1), path)
    return Quiet(path.read_bytes())


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where damaged files go."""
    return tmp_path_factory.mktemp("damaged") / "a.warploom"


def unpack(data: bytes) -> Members:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def pack(members: Members, path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def read_or_refuse(path: Path) -> None:
    """Reading ends with a recording or a RecordingError that names the file; anything else fails the test."""
    try:
        read_recording(path)
    except RecordingError as error:
        message = str(error)
    else:
        return
    assert str(path) in message


def refusal(path: Path) -> str:
    with pytest.raises(RecordingError) as caught:
        read_recording(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_that_every_truncation_is_refused(whole: bytes, target: Path) -> None:
    for length in [*range(64), *range(64, len(whole), max(len(whole) // 150, 1)), len(whole) - 1]:
        target.write_bytes(whole[:length])
        refusal(target)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32 - 1), flips=st.integers(1, 6))
def test_that_flipped_bytes_never_give_another_error(whole: bytes, target: Path, seed: int, flips: int) -> None:
    damaged = bytearray(whole)
    chance = random.Random(seed)
    for _ in range(flips):
        # half of the flips where zip keeps its directory, which a uniform choice would rarely meet
        start = len(damaged) - 3000 if chance.random() < 0.5 else 0
        damaged[chance.randrange(max(start, 0), len(damaged))] ^= chance.randrange(1, 256)
    target.write_bytes(damaged)
    read_or_refuse(target)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32 - 1))
def test_that_damage_with_a_right_checksum_never_gives_another_error(whole: bytes, target: Path, seed: int) -> None:
    members = unpack(whole)
    chance = random.Random(seed)
    name = chance.choice(sorted(members))
    data = bytearray(members[name])
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(data)) if chance.random() < 0.5 else chance.randrange(min(len(data), 128))
        action = chance.randrange(3)
        if action == 0:
            data[place] = chance.randrange(256)
        elif action == 1:
            del data[place : place + chance.randrange(1, 9)]
        else:
            data[place:place] = bytes(chance.randrange(256) for _ in range(chance.randrange(1, 9)))
        data = data or bytearray(b"x")
    members[name] = bytes(data)
    pack(members, target)
    read_or_refuse(target)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32 - 1))
def test_that_other_values_in_the_document_never_give_another_error(whole: bytes, target: Path, seed: int) -> None:
    members = unpack(whole)
    chance = random.Random(seed)
    document = json.loads(members["recording.json"])
    node, key = document, chance.choice(sorted(document))
    while isinstance(node[key], dict | list) and node[key] and chance.random() < 0.9:
        node = node[key]
        key = chance.choice(sorted(node)) if isinstance(node, dict) else chance.randrange(len(node))
    node[key] = chance.choice([None, -1, 0, 10**30, 1e308, "", "x", [], {}, [[]], True, "2024-01-01"])
    members["recording.json"] = json.dumps(document).encode()
    pack(members, target)
    read_or_refuse(target)


def test_that_other_files_are_refused(target: Path) -> None:
    for data in (b"", b"PK", b"not a zip at all", b"\x89PNG\r\n\x1a\n" + bytes(1000), b"PK\x05\x06" + bytes(18)):
        target.write_bytes(data)
        refusal(target)


def test_that_a_missing_file_and_a_folder_are_named_as_such(tmp_path: Path) -> None:
    assert "no recording" in refusal(tmp_path / "nothing.warploom")
    assert "not a file" in refusal(tmp_path)


def test_that_a_newer_file_asks_for_an_upgrade(whole: bytes, target: Path) -> None:
    members = unpack(whole)
    newer = {"format": "warploom-recording", "version": FORMAT_VERSION + 1, "warploom": "9.1", "all": "different"}
    pack({**members, "recording.json": json.dumps(newer).encode()}, target)
    message = refusal(target)
    assert "9.1" in message
    assert "upgrade" in message


def test_that_every_missing_member_is_named(whole: bytes, target: Path) -> None:
    members = unpack(whole)
    for name in members:
        pack({other: data for other, data in members.items() if other != name}, target)
        assert name in refusal(target)


def test_that_arrays_of_another_shape_or_kind_are_refused(whole: bytes, target: Path) -> None:
    members = unpack(whole)
    arrays = [name for name in members if name.endswith(".npy") and "/0/" in name and "stage_costs" not in name]
    assert len(arrays) == 13
    for name in arrays:
        array = np.load(io.BytesIO(members[name]))
        shorter = array.reshape(-1)[:-1] if "samples" not in name else array[:0]  # one sample less is no damage
        for wrong in (shorter, array[None], array.astype("U9"), array.astype(np.complex64)):
            stream = io.BytesIO()
            np.save(stream, wrong)
            pack({**members, name: stream.getvalue()}, target)
            refusal(target)


def test_that_a_pickled_array_is_never_loaded(whole: bytes, target: Path) -> None:
    members = unpack(whole)
    stream = io.BytesIO()
    np.save(stream, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    pack({**members, "candidates/0/samples_us.npy": stream.getvalue()}, target)
    assert "type" in refusal(target)


@pytest.mark.parametrize("header", ["{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }", "{" * 200])
def test_that_an_array_that_claims_more_than_there_is_is_refused(whole: bytes, target: Path, header: str) -> None:
    text = header.ljust(117).encode() + b"\n"
    data = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + bytes(64)
    pack({**unpack(whole), "candidates/0/samples_us.npy": data}, target)
    refusal(target)


@pytest.mark.parametrize("name", ["/etc/passwd", "../x", "a/../../x", "..\\x", "C:x", "\\\\host\\x"])
def test_that_names_that_point_outside_are_refused(whole: bytes, target: Path, name: str) -> None:
    pack({**unpack(whole), name: b"x"}, target)
    assert "points outside" in refusal(target)


def test_that_a_zip_bomb_is_refused_by_what_it_declares(
    whole: bytes, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(members_module, "MAX_MEMBER_BYTES", 1 << 20)
    pack({**unpack(whole), "zeros": bytes((1 << 20) + 1)}, target)
    assert target.stat().st_size < 1 << 18, "it is a bomb: small outside"
    assert "declares" in refusal(target)
    monkeypatch.setattr(members_module, "MAX_MEMBER_BYTES", 1 << 30)
    monkeypatch.setattr(members_module, "MAX_TOTAL_BYTES", 1 << 20)
    assert "declares" in refusal(target)


def test_that_a_member_that_lies_about_its_size_is_refused(whole: bytes, target: Path) -> None:
    members = unpack(whole)
    pack({**members, "zeros": bytes(5_000_000)}, target)
    data = bytearray(target.read_bytes())
    central = data.rfind(b"PK\x01\x02")
    data[central + 24 : central + 28] = (10).to_bytes(4, "little")  # declared size in the directory
    target.write_bytes(data)
    refusal(target)


def test_that_a_member_that_comes_twice_is_refused(whole: bytes, target: Path) -> None:
    target.write_bytes(whole)
    with zipfile.ZipFile(target, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("graph.json", b"{}")
    assert "twice" in refusal(target)
