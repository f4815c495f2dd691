"""What a run is done with, as ``settings.toml`` and ``summary.json`` keep it, and what has changed since it began.

date        when it was started, in UTC
s1m         its version; libraries those that numbers may depend on
weights     a fingerprint of the checkpoint's files, or revision, the commit of a checkpoint of the Hub
scorer      a fingerprint of the code that judges answers
data        a fingerprint of the problems' texts; their images are part of every record's key
server      address, name and version, as the server says; device what a model in this process runs on
delimiters  where those of thinking are from; sampling where it was recommended, if it was
forcing     how an engine makes its server think, where it can do so in several ways
"""

from __future__ import annotations

import hashlib
import inspect
import platform
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

import s1m
from s1m.benchmarks.reading.rows import without_images
from s1m.engines.remote.connection import Connection
from s1m.engines.remote.endpoint import api_root
from s1m.engines.remote.retry import Transient
from s1m.errors import EngineError
from s1m.files.decoding import Undecodable, decode_reply
from s1m.types import Benchmark, Problem

Provenance = Mapping[str, Any]

LIBRARIES = ("torch", "transformers", "numpy", "pillow", "msgspec", "math-verify", "sympy", "aiohttp")
SAID = ("weights", "revision", "scorer", "data", "server", "s1m")
"""What is said when it has changed; a change of device or libraries is only written down."""
WEIGHT_FILES = ("*.safetensors", "*.bin", "*.pt", "*.gguf", "config.json", "tokenizer.json")
SAMPLES = 64
SAMPLE_BYTES = 1 << 16
"""A file of weights is sampled in 64 places: training changes all of it, and reading 15 GB takes half a minute."""
SERVER_TIMEOUT_SECONDS = 5.0


async def provenance_of(
    benchmark: Benchmark, problems: Sequence[Problem], *, model: str, base_urls: Sequence[str]
) -> Provenance:
    """What a run is done with: a model in this process, or where there are ``base_urls``, at servers.

    A server that does not say its version is kept without one.
    """
    if base_urls:
        return {**made_here(benchmark, problems), "server": [await _server(url) for url in base_urls]}
    return {**made_here(benchmark, problems), "device": _device(), **_where(model)}


def made_here(benchmark: Benchmark, problems: Sequence[Problem]) -> dict[str, Any]:
    """The part that is known without an engine."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "s1m": s1m.__version__,
        "python": platform.python_version(),
        "scorer": _scorer(benchmark),
        "data": _data(problems),
        "libraries": {name: installed for name in LIBRARIES if (installed := _version(name))},
    }


def is_new(entry: Provenance, before: Sequence[Provenance]) -> bool:
    """Whether anything but the date differs from the last start."""
    return not before or {**entry, "date": ""} != {**before[-1], "date": ""}


def changes(entry: Provenance, before: Sequence[Provenance]) -> list[str]:
    """What is said when a run is resumed with something else than it was done with so far; nothing when it is not."""
    last = before[-1] if before else entry
    return [
        f"{name} changed since {last.get('date', 'the start')}: {_short(last[name])} then, {_short(entry[name])} now"
        for name in SAID
        if name in last and name in entry and last[name] != entry[name]
    ]


def fingerprint(place: Path) -> str:
    """A fingerprint of a checkpoint's file or files: names, sizes, and the content in evenly spaced places."""
    digest = hashlib.sha256()
    paths = {place} if place.is_file() else {path for pattern in WEIGHT_FILES for path in place.glob(pattern)}
    for path in sorted(paths):
        size = path.stat().st_size
        digest.update(f"{path.name} {size}\n".encode())
        with path.open("rb") as file:
            for start in range(0, size, max(SAMPLE_BYTES, size // SAMPLES)):
                file.seek(start)
                digest.update(file.read(SAMPLE_BYTES))
    return digest.hexdigest()[:16]


def checkpoint(model: str) -> str:
    """The fingerprint of a checkpoint that lies on this machine; empty for one of the Hub."""
    from s1m.engines.embedded.checkpoint import place_of

    place = Path(place_of(model))
    return fingerprint(place) if place.exists() else ""


def _where(model: str) -> dict[str, str]:
    if weights := checkpoint(model):
        return {"weights": weights}
    from huggingface_hub import try_to_load_from_cache

    cached = try_to_load_from_cache(model, "config.json")
    return {"revision": Path(cached).parent.name} if isinstance(cached, str) else {}


def _device() -> str:
    torch: Any = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        return str(torch.cuda.get_device_name())
    return f"cpu ({platform.machine()})"


async def _server(base_url: str) -> str:
    """Address, name and version of a server, as far as it says them."""
    url = api_root(base_url)
    connection = Connection(url, None, timeout_seconds=SERVER_TIMEOUT_SECONDS, max_connections=1)
    try:
        said = await _asked(connection, "/version")
        models = await _asked(connection, "models")
    finally:
        await connection.close()
    data = models.get("data")
    first = data[0] if isinstance(data, list) and data and isinstance(data[0], dict) else {}
    return " ".join(str(part) for part in (url, first.get("owned_by"), said.get("version")) if part)


async def _asked(connection: Connection, path: str) -> dict[str, Any]:
    try:
        return decode_reply(await connection.exchange("GET", path, b""), dict[str, Any])
    except (EngineError, Transient, Undecodable):
        return {}


def _scorer(benchmark: Benchmark) -> str:
    source = inspect.getsourcefile(type(benchmark))
    scoring = Path(str(files("s1m").joinpath("scoring"))).rglob("*.py")
    return _digest(path.read_bytes() for path in [*sorted(scoring), *([Path(source)] if source else [])])


def _data(problems: Sequence[Problem]) -> str:
    texts = ([problem.id, problem.question, problem.gold, problem.choices] for problem in without_images(problems))
    return _digest(msgspec.json.encode(text) for text in texts)


def _digest(parts: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()[:16]


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _short(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
