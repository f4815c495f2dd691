"""A model's chat template and the tokens that end its turn, from the files of its tokenizer: no weights, no torch."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from s1m.errors import DataError, UsageError
from s1m.families.template import ChatTemplate

TEMPLATE = "chat_template.jinja"
TEMPLATE_JSON = "chat_template.json"
CONFIG = "tokenizer_config.json"
TOKENIZER = "tokenizer.json"
GENERATION = "generation_config.json"
FILES = (TEMPLATE, TEMPLATE_JSON, CONFIG, TOKENIZER, GENERATION)
"""All that is read; nothing else is downloaded."""


@dataclass(frozen=True, kw_only=True)
class TokenizerFiles:
    """What the files of a model's tokenizer say."""

    template: ChatTemplate
    template_file: str
    """Name of the file that holds the template."""
    end_of_turn: Mapping[str, str]
    """The tokens that end a turn, each with the name of the file that says so."""


def read_model(place: str, *, download: bool = True) -> TokenizerFiles:
    """What the files of a folder or Hub id say; without ``download``, only of what is on this machine already.

    Raises ``UsageError`` where there is no such folder or Hub model, ``DataError`` where it has no chat template or a
    file is not JSON.
    """
    folder = folder_of(place, download=download)
    config = read_json(folder / CONFIG)
    source, file = _template(folder, config)
    end = {_text(config.get("eos_token")): CONFIG}
    names = dict(_names(folder, config))
    declared = read_json(folder / GENERATION).get("eos_token_id")
    for number in declared if isinstance(declared, list) else [declared]:
        if isinstance(number, int):
            end.setdefault(names.get(number, f"token {number}"), GENERATION)
    end.pop("", None)
    bos, eos = _text(config.get("bos_token")), _text(config.get("eos_token"))
    return TokenizerFiles(
        template=ChatTemplate(source, bos_token=bos, eos_token=eos), template_file=file, end_of_turn=end
    )


def folder_of(place: str, *, download: bool = True) -> Path:
    """The folder that holds ``FILES`` of a folder or Hub id. Raises ``UsageError`` where there is none."""
    folder = Path(place).expanduser()
    if folder.is_dir():
        return folder
    if folder.is_absolute() or place.startswith((".", "~")):
        raise UsageError(f"there is no model folder {place}; give a folder with a {CONFIG}, or a Hub id")
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.utils.tqdm import disable_progress_bars
    except ImportError:
        raise UsageError(f"{place} is not a folder, and the Hub needs: pip install 's1m[evaluate]'") from None
    disable_progress_bars()
    try:
        return Path(snapshot_download(place, allow_patterns=list(FILES), local_files_only=not download))
    except (OSError, ValueError) as error:  # whatever keeps the Hub from answering is reported alike
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise UsageError(
            f"cannot read {place}: it is not a folder here, and the Hub says: {reason}; give a folder with a {CONFIG}"
        ) from None


def _template(folder: Path, config: Mapping[str, Any]) -> tuple[str, str]:
    """The source of the chat template, and the file that holds it; a file of its own wins, as in transformers."""
    if (folder / TEMPLATE).is_file():
        try:
            return (folder / TEMPLATE).read_text(encoding="utf-8"), TEMPLATE
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(f"cannot read {folder / TEMPLATE}: {error}; correct the file") from None
    for file, held in ((TEMPLATE_JSON, read_json(folder / TEMPLATE_JSON)), (CONFIG, config)):
        source = held.get("chat_template")
        if isinstance(source, list):  # several templates by name, such as one for tools
            named = {each.get("name"): each.get("template") for each in source if isinstance(each, dict)}
            source = named.get("default")
        if isinstance(source, str):
            return source, file
    raise DataError(f"{folder} has no chat template: neither {TEMPLATE} nor one in {CONFIG}; add {TEMPLATE}")


def _names(folder: Path, config: Mapping[str, Any]) -> Iterator[tuple[int, str]]:
    """The special tokens by id."""
    for number, token in (config.get("added_tokens_decoder") or {}).items():
        yield int(number), _text(token)
    for token in read_json(folder / TOKENIZER).get("added_tokens") or ():
        yield token["id"], _text(token)


def _text(token: object) -> str:
    """A token that is written as a text, or as a table with its content."""
    content = token.get("content") if isinstance(token, Mapping) else token
    return content if isinstance(content, str) else ""


def read_json(path: Path) -> dict[str, Any]:
    """The keys of a file; none where there is no such file. Raises ``DataError`` for one that is not JSON."""
    if not path.is_file():
        return {}
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"cannot read {path}: {error}; download it again") from None
    if not isinstance(held, dict):
        raise DataError(f"cannot read {path}: it is not a JSON object; download it again")
    return held
