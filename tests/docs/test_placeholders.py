"""The commands of the other pages for real, with stand-ins for the placeholders: a sweep."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import EXAMPLES, ROOT
from tests.docs import shell
from tests.docs.pages import PAGES, Command, commands
from tests.docs.test_walks import WALKS
from tests.tools import require_board

KWS, RESNET8, ASR = EXAMPLES / "kws", EXAMPLES / "resnet8", EXAMPLES / "asr"
#: read a data set that can't be shipped, or take hours: only parsed (test_names.py)
PARSED_ONLY = re.compile(r"--data (DATA|AN4|DIR)|DATA/|examples\.|synthesize\.py|\bmake\b|\bpip\b")
#: what makes a command end sooner: fewer samples, fewer choices
SOONER = {
    "build": ("--simulate-samples", "2"),
    "search": ("--points", "1", "--precisions", "int8,int4", "--jobs", "1"),
}
SAMPLES = 32


@dataclass(frozen=True)
class StandIns:
    """What a page's commands take: `files` by the name that the page has for them (a file of the examples, or one that
    `made` makes), `words` that are another in the command, and commands that the page takes for done (`before`)."""

    files: Mapping[str, Path | str] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    before: tuple[str, ...] = ()


PLACEHOLDERS = {"MODEL": "model.pt2", "BOARD": "cortex-m4", "CALIB": "CALIB.npz", "DIR": "out/dir"}
KWS_FILES: dict[str, Path | str] = {"model.pt2": KWS / "kws_split.pt2", "CALIB.npz": "kws", "EVAL.npz": "kws"}
SPOTTER: dict[str, Path | str] = {"spotter.pt2": KWS / "spotter.pt2", "clip.wav": KWS / "demo/yes/yes.wav"}
BUILD_KWS = "edgeq build examples/kws/kws.pt2 --board cortex-m4 --calib examples/kws/demo_calib.npz --no-simulate"
BUILD_RESNET8 = (
    "edgeq build examples/resnet8/resnet8.pt2 --board cortex-m4 --calib examples/resnet8/demo.npz --no-simulate"
)
BY_PAGE = {
    "README.md": StandIns(
        {**KWS_FILES, "calib.npz": "kws", "test.npz": "kws", "in.npz": "kws"},
        before=("edgeq build model.pt2 --board host --calib calib.npz -o other",),
    ),
    "docs/device-training.md": StandIns(
        {**KWS_FILES, "TRAIN.npz": "kws", "TEST.npz": "kws"}, {"200": "20", "BOARD": "host"}
    ),
    "docs/encoder-decoder.md": StandIns(
        {"asr.pt2": ASR / "moonshine.pt2", "CLIPS.npz": "said", "TEST.npz": "said"},
        {"clip.wav": "examples/asr/demo/june_third_nineteen_sixty.wav"},
    ),
    "docs/integration.md": StandIns(before=(BUILD_KWS, BUILD_RESNET8)),
    "docs/search.md": StandIns(
        {**KWS_FILES, "resnet8.npz": "resnet8", "resnet8_eval.npz": "resnet8"},
        {"DIR/point3.toml": "out/dir/point1.toml"},
    ),
    "docs/speech.md": StandIns(
        {**SPOTTER, "TEST.npz": "spoken", "front_end.pt2": "front end", "noise.npz": "noise"},
        {"CLIPS": "examples/kws/demo", "TEST": "examples/kws/demo"},
        ("edgeq build spotter.pt2 --board cortex-m55 --calib CLIPS",),
    ),
    "docs/training.md": StandIns({"trained.pt2": KWS / "kws_split_ternary.pt2"}),
    "examples/asr/README.md": StandIns({"calib.npz": ASR / "demo_calib.npz", "eval.npz": "said"}),
    "examples/kws/README.md": StandIns(
        {**SPOTTER, "kws_eval.npz": "kws"}, {"HELD": "examples/kws/demo", "SOME": "examples/kws/demo"}
    ),
    "examples/resnet8/README.md": StandIns({"resnet8_eval.npz": "resnet8"}),
}


def made(kind: str, path: Path) -> None:
    """Writes the stand-in of that kind."""
    rng = np.random.default_rng(0)
    if kind == "kws":
        data = np.load(KWS / "demo.npz")
        np.savez(path, x=data["x"][:SAMPLES], y=data["y"][:SAMPLES])
    elif kind == "resnet8":
        np.savez(path, x=np.load(RESNET8 / "demo.npz")["x"][:SAMPLES], y=rng.integers(0, 10, SAMPLES))
    elif kind == "noise":
        np.savez(path, x=rng.integers(-3000, 3000, (8, 16000)).astype(np.int16))
    elif kind in ("spoken", "said"):
        from edgeq.audio import wav

        folder = (KWS if kind == "spoken" else ASR) / "demo"
        found = wav.read_all(folder, 16000, "--eval")
        longest = max(len(samples) for _, samples in found)
        x = np.stack([np.pad(samples, (0, longest - len(samples))) for _, samples in found])
        if kind == "spoken":
            np.savez(path, x=x, y=np.zeros(len(x), np.int64))
        else:
            np.savez(path, x=x, text=np.array([file.stem.replace("_", " ") for file, _ in found]))
    else:
        import torch

        from edgeq.audio import FrontEnd
        from edgeq.torch_operators import FrontEndLayer, save

        own = FrontEnd(frame=400, step=160, before=240, preemphasis=0.97, bands=64, low_hz=60, high_hz=7600)
        save(torch.nn.Sequential(FrontEndLayer(own)), (torch.zeros(1, 16000),), path)


def ready(command: Command, stand_ins: StandIns) -> tuple[str, ...]:
    """The command with stand-ins for placeholders, and what lets it end sooner."""
    known = {**PLACEHOLDERS, **stand_ins.words}
    words = [known.get(word, word) for word in command.words]
    if words[0] != "edgeq":
        return tuple(words)
    extra = SOONER.get(words[1], ())
    if "--no-simulate" in words or extra[:1] in ((), *((word,) for word in words)):
        extra = ()
    return (*words, *extra)


def target_of(words: tuple[str, ...]) -> Path | None:
    """The folder that a build, search or export makes; pages use the same name again for another one."""
    if "-o" in words:
        return Path(words[words.index("-o") + 1])
    if words[:2] == ("edgeq", "build"):
        return Path("out") / f"{Path(words[2]).stem}-{words[words.index('--board') + 1]}"
    return None


def to_run(page: str) -> list[Command]:
    """The commands of edgeq, and the examples' that read nothing but files."""
    found = [item for item in commands(page) if item.words[0] in ("edgeq", "python")]
    return [item for item in found if not PARSED_ONLY.search(item.text)]


WALKED = {walk.page for walk in WALKS} | {"CONTRIBUTING.md"}
RUN = [page for page in PAGES if page not in WALKED and to_run(page)]


@pytest.mark.sweep
@pytest.mark.qemu
@pytest.mark.parametrize("page", RUN)
def test_commands_run(page: str, tmp_path: Path) -> None:
    """One after another, in a folder of their own."""
    for board in ("cortex-m4", "cortex-m55", "riscv-8core"):
        require_board(board)
    environment = shell.prepare(tmp_path)
    stand_ins = BY_PAGE.get(page, StandIns())
    for name, source in stand_ins.files.items():
        if isinstance(source, Path):
            shutil.copyfile(source, tmp_path / name)
        else:
            made(source, tmp_path / name)
    before = [Command(page, tuple(shlex.split(line))) for line in stand_ins.before]
    for command in [*before, *to_run(page)]:
        words = ready(command, stand_ins)
        target = target_of(words)
        if target is not None:
            shutil.rmtree(tmp_path / target, ignore_errors=True)
        shell.run(shlex.join(words), tmp_path, environment, command.where)


def test_stand_ins_are_for_pages_that_have_commands() -> None:
    assert set(BY_PAGE) <= set(RUN)
    assert all((ROOT / page).is_file() for page in RUN)
