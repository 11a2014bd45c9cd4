"""Estimates of the instructions of conv2d's kernels (placeholder)."""

from edgeq.packing.blocks import Geometry


def winograd2x2_dsp(geometry: Geometry) -> int:
    return 0


def winograd4x4_rv32im(geometry: Geometry) -> int:
    return 0


def winograd2x2_rv32im(geometry: Geometry) -> int:
    return 0
