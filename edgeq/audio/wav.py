"""Recordings from WAV files: 16-bit PCM, one channel."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

from edgeq.errors import EdgeqError

PCM, EXTENSIBLE = 1, 0xFFFE
#: of a format chunk
FORMAT = struct.Struct("<HHIIHH")


def read(path: Path, rate: int) -> np.ndarray:
    """int16 samples of a file. Raises EdgeqError for another rate, several channels, other samples than 16-bit PCM, and
    for a file that is none, is cut short or holds nothing."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise EdgeqError(f"{path}: can't be read ({error.strerror})") from error
    if len(data) < 12 or data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise EdgeqError(f"{path}: {'is empty' if not data else 'is no WAV file'}; give 16-bit PCM at {rate} Hz")
    chunks = _chunks(path, data)
    if b"fmt " not in chunks or len(chunks[b"fmt "]) < FORMAT.size or b"data" not in chunks:
        raise EdgeqError(f"{path}: has no format or no samples; it is damaged, so record or copy it again")
    kind, channels, found, _, _, bits = FORMAT.unpack_from(chunks[b"fmt "])
    if kind not in (PCM, EXTENSIBLE) or bits != 16:
        what = f"{bits}-bit PCM" if kind in (PCM, EXTENSIBLE) else f"coded (format {kind})"
        raise EdgeqError(f"{path}: is {what}; convert it to 16-bit PCM (sox IN -b 16 OUT)")
    if channels != 1:
        raise EdgeqError(f"{path}: has {channels} channels; the model takes one (sox IN OUT remix 1)")
    if found != rate:
        raise EdgeqError(f"{path}: has {found} samples a second, the model takes {rate} (sox IN -r {rate} OUT)")
    samples = np.frombuffer(chunks[b"data"], "<i2", count=len(chunks[b"data"]) // 2)
    if not len(samples):
        raise EdgeqError(f"{path}: holds no samples; record it again")
    return samples.astype(np.int16)


def _chunks(path: Path, data: bytes) -> dict[bytes, bytes]:
    """Name -> content of the first chunk of that name."""
    found: dict[bytes, bytes] = {}
    at = 12
    while at + 8 <= len(data):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if at + 8 + size > len(data):
            raise EdgeqError(
                f"{path}: is cut short ({len(data)} bytes of at least {at + 8 + size}); record or copy it again"
            )
        found.setdefault(name, data[at + 8 : at + 8 + size])
        at += 8 + size + size % 2
    return found


def write(path: Path, samples: np.ndarray, rate: int) -> None:
    """int16 samples as a file."""
    content = np.asarray(samples, "<i2").tobytes()
    header = FORMAT.pack(PCM, 1, rate, 2 * rate, 2, 16)
    chunks = b"WAVE" + b"fmt " + len(header).to_bytes(4, "little") + header
    chunks += b"data" + len(content).to_bytes(4, "little") + content
    path.write_bytes(b"RIFF" + len(chunks).to_bytes(4, "little") + chunks)


def of_length(samples: np.ndarray, length: int) -> np.ndarray:
    """The first `length` samples of recordings [..., samples], with silence behind shorter ones."""
    behind = max(0, length - samples.shape[-1])
    return np.pad(samples[..., :length], [(0, 0)] * (samples.ndim - 1) + [(0, behind)])


def in_steps(samples: np.ndarray, step: int) -> np.ndarray:
    """A recording as [steps, samples of a step], with silence behind it up to a whole step."""
    return np.pad(samples, (0, -len(samples) % step)).reshape(-1, step)


def read_all(path: Path, rate: int, option: str) -> list[tuple[Path, np.ndarray]]:
    """Every file of `files` with its samples; errors begin with the option that named them."""
    try:
        return [(file, read(file, rate)) for file in files(path)]
    except EdgeqError as error:
        raise EdgeqError(f"{option} {error}") from error


def is_given(path: Path) -> bool:
    """Whether a path names recordings: a .wav file or a folder."""
    return path.is_dir() or path.suffix.lower() == ".wav"


def files(path: Path) -> list[Path]:
    """The file itself, or those of a folder and the folders in it, by name. Raises EdgeqError for a folder without."""
    if not path.is_dir():
        return [path]
    found = sorted(item for item in path.rglob("*") if item.suffix.lower() == ".wav" and item.is_file())
    if not found:
        raise EdgeqError(f"{path}: is a folder without .wav files; give recordings, or an .npz")
    return found
