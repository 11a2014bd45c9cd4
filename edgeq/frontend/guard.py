"""Tells what a model file is from its bytes alone, and refuses one that would run code when loaded.

torch.export.load executes what a hostile file holds in three ways: pickled sample inputs, weights stored as pickles
(`use_pickle`), and symbolic expressions (`expr_str`) that are evaluated. All three are looked for before torch sees the
file; nothing is unpickled here.
"""

from __future__ import annotations

import io
import json
import pickletools
import re
import zipfile
import zlib
from pathlib import Path

from edgeq.errors import EdgeqError
from edgeq.frontend.onnx import wire
from edgeq.ir.meaning import ENCODER, STEP

#: what torch.save writes for tensors and containers of them
_SAFE_GLOBALS = {
    "collections.OrderedDict",
    "torch.Size",
    "torch.device",
    "torch._utils._rebuild_parameter",
    "torch._utils._rebuild_tensor_v2",
    "torch.serialization._get_layout",
}
_SAFE_STORAGE = re.compile(r"torch\.(\w+Storage|storage\.\w+Storage|float\d+|bfloat16|int\d+|uint8|bool)")
#: names in the expressions of dynamic shapes; anything else in an expression is code
_EXPRESSION_NAMES = {
    "Symbol", "Integer", "Rational", "Add", "Mul", "Pow", "Max", "Min", "Mod", "FloorDiv", "CeilToInt", "FloorToInt",
    "IntTrueDiv", "positive", "integer", "nonnegative", "True", "False",
}  # fmt: skip
_LARGEST_FILE = 1 << 30
#: members of an export, exactly as torch writes them: it also finds names in another case, so nothing else may be there
_MEMBER = re.compile(
    r"(archive_format|archive_version|byteorder|version|\.data/(version|serialization_id|\w+)|models/\w+\.json"
    r"|data/(weights|constants)/[\w.]+|data/sample_inputs/\w+\.pt|extra/[\w.]+)"
)
_STRING_PUSHES = {"SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "UNICODE"}
_MEMO_STORES = {"MEMOIZE", "PUT", "BINPUT", "LONG_BINPUT"}

#: .tflite and .onnx files are read as a whole, and constants grow fourfold in the float graph
_LARGEST_WHOLE = 1 << 27

KIND_EXPORTED, KIND_STATE_DICT, KIND_PICKLED_MODULE = "exported", "state_dict", "pickled_module"
KIND_TFLITE, KIND_ONNX = "tflite", "onnx"
#: kinds whose files may hold the scales of all activations, so that no calibration data is needed
MAY_PRESCRIBE = (KIND_TFLITE, KIND_ONNX, KIND_EXPORTED)


def kind_of(path: Path) -> str:
    """One of the KIND_ constants. Raises EdgeqError, with the next step, for everything that can't be imported."""
    try:
        if not path.exists():
            raise EdgeqError(f"{path}: there is no such file; give the path of a model (.pt2, .pt, .tflite, .onnx)")
        if path.is_dir():
            raise EdgeqError(f"{path}: is a folder; give the path of a model file (.pt2, .pt, .tflite, .onnx)")
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(16)
    except OSError as error:
        raise EdgeqError(f"{path}: can't be read ({error.strerror})") from error
    if size > _LARGEST_FILE:
        raise EdgeqError(f"{path}: has {size} bytes, more than any microcontroller model; the limit is {_LARGEST_FILE}")
    if head[4:8] == b"TFL3":
        _require_readable(path, size)
        return KIND_TFLITE
    if path.suffix.lower() == ".onnx" and head[:4] != b"PK\x03\x04":
        _require_readable(path, size)
        if not wire.is_model(path.read_bytes()):
            raise EdgeqError(f"{path}: is no ONNX model, or is damaged or cut short; copy or export it again")
        return KIND_ONNX
    if head[:2] == b"\x80\x02" and head[2:4] == b"\x8a\x0a":
        raise EdgeqError(
            f"{path}: is a pickle of a torch older than 1.6; load it in torch and save it with torch.export.save"
        )
    if head[:4] != b"PK\x03\x04":
        raise EdgeqError(
            f"{path}: is not a model ({_describe(head)}); save yours with torch.export.save(torch.export.export(model, "
            "(example,)), 'model.pt2')"
        )
    try:
        with zipfile.ZipFile(path) as archive:
            return _kind_of_archive(path, archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError) as error:
        raise EdgeqError(f"{path}: is damaged or cut short ({error}); copy or export it again") from error


def _require_readable(path: Path, size: int) -> None:
    if size > _LARGEST_WHOLE:
        raise EdgeqError(f"{path}: has {size} bytes; the limit for a {path.suffix} model is {_LARGEST_WHOLE}")


def _describe(head: bytes) -> str:
    if not head:
        return "the file is empty"
    text = head.decode("latin-1")
    return f"it starts with the text {text!r}" if text.isprintable() else "it is no zip archive"


def _kind_of_archive(path: Path, archive: zipfile.ZipFile) -> str:
    names = archive.namelist()
    if names and min(info.header_offset for info in archive.infolist()) != 0:
        raise zipfile.BadZipFile("its directory is missing")
    total = sum(info.file_size for info in archive.infolist())
    if total > _LARGEST_FILE:
        raise EdgeqError(f"{path}: unpacks to {total} bytes; the limit is {_LARGEST_FILE}")
    tails = {name.partition("/")[2] or name for name in names}
    if "archive_format" in tails or any(re.fullmatch(r"models/.*\.json", tail) for tail in tails):
        _check_exported(path, archive)
        return KIND_EXPORTED
    if "serialized_exported_program.json" in names:
        raise EdgeqError(f"{path}: was exported by a torch older than 2.8; export it again with a newer one")
    if "constants.pkl" in tails and any(tail.startswith("code/") for tail in tails):
        raise EdgeqError(
            f"{path}: is TorchScript; export the original module instead: torch.export.save(torch.export.export(model"
            ".eval(), (example,)), 'model.pt2')"
        )
    if "data.pkl" in tails:
        member = next(name for name in names if name.endswith("data.pkl"))
        foreign = _foreign_globals(archive.read(member))
        return KIND_PICKLED_MODULE if foreign else KIND_STATE_DICT
    raise EdgeqError(f"{path}: is a zip archive without a model in it; save yours with torch.export.save")


def _check_exported(path: Path, archive: zipfile.ZipFile) -> None:
    if archive.testzip() is not None:
        raise EdgeqError(f"{path}: is damaged ({archive.testzip()} fails its checksum); copy or export it again")
    tops = {name.partition("/")[0] for name in archive.namelist()}
    folded = {name.casefold() for name in archive.namelist()}
    if len(tops) != 1 or len(folded) != len(archive.namelist()):
        raise EdgeqError(f"{path}: holds members that torch.export.save does not write so; refused")
    for name in archive.namelist():
        tail = name.partition("/")[2]
        if _MEMBER.fullmatch(tail) is None:
            raise EdgeqError(f"{path}: holds {name[:80]!r}, which torch.export.save does not write; refused")
        if tail.endswith("_config.json"):
            _check_config(path, tail, archive.read(name))
        elif tail.endswith((".pt", ".pkl", ".pickle")):
            _check_pickle(path, tail, archive.read(name))
        elif tail.startswith("models/") and tail.endswith(".json"):
            _check_expressions(path, archive.read(name))


def _check_config(path: Path, tail: str, data: bytes) -> None:
    try:
        entries = json.loads(data)["config"]
        for key, entry in entries.items():
            if entry.get("use_pickle"):
                raise EdgeqError(f"{path}: stores {key!r} as a pickle, which would run code when loaded; refused")
            if str(entry.get("path_name", "")).startswith(("custom_obj", "opaque")):
                raise EdgeqError(f"{path}: holds the custom object {key!r}, which would run code when loaded; refused")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise EdgeqError(f"{path}: its {tail} can't be read ({error}); export it again") from error


def _check_pickle(path: Path, tail: str, data: bytes) -> None:
    if not data:
        return
    pickles = [data]
    if data[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(data)) as inner:
            pickles = [inner.read(name) for name in inner.namelist() if name.endswith(".pkl")]
    for pickle in pickles:
        foreign = _foreign_globals(pickle)
        if foreign:
            raise EdgeqError(f"{path}: its {tail} is a pickle that would call {foreign[0]} when loaded; refused")


def _foreign_globals(pickle: bytes) -> list[str]:
    """Importable names that the pickle would call, other than those of plain tensors; unreadable counts as foreign."""
    found: list[str] = []
    pushed: list[str | None] = []  # what the last opcodes pushed: a string, or something else
    try:
        for opcode, argument, _ in pickletools.genops(pickle):
            name = ""
            if opcode.name in ("GLOBAL", "INST"):
                name = str(argument).replace(" ", ".")
            elif opcode.name == "STACK_GLOBAL":
                last = pushed[-2:]
                known = len(last) == 2 and None not in last
                name = ".".join(str(part) for part in last) if known else "a name that it computes"
            elif opcode.name in ("EXT1", "EXT2", "EXT4"):
                name = f"extension {argument}"
            if opcode.name not in _MEMO_STORES:
                pushed.append(str(argument) if opcode.name in _STRING_PUSHES else None)
            if name and name not in _SAFE_GLOBALS and not _SAFE_STORAGE.fullmatch(name):
                found.append(name)
    except (ValueError, IndexError, EOFError) as error:
        return [f"something unreadable ({error})"]
    return found


def _check_expressions(path: Path, data: bytes) -> None:
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise EdgeqError(f"{path}: its program can't be read ({error}); export it again") from error
    stack = [document]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            expression = item.get("expr_str")
            if expression is not None and not _harmless(str(expression)):
                raise EdgeqError(
                    f"{path}: holds the expression {str(expression)[:60]!r}, which would run as code; refused"
                )
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)


def _harmless(expression: str) -> bool:
    bare = re.sub(r"'[a-z]+\d+'", "''", expression)
    names = set(re.findall(r"[A-Za-z_]\w*", bare))
    symbols = {name for name in names if re.fullmatch(r"[a-z]+\d+", name)}
    return names - symbols <= _EXPRESSION_NAMES and re.fullmatch(r"[\w\s(),=+*/'.<>-]*", bare) is not None


def has_encoder_and_step(path: Path) -> bool:
    """Whether a checked export holds two programs, an encoder and a decoder's step
    (edgeq.torch_operators.save_encoder_decoder). Raises EdgeqError for other programs than those."""
    with zipfile.ZipFile(path) as archive:
        tails = [name.partition("/")[2] for name in archive.namelist()]
    found = sorted(tail[len("models/") : -len(".json")] for tail in tails if re.fullmatch(r"models/\w+\.json", tail))
    if len(found) > 1 and found != sorted((ENCODER, STEP)):
        raise EdgeqError(
            f"{path}: holds the programs {', '.join(found)}; a file holds one, or {ENCODER} and {STEP} "
            "(edgeq.torch_operators.save_encoder_decoder)"
        )
    return len(found) > 1


def without_sample_inputs(path: Path, target: Path) -> Path:
    """A copy of a checked export whose sample inputs are empty, so that torch has nothing to unpickle."""
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(target, "w") as copy:
        for info in source.infolist():
            sample = "/data/sample_inputs/" in f"/{info.filename}"
            copy.writestr(info.filename, b"" if sample else source.read(info.filename))
    return target
