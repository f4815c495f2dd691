"""One spelling for thinking: whatever tags a response came with, it leaves as ``<think>…</think>`` and an answer.

<SUMMARY>…</SUMMARY><CAPTION>…</CAPTION><REASONING>…</REASONING><CONCLUSION>…</CONCLUSION>      LLaVA-CoT
<|begin_of_thought|>…<|end_of_thought|> <|begin_of_solution|>…<|end_of_solution|>              o1-style sets
"""

from __future__ import annotations

import re

from s1m.datasets.example import Unusable
from s1m.families import DEFAULT
from s1m.families import Delimiters as Delimiters

STAGE_TAG = re.compile(r"</?(?:SUMMARY|CAPTION|REASONING|CONCLUSION)>")
OPEN, CLOSE = DEFAULT.opening, DEFAULT.closing
THOUGHT, THOUGHT_END = "<|begin_of_thought|>", "<|end_of_thought|>"
SOLUTION_TAG = re.compile(r"<\|(?:begin|end)_of_solution\|>")


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
    return response.replace(OPEN, delimiters.opening).replace(CLOSE, delimiters.closing)
