"""One spelling for thinking: whatever tags a response came with, it leaves as ``<think>...</think>`` and an answer.

<SUMMARY>...</SUMMARY><CAPTION>...</CAPTION><REASONING>...</REASONING><CONCLUSION>...</CONCLUSION>   LLaVA-CoT
<|begin_of_thought|>...<|end_of_thought|> <|begin_of_solution|>...<|end_of_solution|>              o1-style sets
◁think▷...◁/think▷                                                                                 other families
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from s1m.datasets.example import Unusable

STAGE_TAG = re.compile(r"</?(?:SUMMARY|CAPTION|REASONING|CONCLUSION)>")
OPEN, CLOSE = "<think>", "</think>"
THOUGHT, THOUGHT_END = "<|begin_of_thought|>", "<|end_of_thought|>"
SOLUTION_TAG = re.compile(r"<\|(?:begin|end)_of_solution\|>")


@dataclass(frozen=True)
class Delimiters:
    """What thinking stands between."""

    opening: str
    closing: str

    def around(self, thinking: str, answer: str) -> str:
        """A response of which the two parts are known."""
        return f"{self.opening}\n{thinking.strip()}\n{self.closing}\n{answer.strip()}"


KNOWN = (
    Delimiters(OPEN, CLOSE),
    Delimiters("<thinking>", "</thinking>"),
    Delimiters("<seed:think>", "</seed:think>"),
    Delimiters("◁think▷", "◁/think▷"),
    Delimiters("[THINK]", "[/THINK]"),
    Delimiters("<|channel>thought", "<channel|>"),
)


def canonical(response: str, delimiters: Delimiters) -> str:
    """The response with its thinking between these delimiters; one without known tags is returned as it is.

    Of LLaVA-CoT's four stages all but the conclusion are thinking. Raises ``Unusable`` where tags of these sets begin
    a thinking that does not end.
    """
    if "<SUMMARY>" in response or "<CONCLUSION>" in response:
        thinking, found, answer = response.partition("<CONCLUSION>")
        if not found:
            raise Unusable("thinking not closed", "there is no <CONCLUSION>")
        stages = (stage.strip() for stage in STAGE_TAG.split(thinking))
        return delimiters.around("\n\n".join(stage for stage in stages if stage), STAGE_TAG.sub("", answer))
    if THOUGHT in response:
        thinking, found, answer = response.partition(THOUGHT)[2].partition(THOUGHT_END)
        if not found:
            raise Unusable("thinking not closed", f"there is no {THOUGHT_END}")
        return delimiters.around(thinking, SOLUTION_TAG.sub("", answer))
    begun = response.lstrip()
    pair = next((pair for pair in KNOWN if begun.startswith(pair.opening)), KNOWN[0])
    return response.replace(pair.opening, delimiters.opening).replace(pair.closing, delimiters.closing)


def holds_thinking(response: str, delimiters: Delimiters | None = None) -> bool:
    """Whether thinking stands in a response: between these delimiters, or in those of any known set or family."""
    tags = ("<SUMMARY>", "<CONCLUSION>", THOUGHT)
    pairs = KNOWN if delimiters is None else (delimiters,)
    return any(tag in response for tag in tags if delimiters is None) or any(
        tag in response for pair in pairs for tag in (pair.opening, pair.closing)
    )


def without_delimiters(thinking: str) -> str:
    """Thinking that stands beside a response, without delimiters that some sets leave around it."""
    bare = thinking.strip()
    for pair in KNOWN:
        bare = bare.removeprefix(pair.opening).removesuffix(pair.closing).strip()
    return bare
