"""Which parquet files hold a split: in a local folder laid out as on the Hub, or in the Hub's cache after a download.

    test-00000-of-00003.parquet               at the top, under data/, or under a config's folder
    test-00000-of-00003-71fc26e2a50c.parquet  with the hash that older uploads carry
    test.parquet                              one file
    test/0000.parquet                         as the Hub converts uploads by itself

A split of three shards is all three: one that is missing is an error, not a shorter benchmark.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from s1m.errors import DataError
from s1m.files.paths import user_path

SHARD = re.compile(r"(?P<stem>.+?)(?:-(?P<index>\d{5})-of-(?P<count>\d{5}))?(?:-[0-9a-f]{16})?\.parquet")
ENDINGS = (".parquet", ".jsonl", ".csv")
"""What files of problems are called."""
INSTALL = "pip install 's1m[evaluate]'"


def find_files(data: str | None, *, source: str, names: Sequence[str], configs: Sequence[str] = ()) -> tuple[Path, ...]:
    """The files of a split, config after config, in the order of their shards.

    ``names`` are what its files may be called, ``configs`` the folders that it is spread over; a folder that has none
    of these may hold one file for all of them. Without ``data`` they come from dataset ``source`` of the Hub. Raises
    ``DataError`` that names what is missing and where it was looked for.
    """
    root = user_path(data) if data is not None else download(source, names, configs)
    if root.is_file():
        return (root,)
    if not root.is_dir():
        raise DataError(f"there is no {root}; --data is a folder with the files of {source}")
    by_config = {config: _first_with(_config_folders(root, config), names) for config in configs}
    if any(by_config.values()):
        missing = [config for config, files in by_config.items() if not files]
        if missing:
            raise DataError(f"{root} lacks {', '.join(missing)}; --data may also be the folder of one of the others")
        return tuple(file for files in by_config.values() for file in files)
    files = _first_with((root, root / "data", root / "default"), names)
    if not files:
        raise DataError(f"{root} has no {names[0]}-*.parquet, nor have its data and config folders; it is not {source}")
    return files


def download(source: str, names: Sequence[str], configs: Sequence[str] = ()) -> Path:
    """The folder of a split's parquet files in the Hub's cache, downloaded where they are not there yet."""
    return download_files(source, patterns(names, configs))


def download_files(source: str, wanted: Sequence[str]) -> Path:
    """The folder of a Hub dataset in the cache, with the files that fit the patterns ``wanted``.

    Raises ``DataError`` where they cannot be downloaded.
    """
    try:
        from huggingface_hub import snapshot_download
    except ImportError:
        raise DataError(f"downloading {source} needs huggingface_hub: {INSTALL}, or give --data FOLDER") from None
    try:
        return Path(snapshot_download(source, repo_type="dataset", allow_patterns=list(wanted)))
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise DataError(
            f"cannot download {source} from the Hub ({reason}); download it where there is a network "
            f"(hf download --repo-type dataset {source} --local-dir FOLDER) and give --data FOLDER"
        ) from None


def patterns(names: Sequence[str], configs: Sequence[str] = ()) -> list[str]:
    """What the files of a split are called on the Hub, wherever they lie: a star stands for folders too."""
    prefixes = ("", "data/", "default/", *(f"*{config}/" for config in configs))
    forms = ("{}-*.parquet", "{}.parquet", "{}/*.parquet")
    return [prefix + form.format(name) for prefix in prefixes for name in names for form in forms]


def cached(source: str) -> bool:
    """Whether some files of a Hub dataset are in the cache; of every one, where ``source`` names several by commas."""
    try:
        from huggingface_hub.constants import HF_HUB_CACHE
    except ImportError:
        return False
    folders = [Path(HF_HUB_CACHE) / f"datasets--{name.replace('/', '--')}" for name in source.split(", ")]
    return all(
        any(next((folder / "snapshots").glob(f"**/*{ending}"), None) for ending in ENDINGS) for folder in folders
    )


def _config_folders(root: Path, config: str) -> tuple[Path, ...]:
    own = (root / config, root / "data" / config, root / config / "data")
    return (*own, *(folder / config for folder in sorted(root.iterdir()) if folder.is_dir()))


def _first_with(folders: Sequence[Path], names: Sequence[str]) -> tuple[Path, ...]:
    for folder in folders:
        for name in names:
            files = _shards(folder, name)
            if files:
                return files
    return ()


def _shards(folder: Path, name: str) -> tuple[Path, ...]:
    """The files of a split in one folder, which must be complete and of one upload."""
    matches = [(SHARD.fullmatch(path.name), path) for path in sorted(folder.glob("*.parquet"))]
    shards = [(match, path) for match, path in matches if match and match["stem"] == name]
    if not shards:
        return tuple(sorted((folder / name).glob("[0-9][0-9][0-9][0-9].parquet")))
    counts = {match["count"] for match, _ in shards}
    indices = [match["index"] for match, _ in shards]
    count = int(next(iter(counts)) or 1)
    expected = [None] if counts == {None} else [f"{index:05d}" for index in range(count)]
    if len(counts) > 1 or indices != expected:
        there = ", ".join(path.name for _, path in shards)
        raise DataError(f"{folder} should have all shards of {name}, each once; there is {there}")
    return tuple(path for _, path in shards)
