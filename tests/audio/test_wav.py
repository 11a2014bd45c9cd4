"""WAV files, whole and broken."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeq.audio import wav
from edgeq.errors import EdgeqError


def file_of(path: Path, **changes: int) -> Path:
    """100 samples, with other numbers in the format chunk."""
    wav.write(path, np.arange(100), 16000)
    data = bytearray(path.read_bytes())
    places = {"kind": (20, 2), "channels": (22, 2), "rate": (24, 4), "bits": (34, 2)}
    for name, value in changes.items():
        at, size = places[name]
        data[at : at + size] = value.to_bytes(size, "little")
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"channels": 2}, "has 2 channels"),
        ({"rate": 44100}, "has 44100 samples a second, the model takes 16000"),
        ({"bits": 24}, "is 24-bit PCM"),
        ({"kind": 7}, "is coded (format 7)"),
    ],
)
def test_other_formats(changes: dict[str, int], words: str, tmp_path: Path) -> None:
    with pytest.raises(EdgeqError) as caught:
        wav.read(file_of(tmp_path / "a.wav", **changes), 16000)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("kept", "words"), [(0, "is empty"), (11, "is no WAV file"), (60, "is cut short"), (30, "cut")]
)
def test_files_that_end_early(kept: int, words: str, tmp_path: Path) -> None:
    path = file_of(tmp_path / "a.wav")
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(EdgeqError, match=words):
        wav.read(path, 16000)


def test_no_samples_no_file_no_recordings(tmp_path: Path) -> None:
    wav.write(tmp_path / "a.wav", np.zeros(0), 16000)
    with pytest.raises(EdgeqError, match="holds no samples"):
        wav.read(tmp_path / "a.wav", 16000)
    with pytest.raises(EdgeqError, match="can't be read"):
        wav.read(tmp_path / "b.wav", 16000)
    (tmp_path / "folder").mkdir()
    with pytest.raises(EdgeqError, match=r"without \.wav files"):
        wav.files(tmp_path / "folder")


def test_silence_and_further_chunks(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    wav.write(path, np.zeros(7), 8000)
    data = path.read_bytes()
    path.write_bytes(data[:12] + b"LIST\x03\x00\x00\x00abc\x00" + data[12:])
    np.testing.assert_array_equal(wav.read(path, 8000), np.zeros(7))


@given(st.binary(max_size=80), st.integers(0, 60))
def test_no_bytes_end_in_a_traceback(junk: bytes, at: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = file_of(Path(folder) / "a.wav")
        data = path.read_bytes()
        path.write_bytes(data[:at] + junk + data[at + len(junk) :])
        with contextlib.suppress(EdgeqError):
            assert wav.read(path, 16000).dtype == np.int16
