"""Recordings in, texts out: the harness of a decoder (templates/text/sim_text.c.j2)."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from edgeq.emit.firmware import BESIDE
from edgeq.errors import EdgeqError
from edgeq.firmware_folder import FirmwareFolder
from edgeq.frontend.encoder_decoder import EncoderDecoder
from edgeq.ir import serialize, verify
from edgeq.quantize.data import Samples, load_samples, quantize_inputs
from edgeq.simulate.session import MAGIC, run_harness
from edgeq.text.greedy import Text
from edgeq.verification import Difference, compare

POISON = 1


def pair_of(firmware: FirmwareFolder) -> EncoderDecoder:
    """The integer graphs of a folder that writes texts. Raises EdgeqError where its reference is damaged."""
    return EncoderDecoder(verify.run(serialize.load(firmware.path / BESIDE), "reference"), firmware.graph)


def recordings(pair: EncoderDecoder, path: Path) -> Samples:
    """What the encoder is to hear, as it takes it."""
    samples = load_samples(path, pair.encoder, "--inputs")
    return Samples(quantize_inputs(pair.encoder, samples), None)


def run(
    firmware: FirmwareFolder,
    pair: EncoderDecoder,
    inputs: Mapping[str, np.ndarray],
    poison: bool = False,
    cores: int | None = None,
) -> list[Text]:
    """The texts that the firmware writes for the encoder's integer inputs; `poison`: with an arena full of rubbish
    before every recording. Raises EdgeqError for a fault, a time-out, or what the harness doesn't write."""
    count = len(next(iter(inputs.values())))
    known = firmware.manifest["text"]
    header = np.array([MAGIC, count, POISON * poison, cores or 0], "<u4").tobytes()
    rows = [
        np.ascontiguousarray(inputs[name], pair.encoder.tensor(name).dtype).view(np.int8).reshape(count, -1)
        for name in pair.encoder.inputs
    ]
    step_macs = max(1, sum(layer["macs"] for layer in firmware.manifest["layers"]))
    steps = count * (known["longest"] + -(-known["encoder_macs"] // step_macs))
    with tempfile.TemporaryDirectory(prefix="edgeq-text-") as name:
        folder = Path(name)
        (folder / "in.bin").write_bytes(header + np.concatenate(rows, axis=1).tobytes())
        data = run_harness(firmware, "text.elf", folder, steps)
    return _decoded(firmware, pair, data, count)


def _decoded(firmware: FirmwareFolder, pair: EncoderDecoder, data: bytes, count: int) -> list[Text]:
    scores = pair.step.tensor(pair.step.outputs[0])
    width = scores.elements * np.dtype(scores.dtype).itemsize
    row = np.dtype(
        [("recording", "<u4"), ("token", "<u4"), ("scores", scores.dtype, scores.elements), ("rest", "i1", -width % 4)]
    )
    if len(data) % row.itemsize or len(data) == 0 or np.frombuffer(data, row)[-1]["recording"] != MAGIC:
        raise EdgeqError(f"{firmware.path}: the firmware stopped before the end; run edgeq verify on the folder")
    rows = np.frombuffer(data, row)[:-1]
    found = []
    for number in range(count):
        own = rows[rows["recording"] == number]
        tokens = tuple(int(token) for token in own["token"])
        found.append(Text(tokens[:-1] if tokens[-1:] == (pair.meaning.end,) else tokens, own["scores"]))
    return found


def differences(wanted: Sequence[Text], made: Sequence[Text]) -> list[tuple[str, Difference | None]]:
    """Tokens, and the scores of every step, compared."""
    wrong = [number for number, (one, other) in enumerate(zip(wanted, made, strict=True)) if one.tokens != other.tokens]
    tokens = Difference("tokens", len(wrong), 1, wrong[0], len(wrong)) if wrong else None
    if any(one.steps != other.steps for one, other in zip(wanted, made, strict=True)):
        steps = [
            number for number, (one, other) in enumerate(zip(wanted, made, strict=True)) if one.steps != other.steps
        ]
        return [("tokens", tokens), ("scores", Difference("scores", len(steps), 1, steps[0], len(steps)))]
    scores = compare("scores", *(np.concatenate([text.scores for text in part]) for part in (wanted, made)))
    return [("tokens", tokens), ("scores", scores)]
