"""Stop strings that are spelled in several tokens: where they begin, and which part of one stands at a limit."""

from __future__ import annotations

from collections.abc import Sequence

from s1m.families import without_end_of_turn
from s1m.types import Finish


def first_stop(text: str, stops: Sequence[str]) -> int | None:
    """Where the first stop string in ``text`` begins, or None without one."""
    return min((at for at in (text.find(stop) for stop in stops if stop) if at >= 0), default=None)


def without_partial_stop(text: str, stops: Sequence[str]) -> str:
    """A text that ran out of tokens, without the beginning of a stop string at its end.

    Where ``</think>`` is several tokens, the limit can fall inside it; its rest alone would not stop the next step.
    Without its beginning, the next step writes it again as a whole.
    """
    longest = max((len(stop) for stop in stops), default=1) - 1
    for length in range(min(longest, len(text)), 0, -1):
        if any(len(stop) > length and text.endswith(stop[:length]) for stop in stops):
            return text[:-length]
    return text


def without_ending(text: str, stops: Sequence[str], *, at_limit: bool, at_stop: bool) -> tuple[str, Finish]:
    """What a server wrote as text, without what ended it, and why it ended.

    The server says whether it ended ``at_limit``, its last token allowed, or ``at_stop``, a stop string that is not in
    the text; with neither the model ended its turn. The text is cut at the first stop string wherever it is, also
    within ``min_tokens``, where vLLM does not look for stop strings (before 0.10.1 it did): a delimiter left inside the
    thinking would spoil every step after it.
    """
    start = first_stop(text, stops)
    if start is not None:
        return text[:start], "stop"
    if at_limit:
        # The limit can fall inside a character or a stop string; the next step writes it again as a whole.
        return without_partial_stop(text.rstrip("\ufffd"), stops), "length"
    if at_stop:
        return text, "stop"
    return without_end_of_turn(text), "eos"
