"""What was found of a model's thinking, and why, in plain words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from s1m.errors import DataError
from s1m.families.files import TokenizerFiles, read_model
from s1m.families.reading import QUESTION, Reading, read_template
from s1m.families.template import ChatTemplate


@dataclass(frozen=True, kw_only=True)
class Read:
    """A reading of a template, and where the template is."""

    reading: Reading
    source: str
    """In a few words: ``chat_template.jinja``, or the address of a server."""


def read_files(place: str, options: Mapping[str, Any], *, download: bool = True) -> Read:
    """What the template of a folder or Hub id does about thinking with these options.

    Without ``download``, only of what is on this machine already. Raises ``UsageError`` or ``DataError`` where there is
    none, or it renders nothing.
    """
    files = read_model(place, download=download)
    template = ChatTemplate(files.template.source, files.template.bos_token, files.template.eos_token, options)
    return Read(reading=read_template(template), source=files.template_file)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A reading of a model's template, and what it rests on."""

    files: TokenizerFiles
    reading: Reading
    prompt_end: str
    """What the template writes between the question and the model's first token."""

    def as_json(self) -> dict[str, Any]:
        """Plain values; delimiters are null where the template knows no thinking."""
        reading, known = self.reading, self.reading.delimiters
        return {
            "template": self.files.template_file,
            "thinking_open": reading.opening if known else None,
            "thinking_close": known.closing if known else None,
            "state": reading.state,
            "switch": dict(reading.switch),
            "keeps_earlier": reading.keeps_earlier if known else None,
            "prompt_end": self.prompt_end,
            "end_of_turn": dict(self.files.end_of_turn),
        }

    def sentences(self) -> list[tuple[str, str]]:
        """What was found, a subject and a sentence each."""
        files, reading = self.files, self.reading
        ends = [f"{token} ({file})" for token, file in files.end_of_turn.items()]
        last = ("end of turn", ", ".join(ends) or "no file of the tokenizer names a token for it")
        if reading.delimiters is None:
            return [
                ("template", f"{files.template_file}; it never shows thinking, with or without its options"),
                ("delimiters", "none found; give --thinking-open and --thinking-close as the model's card has them"),
                last,
            ]
        return [
            ("template", files.template_file),
            ("opening", f"{quoted(reading.opening)}, as rendered before the thinking of an assistant's turn"),
            ("closing", f"{quoted(reading.delimiters.closing)}, as rendered between thinking and answer"),
            ("prompt", _state(reading, self.prompt_end)),
            ("earlier", _earlier(reading)),
            last,
        ]


def find(files: TokenizerFiles) -> Finding:
    """What the template does about thinking. Raises ``DataError`` when it renders nothing."""
    reading = read_template(files.template)
    try:
        prompt = files.template.render([{"role": "user", "content": QUESTION}], generation=True)
    except DataError:
        prompt = ""
    return Finding(files=files, reading=reading, prompt_end=prompt.partition(QUESTION)[2])


def options_text(options: Mapping[str, Any]) -> str:
    """Options as ``--template-kwargs`` takes them, such as ``enable_thinking=true``."""
    return " ".join(f"{key}={value if isinstance(value, str) else json.dumps(value)}" for key, value in options.items())


def quoted(text: str) -> str:
    """A text with its line breaks visible."""
    return json.dumps(text, ensure_ascii=False)


def _state(reading: Reading, prompt_end: str) -> str:
    why = f"after the question stands {quoted(prompt_end)}"
    if reading.state == "opened":
        return f"opens thinking by itself, so s1m does not write the opening again: {why}"
    if reading.state == "left to the model":
        return f"neither opens nor ends thinking, so s1m writes the opening: {why}"
    add = f"add --template-kwargs {options_text(reading.switch)}" if reading.switch else "no option changes that"
    return f"ends thinking before it begins (thinking is off); {add}: {why}"


def _earlier(reading: Reading) -> str:
    if reading.keeps_earlier:
        return "thinking of earlier turns is kept when another question follows"
    return "thinking of earlier turns is dropped when another question follows"
