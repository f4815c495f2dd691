"""Tiny checkpoints, one for each way in which chat templates treat thinking: the bundled one, its delimiters renamed.

The model is the same in all: what it reads and writes as its own delimiters is spelled as the family spells them. So it
thinks and closes its thinking by itself, and what a checkpoint shows is what s1m does about its template and tokens.

    bundled ids      ".\n" 443 444                        a thought begins with 443, and ends with ".\n" 444
    Kimi             "◁" "think▷" "/think▷"               each delimiter is two tokens, and none of them is special
    Gemma            443 "<|channel>", 444 "<channel|>"   the opening goes on as ordinary text: "thought\n"
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from s1m.engines.builder import BUNDLED
from s1m.engines.embedded.checkpoint import place_of

ORIGINAL = Path(place_of(BUNDLED), "chat_template.jinja").read_text(encoding="utf-8")
PROMPT = "<|im_start|>assistant\n{% endif %}\n"
HEADER = "<|im_start|>{{ message['role'] }}\n"
CONTENT = "{{ message['content'] }}"
assert ORIGINAL.endswith(PROMPT)
assert ORIGINAL.count(HEADER) == ORIGINAL.count(CONTENT) == 1

SWITCH = "enable_thinking is defined and enable_thinking"


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A way of treating thinking: the delimiters, and what the generation prompt ends with."""

    opening: str = "<think>\n"
    """As a template writes it."""
    closing: str = "</think>"
    prompt: str = ""
    """After the header of the assistant's turn."""
    drops: bool = False
    """Whether the thinking of earlier turns is left out."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """What the template needs in order to think."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Tokens of the bundled tokenizer, and how they are spelled."""
    special: bool = True
    """Whether the delimiters are special tokens."""

    @property
    def template(self) -> str:
        """The bundled template, with thinking in its turns and at the end of its generation prompt."""
        last = "message.reasoning_content and loop.last" if self.drops else "message.reasoning_content"
        thought = f"{{% if {last} %}}{self.opening}{{{{ message.reasoning_content }}}}{self.closing}{{% endif %}}"
        shown = ORIGINAL.removesuffix(PROMPT).replace(HEADER, HEADER + thought)
        return shown + "<|im_start|>assistant\n" + self.prompt + "{% endif %}"


KINDS: dict[str, Kind] = {
    "opens a line": Kind(prompt="<think>\n"),
    "opens without a line": Kind(opening="<think>", prompt="<think>"),
    "leaves it to the model": Kind(),
    "closes an empty thought": Kind(
        prompt=f"{{% if {SWITCH} %}}<think>\n{{% else %}}<think>\n\n</think>\n\n{{% endif %}}",
        options={"enable_thinking": True},
    ),
    "drops earlier thinking": Kind(prompt="<think>\n", drops=True),
    "several tokens": Kind(
        opening="◁think▷",
        closing="◁/think▷",
        renamed={"<think>": "think▷", "</think>": "/think▷", ".Ċ": "◁"},
        special=False,
    ),
    "channels": Kind(
        opening="<|channel>thought\n",
        closing="<channel|>",
        prompt=f"{{% if not ({SWITCH}) %}}<|channel>thought\n<channel|>{{% endif %}}",
        options={"enable_thinking": True},
        renamed={"<think>": "<|channel>", "</think>": "<channel|>", ".ĊĊ": "thought\n"},
        drops=True,
    ),
}


def write_checkpoint(kind: Kind, folder: Path) -> Path:
    """The folder, with the bundled checkpoint in it as this kind has it."""
    shutil.copytree(place_of(BUNDLED), folder)
    (folder / "chat_template.jinja").write_text(kind.template, encoding="utf-8")
    path = folder / "tokenizer.json"
    tokenizer = json.loads(path.read_text(encoding="utf-8"))
    for added in tokenizer["added_tokens"]:
        if added["content"] in kind.renamed:
            added["content"] = kind.renamed[added["content"]]
            added["special"] = kind.special
    for token in kind.renamed.keys() & tokenizer["model"]["vocab"].keys():
        _add(tokenizer, token, kind.renamed[token])
    path.write_text(json.dumps(tokenizer, ensure_ascii=False), encoding="utf-8")
    config = folder / "tokenizer_config.json"
    held = json.loads(config.read_text(encoding="utf-8"))
    extra = [kind.renamed.get(token, token) for token in held["extra_special_tokens"]]
    held["extra_special_tokens"] = [token for token in extra if kind.special or token not in kind.renamed.values()]
    config.write_text(json.dumps(held, ensure_ascii=False), encoding="utf-8")
    return folder


def _add(tokenizer: dict[str, Any], token: str, spelled: str) -> None:
    """Make a merged token of the vocabulary one that is added to it, with the same id."""
    vocabulary = tokenizer["model"]["vocab"]
    number = vocabulary.pop(token)
    vocabulary[spelled] = number
    merges = tokenizer["model"]["merges"]
    tokenizer["model"]["merges"] = [pair for pair in merges if token not in (*pair, "".join(pair))]
    flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized", "special"), False)
    tokenizer["added_tokens"].insert(0, {"id": number, "content": spelled, **flags})
