"""One spelling for thinking: whatever tags a response came with, it leaves as ``<think>...</think>`` and an answer.

<SUMMARY>...</SUMMARY><CAPTION>...</CAPTION><REASONING>...</REASONING><CONCLUSION>...</CONCLUSION>   LLaVA-CoT
<|begin_of_thought|>...<|end_of_thought|> <|begin_of_solution|>...<|end_of_solution|>              o1-style sets
◁think▷...◁/think▷                                                                                 other families
"""

from __future__ import annotations

import re

from s1m.datasets.example import Unusable
from s1m.families import DEFAULT, THINKING_DELIMITERS, Delimiters

STAGE_TAG = re.compile(r"</?(?:SUMMARY|CAPTION|REASONING|CONCLUSION)>")
STAGES = ("<SUMMARY>", "<CONCLUSION>")
"""Tags that tell LLaVA-CoT's responses from others."""
OPENING = re.compile(re.escape(DEFAULT.opening), re.IGNORECASE)
CLOSING = re.compile(re.escape(DEFAULT.closing), re.IGNORECASE)
"""Models and sets that spell them as ordinary text vary their case."""
# <|begin_of_solution|> and its end, as in the responses of Sky-T1 and of OpenThoughts.
SOLUTION_TAG = re.compile(r"<\|(?:begin|end)_of_solution\|>")


def canonical(response: str, delimiters: Delimiters) -> str:
    """The response with its thinking between these delimiters; one without known tags is returned as it is.

    Of LLaVA-CoT's four stages all but the conclusion are thinking. Raises ``Unusable`` where the tags of a set or
    family begin a thinking that does not end, or stand in the middle of the response.
    """
    if any(tag in response for tag in STAGES):
        thinking, closed, answer = response.partition("<CONCLUSION>")
        if not closed:
            raise Unusable("thinking not closed", "there is no <CONCLUSION>")
        stages = (stage.strip() for stage in STAGE_TAG.split(thinking))
        return delimiters.around("\n\n".join(stage for stage in stages if stage), STAGE_TAG.sub("", answer))
    response = OPENING.sub(lambda _: delimiters.opening, response)
    response = CLOSING.sub(lambda _: delimiters.closing, response)
    begun = response.lstrip()
    for pair in THINKING_DELIMITERS:
        if pair == delimiters or delimiters.opening in response:
            continue
        if begun.startswith(pair.opening):
            thinking, closed, answer = begun.removeprefix(pair.opening).partition(pair.closing)
            if not closed:
                raise Unusable("thinking not closed", f"there is no {pair.closing}")
            return delimiters.around(thinking, SOLUTION_TAG.sub("", answer))
        if pair.closing in response.partition(pair.opening)[2]:
            raise Unusable("text before the thinking", f"{pair.opening} does not begin the response")
    return response


def holds_thinking(response: str, delimiters: Delimiters | None = None) -> bool:
    """Whether thinking stands in a response: between these delimiters, or in those of any known set or family."""
    if delimiters is not None:
        return delimiters.opening in response or delimiters.closing in response
    pairs = any(pair.opening in response or pair.closing in response for pair in THINKING_DELIMITERS)
    return pairs or any(tag in response for tag in STAGES)


def without_delimiters(thinking: str) -> str:
    """Thinking that stands beside a response, without delimiters that some sets leave around it."""
    bare = thinking.strip()
    for pair in THINKING_DELIMITERS:
        bare = bare.removeprefix(pair.opening).removesuffix(pair.closing).strip()
    return bare
