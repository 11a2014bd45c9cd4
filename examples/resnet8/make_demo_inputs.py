"""Write demo.npz: made-up pictures for trying things out without CIFAR-10 (numpy only).

Each is a smooth random texture with a few random discs, boxes and stripes on it. They have no
labels: they exercise every layer and give plausible ranges, but say nothing about accuracy.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from dataset import Images, to_input
from numpy.typing import NDArray

HERE = Path(__file__).resolve().parent
SIZE = 32
Picture = NDArray[np.float64]


def texture(rng: np.random.Generator) -> Picture:
    """float [32, 32, 3]: noise whose spectrum falls with frequency, channels partly alike."""
    frequency = np.hypot(np.fft.fftfreq(SIZE)[:, None], np.fft.rfftfreq(SIZE)[None]) * SIZE
    slope = (1.0 + frequency) ** -rng.uniform(1.0, 2.5)
    fields = np.fft.irfft2(np.fft.rfft2(rng.standard_normal((4, SIZE, SIZE))) * slope, s=(SIZE, SIZE))
    picture = (fields[:3] + rng.uniform(0.5, 2.0) * fields[3]).transpose(1, 2, 0)
    picture /= picture.std() + 1e-9
    return rng.uniform(60, 190, 3) + rng.uniform(15, 50) * picture


def draw_shape(picture: Picture, rng: np.random.Generator) -> None:
    """Paint one disc, box or set of stripes in a random colour over part of the picture."""
    row, column = np.mgrid[:SIZE, :SIZE]
    y, x = rng.uniform(4, SIZE - 4, 2)
    size = rng.uniform(3, 12)
    kind = rng.integers(3)
    if kind == 0:
        inside = (row - y) ** 2 + (column - x) ** 2 < size**2
    elif kind == 1:
        inside = (abs(row - y) < size) & (abs(column - x) < size * rng.uniform(0.4, 1.6))
    else:
        angle = rng.uniform(0, np.pi)
        inside = np.sin((row * np.sin(angle) + column * np.cos(angle)) * 6 / size) > 0.6
    strength = rng.uniform(0.4, 1.0)
    colour = rng.uniform(0, 255, 3)
    picture[inside] = (1 - strength) * picture[inside] + strength * colour


def make_pictures(count: int, seed: int) -> Images:
    """uint8 [count, 32, 32, 3]; the same count and seed give the same pictures."""
    rng = np.random.default_rng(seed)
    pictures = []
    for _ in range(count):
        picture = texture(rng)
        for _ in range(rng.integers(1, 4)):
            draw_shape(picture, rng)
        pictures.append(picture.clip(0, 255).round().astype(np.uint8))
    return np.stack(pictures)


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=64)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("-o", "--out", type=Path, default=HERE / "demo.npz")
    args = parser.parse_args()
    x = to_input(make_pictures(args.count, args.seed))
    np.savez_compressed(args.out, x=x)
    print(f"wrote {args.out}: x {x.shape}, {args.out.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
