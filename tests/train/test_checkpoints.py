"""Nothing is lost: a power cut at any byte of a save leaves the older or the newer checkpoint; those of other networks,
damaged ones and none are told apart."""

from __future__ import annotations

import ctypes
import random
import signal
import subprocess
import tempfile
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgeq.firmware_folder import FirmwareFolder
from edgeq.paths import runtime_dir
from edgeq.simulate import qemu
from edgeq.train import derive, simulate
from edgeq.train.simulate import EVALUATE, LOAD, SAVE, STEP, Record, Slots
from tests.tools import require_board, require_tool
from tests.train import networks
from tests.train.test_firmware import built, samples_of

OK, ARGUMENT, STORAGE, NONE = 0, 2, 5, 6
HEADER, ERASED = 64, 0xFF
PART = (32, 48)
#: kills of a simulator while it saves; many in the sweep
KILLS, MANY_KILLS = 6, 200

Erase = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_uint32)
Move = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_uint32, ctypes.c_void_p, ctypes.c_uint32
)


class StorageRecord(ctypes.Structure):
    _fields_ = (
        ("context", ctypes.c_void_p),
        ("slot_bytes", ctypes.c_uint32),
        ("erase", Erase),
        ("write", Move),
        ("read", Move),
    )


class Identity(ctypes.Structure):
    _fields_ = (("network", ctypes.c_uint8 * 32), ("abi", ctypes.c_uint32))


class PartRecord(ctypes.Structure):
    _fields_ = (("data", ctypes.c_void_p), ("bytes", ctypes.c_uint32))


class Flash:
    """Two slots of flash: erasing sets all bits, writing clears some. The power fails before byte number `cut` of what
    is erased or written; a slot whose erasure is cut holds noise from there on."""

    def __init__(self, slot_bytes: int) -> None:
        self.slots = [bytearray([ERASED] * slot_bytes) for _ in range(2)]
        self.cut: int | None = None
        self.moved = 0
        self.noise = random.Random(0)
        self.record = StorageRecord(None, slot_bytes, Erase(self.erase), Move(self.write), Move(self.read))

    def _fails(self) -> bool:
        self.moved += 1
        return self.cut is not None and self.moved > self.cut

    def erase(self, _context: int, slot: int) -> int:
        for at in range(len(self.slots[slot])):
            if self._fails():
                for rest in range(at, min(at + 64, len(self.slots[slot]))):
                    self.slots[slot][rest] |= self.noise.randrange(256)
                return STORAGE
            self.slots[slot][at] = ERASED
        return OK

    def write(self, _context: int, slot: int, offset: int, data: int, count: int) -> int:
        assert offset % 16 == count % 16 == 0
        for at, value in enumerate(ctypes.string_at(data, count)):
            if self._fails():
                return STORAGE
            assert self.slots[slot][offset + at] == ERASED, "a byte is written twice"
            self.slots[slot][offset + at] &= value
        return OK

    def read(self, _context: int, slot: int, offset: int, data: int, count: int) -> int:
        ctypes.memmove(data, bytes(self.slots[slot][offset : offset + count]), count)
        return OK


class Checkpoints:
    """eq_checkpoint.c with two parts in memory."""

    def __init__(self, library: ctypes.CDLL, flash: Flash, network: int = 1, abi: int = 1) -> None:
        self.library, self.flash = library, flash
        self.identity = Identity((ctypes.c_uint8 * 32)(*([network] * 32)), abi)
        self.memory = [(ctypes.c_uint8 * size)() for size in PART]

    def fill(self, value: int) -> None:
        for part in self.memory:
            for index in range(len(part)):
                part[index] = (value * 37 + index) % 256

    def contents(self) -> bytes:
        return b"".join(bytes(part) for part in self.memory)

    def call(self, name: str, parts: int = 2) -> int:
        records = (PartRecord * 2)(*(PartRecord(ctypes.addressof(part), len(part)) for part in self.memory))
        function = getattr(self.library, name)
        return int(function(ctypes.byref(self.flash.record), ctypes.byref(self.identity), records, parts))

    def save(self, parts: int = 2) -> int:
        return self.call("eq_checkpoint_save", parts)

    def load(self, parts: int = 2) -> int:
        return self.call("eq_checkpoint_load", parts)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    compiler = require_tool("cc")
    target = tmp_path_factory.mktemp("checkpoint") / "checkpoint.so"
    source = runtime_dir() / "src" / "checkpoint" / "eq_checkpoint.c"
    folders = [f"-I{runtime_dir() / folder}" for folder in ("include", "src/common")]
    flags = [
        "-std=c11",
        "-O1",
        "-Wall",
        "-Wextra",
        "-Wconversion",
        "-Werror",
        "-shared",
        "-fPIC",
        "-fsanitize=undefined",
    ]
    subprocess.run([compiler, *flags, "-fno-sanitize-recover", *folders, str(source), "-o", str(target)], check=True)
    return ctypes.CDLL(str(target))


def made(library: ctypes.CDLL, saves: int, slot_bytes: int = HEADER + sum(PART)) -> Checkpoints:
    """Checkpoints with contents 1, 2, .. saved one after another."""
    checkpoints = Checkpoints(library, Flash(slot_bytes))
    for number in range(1, saves + 1):
        checkpoints.fill(number)
        assert checkpoints.save() == OK
    return checkpoints


@pytest.mark.parametrize("before", [0, 1, 2, 3])
def test_a_cut_at_any_byte_leaves_the_older_or_the_newer_one(library: ctypes.CDLL, before: int) -> None:
    whole = made(library, before)
    start = whole.flash.moved
    whole.fill(before + 1)
    whole.save()
    operations = whole.flash.moved - start
    found = set()
    for cut in range(operations + 1):
        checkpoints = made(library, before)
        old = checkpoints.contents() if before else None
        checkpoints.flash.cut = checkpoints.flash.moved + cut
        checkpoints.fill(before + 1)
        new = checkpoints.contents()
        status = checkpoints.save()
        assert status == (OK if cut == operations else STORAGE)
        checkpoints.flash.cut = None
        checkpoints.fill(99)
        untouched = checkpoints.contents()
        status = checkpoints.load()
        content = checkpoints.contents()
        if status == NONE:
            assert before == 0
            assert content == untouched
            found.add("none")
        else:
            assert status == OK
            assert content in (old, new)
            found.add("new" if content == new else "old")
        # and what comes after works
        checkpoints.fill(7)
        assert checkpoints.save() == OK
        checkpoints.fill(8)
        assert checkpoints.load() == OK
        checkpoints_content = checkpoints.contents()
        checkpoints.fill(7)
        assert checkpoints_content == checkpoints.contents()
    assert found == ({"none", "new"} if before == 0 else {"old", "new"})


def test_one_damaged_byte_is_no_checkpoint(library: ctypes.CDLL) -> None:
    for at in range(HEADER + sum(PART)):
        checkpoints = made(library, 1)
        checkpoints.flash.slots[0][at] ^= 0x10
        checkpoints.fill(9)
        before = checkpoints.contents()
        status = checkpoints.load()
        if 52 <= at < HEADER:  # what fills the header up
            assert status == OK
        else:
            assert status == NONE
            assert checkpoints.contents() == before


def test_checkpoints_of_others_are_refused(library: ctypes.CDLL) -> None:
    checkpoints = made(library, 2)
    for network, abi in ((2, 1), (1, 2)):
        other = Checkpoints(library, checkpoints.flash, network, abi)
        other.fill(5)
        assert other.load() == NONE
        other.fill(5)
        before = other.contents()
        assert before == other.contents()


def test_parts_and_sizes(library: ctypes.CDLL) -> None:
    """The first part alone, into both; both into the first alone; slots that are too small."""
    checkpoints = made(library, 0)
    checkpoints.fill(3)
    assert checkpoints.save(parts=1) == OK
    checkpoints.fill(4)
    second = bytes(checkpoints.memory[1])
    assert checkpoints.load() == OK
    assert bytes(checkpoints.memory[1]) == second
    assert made(library, 1).load(parts=1) == NONE
    small = Checkpoints(library, Flash(HEADER + sum(PART) - 16))
    assert small.save() == ARGUMENT
    assert small.save(parts=1) == OK


def test_the_newest_is_told_over_the_end_of_the_numbers(library: ctypes.CDLL) -> None:
    checkpoints = made(library, 1)
    # the only checkpoint gets the last number there is
    slot = checkpoints.flash.slots[0]
    slot[8:12] = (0xFFFFFFFF).to_bytes(4, "little")
    crc = zlib.crc32(bytes(slot[HEADER : HEADER + sum(PART)]), zlib.crc32(bytes(slot[:48])))
    slot[48:52] = crc.to_bytes(4, "little")
    for number in (20, 21):
        checkpoints.fill(number)
        assert checkpoints.save() == OK
        expected = checkpoints.contents()
        checkpoints.fill(0)
        assert checkpoints.load() == OK
        assert checkpoints.contents() == expected


BOARDS = ["host", *(pytest.param(name, marks=pytest.mark.qemu) for name in ("cortex-m4", "riscv-8core"))]


@pytest.mark.parametrize("board", BOARDS)
def test_training_goes_on_as_if_it_had_never_stopped(board: str, tmp_path: Path) -> None:
    require_board(board)
    firmware = built(networks.derived(networks.small(), "fp32,all,adam,batch:2"), board, tmp_path / "train")
    samples, config = samples_of(firmware, 4), derive.configuration(lr=0.01)
    steps = [Record(STEP, index % 4) for index in range(10)]
    whole = simulate.run(firmware, samples, steps, config)
    first = simulate.run(firmware, samples, [*steps[:5], Record(SAVE)], config, slots=Slots.blank(firmware))
    second = simulate.run(firmware, samples, [Record(LOAD), *steps[5:]], config, slots=first.slots)
    assert second.rows["loss"][1:].tobytes() == whole.rows["loss"][5:].tobytes()
    for name, array in whole.parameters.items():
        assert np.array_equal(second.parameters[name], array), name


def test_another_networks_checkpoint_changes_nothing(tmp_path: Path) -> None:
    require_board("host")
    texts = ("fp32,all,sgd", "fp32,last:4,sgd")
    first, second = (
        built(networks.derived(networks.small(), text), "host", tmp_path / str(index))
        for index, text in enumerate(texts)
    )
    config = derive.configuration(lr=0.01)
    saved = simulate.run(first, samples_of(first, 1), [Record(STEP, 0), Record(SAVE)], config, slots=Slots.blank(first))
    records = [Record(EVALUATE, 0), Record(LOAD), Record(EVALUATE, 0)]
    assert saved.slots is not None
    made = simulate.run(second, samples_of(second, 1), records, config, slots=saved.slots, may_fail=True)
    assert made.rows["status"].tolist() == [OK, NONE, OK]
    assert made.rows["loss"][0] == made.rows["loss"][2]


def newest(slots: Slots) -> tuple[int, bytes] | None:
    """(sequence number, data) of the newest whole checkpoint, read by the format's description alone."""
    found = []
    for content in slots.contents:
        size = int.from_bytes(content[12:16], "little")
        data = content[HEADER : HEADER + size]
        crc = zlib.crc32(data, zlib.crc32(content[:48]))
        if content[:4] == b"EQCK" and len(data) == size and crc == int.from_bytes(content[48:52], "little"):
            found.append((int.from_bytes(content[8:12], "little"), data))
    return max(found, default=None)


def killed(command: list[str], folder: Path, after_s: Callable[[], float]) -> None:
    """Runs a simulator and kills it at a random time after it began to save."""
    process = subprocess.Popen(
        command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    begun = (folder / "slot0.bin").stat().st_mtime_ns, (folder / "slot1.bin").stat().st_mtime_ns
    deadline = time.monotonic() + 60.0
    while time.monotonic() < deadline:
        now = (folder / "slot0.bin").stat().st_mtime_ns, (folder / "slot1.bin").stat().st_mtime_ns
        if now != begun:
            break
        time.sleep(0.001)
    time.sleep(after_s())
    process.send_signal(signal.SIGKILL)
    process.wait()


def check_kills(firmware: FirmwareFolder, kills: int) -> None:
    samples, config = samples_of(firmware, 3), derive.configuration(lr=0.01, momentum=0.9)
    rng = random.Random(0)
    # what every number of steps leads to, from a run that nobody kills
    steps = 400
    sequence = [record for index in range(steps) for record in (Record(STEP, 0), Record(SAVE))]
    command = qemu.command_line(firmware.board, (firmware.path / "training.elf").resolve())
    slots = Slots.blank(firmware)
    at, cuts = 0, 0
    known: dict[int, bytes] = {}
    with tempfile.TemporaryDirectory(prefix="edgeq-kill-") as name:
        folder = Path(name)
        for kill in range(kills):
            first = [] if newest(slots) is None else [Record(LOAD)]
            simulate.write_request(folder, firmware, samples, [*first, *sequence], config, None, slots)
            killed(command, folder, lambda: rng.uniform(0.0, 0.03))
            slots = simulate.read_slots(folder, True)
            found = newest(slots)
            valid = sum(newest(Slots((content, b""), True)) is not None for content in slots.contents)
            cuts += valid < 2
            if found is None:
                assert kill == 0 or at == 0
                continue
            number, data = found
            assert number + 1 >= at, "a checkpoint was lost"
            assert known.setdefault(number, data) == data, "the same number of steps led to other parameters"
            at = number + 1
        uninterrupted = simulate.run(
            firmware, samples, [Record(STEP, 0), Record(SAVE)] * at, config, slots=Slots.blank(firmware)
        )
        assert uninterrupted.slots is not None
        last = newest(uninterrupted.slots)
        assert last is not None
        assert last[1] == known[last[0]]
    assert cuts, "no kill came while a slot was being written"


@pytest.mark.qemu
def test_a_simulator_that_is_killed_while_it_saves_loses_nothing(tmp_path: Path) -> None:
    require_board("cortex-m4")
    check_kills(built(networks.derived(networks.small(), "fp32,all,momentum"), "cortex-m4", tmp_path / "train"), KILLS)


@pytest.mark.sweep
@pytest.mark.qemu
@pytest.mark.parametrize("board", ["cortex-m4", "riscv-8core"])
def test_many_kills(board: str, tmp_path: Path) -> None:
    require_board(board)
    check_kills(built(networks.derived(networks.small(), "fp32,all,momentum"), board, tmp_path / "train"), MANY_KILLS)
