"""Channels that become blocks of pixels and back: import functions that make reshapes and one transpose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.frontend.onnx.call import OnnxCall
    from edgeq.frontend.tflite.program import TfliteCall


def to_pixels(importer: Importer, x: str, blocks: tuple[int, int]) -> str:
    """[1, H, W, b_h * b_w * C] -> [1, H * b_h, W * b_w, C]; a pixel's channels hold the rows of its block, channels
    last."""
    if blocks == (1, 1):
        return x
    _, height, width, depth = importer.shape(x)
    channels = depth // (blocks[0] * blocks[1])
    x = importer.reshape(x, (1, height, width, *blocks, channels))
    x = importer.transpose(x, (0, 1, 3, 2, 4, 5))
    return importer.reshape(x, (1, height * blocks[0], width * blocks[1], channels))


def import_shuffle(importer: Importer, args: Mapping[str, Any]) -> str:
    """aten.pixel_shuffle: [N, C * r * r, H, W] -> [N, C, H * r, W * r]."""
    x, factor = importer.channels_last(args["self"]), args["upscale_factor"]
    _, height, width, depth = importer.shape(x)
    x = importer.reshape(x, (1, height, width, depth // factor**2, factor, factor))
    x = importer.transpose(x, (0, 1, 4, 2, 5, 3))
    return importer.channels_first(importer.reshape(x, (1, height * factor, width * factor, depth // factor**2)))


def import_unshuffle(importer: Importer, args: Mapping[str, Any]) -> str:
    """aten.pixel_unshuffle: [N, C, H * r, W * r] -> [N, C * r * r, H, W]."""
    x, factor = importer.channels_last(args["self"]), args["downscale_factor"]
    _, height, width, depth = importer.shape(x)
    height, width = height // factor, width // factor
    x = importer.reshape(x, (1, height, factor, width, factor, depth))
    x = importer.transpose(x, (0, 1, 3, 5, 2, 4))
    return importer.channels_first(importer.reshape(x, (1, height, width, depth * factor**2)))


def import_channel_shuffle(importer: Importer, args: Mapping[str, Any]) -> str:
    """aten.channel_shuffle: channels of g groups one from each group in turn."""
    x, groups = importer.channels_last(args["self"]), args["groups"]
    _, height, width, depth = importer.shape(x)
    y = importer.reshape(x, (1, height, width, groups, depth // groups))
    y = importer.transpose(y, (0, 1, 2, 4, 3))
    return importer.channels_first(importer.reshape(y, (1, height, width, depth)))


def _block(importer: Importer, call: TfliteCall, fits: bool) -> int:
    block, shape = call.option("block_size"), importer.shape(call.input(0))
    if len(shape) != 4 or not 1 <= block <= 1 << 10:
        raise importer.unsupported(f"blocks of {block} pixels of {shape}", "blocks of an image [1, H, W, C]")
    if (shape[3] % block**2) if fits else (shape[1] % block or shape[2] % block):
        raise importer.unsupported(f"blocks of {block} pixels of {shape}", "whole blocks")
    return int(block)


def tflite_depth_to_space(importer: Importer, call: TfliteCall) -> str:
    """DEPTH_TO_SPACE."""
    block = _block(importer, call, fits=True)
    return to_pixels(importer, importer.reshape(call.input(0), importer.shape(call.input(0))), (block, block))


def tflite_space_to_depth(importer: Importer, call: TfliteCall) -> str:
    """SPACE_TO_DEPTH."""
    block = _block(importer, call, fits=False)
    return to_depth(importer, call.input(0), block)


def onnx_depth_to_space(importer: Importer, call: OnnxCall) -> str:
    """DepthToSpace; mode CRD is torch's pixel_shuffle, DCR has the block before the channels."""
    block, mode, shape = call.attribute("blocksize", 0), call.attribute("mode", "DCR"), call.shape()
    if len(shape) != 4 or not 1 <= block <= 1 << 10 or shape[1] % block**2 or mode not in ("DCR", "CRD"):
        raise importer.unsupported(f"blocks of {block} pixels of {shape} in mode {mode}", "whole blocks")
    if mode == "CRD":
        return import_shuffle(importer, {"self": call.activation(), "upscale_factor": block})
    return importer.channels_first(to_pixels(importer, importer.channels_last(call.activation()), (block, block)))


def onnx_space_to_depth(importer: Importer, call: OnnxCall) -> str:
    """SpaceToDepth: the block before the channels."""
    block, shape = call.attribute("blocksize", 0), call.shape()
    if len(shape) != 4 or not 1 <= block <= 1 << 10 or shape[2] % block or shape[3] % block:
        raise importer.unsupported(f"blocks of {block} pixels of {shape}", "whole blocks")
    return importer.channels_first(to_depth(importer, importer.channels_last(call.activation()), block))


def to_depth(importer: Importer, x: str, block: int) -> str:
    """[1, H, W, C] -> [1, H / b, W / b, b * b * C]."""
    _, height, width, depth = importer.shape(x)
    x = importer.reshape(x, (1, height // block, block, width // block, block, depth))
    x = importer.transpose(x, (0, 1, 3, 2, 4, 5))
    return importer.reshape(x, (1, height // block, width // block, block * block * depth))


ONNX_TARGETS = {"DepthToSpace": onnx_depth_to_space, "SpaceToDepth": onnx_space_to_depth}
TORCH_TARGETS = {
    "aten.pixel_shuffle.default": import_shuffle,
    "aten.pixel_unshuffle.default": import_unshuffle,
    "aten.channel_shuffle.default": import_channel_shuffle,
    "aten.native_channel_shuffle.default": import_channel_shuffle,
}
TFLITE_TARGETS = {"DEPTH_TO_SPACE": tflite_depth_to_space, "SPACE_TO_DEPTH": tflite_space_to_depth}
