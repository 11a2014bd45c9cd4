"""How many rows of its output a convolution makes at a time where it works by bands."""

from __future__ import annotations

#: output pixels a band has at least, so that kernels can work on whole blocks
BAND_PIXELS = 8


def band_rows(out_h: int, out_w: int, granule: int) -> int:
    """The fewest rows with BAND_PIXELS pixels, or up to four times as many where the kernel's block divides those."""
    fewest = -(-BAND_PIXELS // out_w)
    for rows in range(fewest, 4 * fewest + 1):
        if rows * out_w % granule == 0:
            return min(rows, out_h)
    return min(fewest, out_h)
