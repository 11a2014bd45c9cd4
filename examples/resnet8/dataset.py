"""Read CIFAR-10 from disk (numpy only).

Two forms are understood, told apart by what the given path is:

* a folder with the authors' "binary version" (``data_batch_1.bin`` ... ``test_batch.bin``,
  each row one label byte and 3072 pixel bytes);
* a folder with, or the path of, packed ``.npz`` files (``cifar10_train_*.npz`` and
  ``cifar10_test_*.npz``), in which pixels are stored as 2-D differences of G, R-G and B-G.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

#: training images that train.py sets aside: the last ones
LEFT_OUT = 2000

Images = NDArray[np.uint8]
Labels = NDArray[np.uint8]


class DataMissingError(Exception):
    """The data set is not where the caller said; the message says what was looked for."""


def read_packed(path: Path) -> tuple[Images, Labels]:
    """Undo the differences of one packed file: uint8 [N, 32, 32, 3] RGB and labels [N]."""
    packed = np.load(path)
    pixels = np.cumsum(packed["E"], axis=2, dtype=np.uint8)
    pixels = np.cumsum(pixels, axis=3, dtype=np.uint8).transpose(1, 2, 3, 0).copy()
    pixels[..., 0] += pixels[..., 1]
    pixels[..., 2] += pixels[..., 1]
    return pixels, packed["y"]


def read_binary(paths: list[Path]) -> tuple[Images, Labels]:
    """Read files of the binary version: uint8 [N, 32, 32, 3] RGB and labels [N]."""
    rows = np.concatenate([np.fromfile(p, np.uint8).reshape(-1, 3073) for p in paths])
    pixels = rows[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return np.ascontiguousarray(pixels), rows[:, 0].copy()


def load(data: Path, part: str) -> tuple[Images, Labels]:
    """Load the ``train`` or ``test`` part of the data set found at ``data``.

    Raises DataMissingError when nothing usable is there.
    """
    if data.is_file():
        return read_packed(data)
    packed = sorted(data.glob(f"cifar10_{part}_*.npz"))
    if packed:
        return read_packed(packed[0])
    binary = sorted(data.glob("data_batch_*.bin" if part == "train" else "test_batch.bin"))
    if binary:
        return read_binary(binary)
    raise DataMissingError(
        f"no CIFAR-10 {part} images at '{data}': give the folder of the CIFAR-10 binary "
        f"version (data_batch_1.bin ...) or of packed cifar10_{part}_*.npz files"
    )


def unseen(data: Path) -> tuple[Images, Labels]:
    """The training images that training left out, and the test images behind them.

    Raises DataMissingError when either is not there.
    """
    images, labels = load(data, "train")
    test_images, test_labels = load(data, "test")
    return np.concatenate([images[-LEFT_OUT:], test_images]), np.concatenate([labels[-LEFT_OUT:], test_labels])


def to_input(images: Images) -> NDArray[np.float32]:
    """uint8 [N, 32, 32, 3] -> the network's input, float32 [N, 3, 32, 32] in [-1, 1)."""
    scaled = (images.astype(np.float32) - 128.0) / 128.0
    return np.ascontiguousarray(scaled.transpose(0, 3, 1, 2))
