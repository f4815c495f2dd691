r"""What of a conversation is context and what is learned, as stretches of text, before anything is a token.

    system, question, images, "<|im_start|>assistant\n"      context
    response, "<|im_end|>"                                  learned
    an ignore string inside the thinking                    refused: the target there is the end of thinking

A prompt is rendered by the model's own chat template; what follows it is what the model writes when it is served.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from s1m.datasets.example import Turn, Unusable
from s1m.families import DEFAULT

Part = Literal["context", "learned", "refused"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Stretch:
    """A text that is tokenized by itself, and what is learned of it."""

    text: str
    part: Part


class Script:
    """Splits conversations into stretches, for one chat template and one pair of delimiters."""

    def __init__(
        self,
        render: Callable[[Sequence[Turn]], str],
        *,
        end: str,
        control: Sequence[str],
        thinking_open: str = DEFAULT.opening,
        thinking_close: str = DEFAULT.closing,
        ignore_strings: Sequence[str] = (),
        said_as: Callable[[str], str] = str,
    ) -> None:
        """``render`` gives the text of turns up to where the assistant begins to write, and ``end`` ends its turn.

        Only the template may write the texts of ``control``. ``ignore_strings`` empty: what stands inside the thinking
        is learned as it is. ``said_as``: a response as the template writes it after what ``render`` returns.
        """
        self.end = end
        self._render = render
        self._control = tuple(control)
        self._open = thinking_open
        self._close = thinking_close
        self._said_as = said_as
        longest_first = sorted(ignore_strings, key=len, reverse=True)
        phrase = rf"(?:{'|'.join(map(re.escape, longest_first))})(?!\w)"
        # Several in a row count as one: between them nothing was thought, so no end was refused.
        self._ignored = re.compile(rf"^({phrase}(?:\s*\n\s*{phrase})*)", re.M) if ignore_strings else None

    def stretches(self, turns: Sequence[Turn], *, ended: bool = True) -> Iterator[Stretch]:
        """The conversation from its beginning to the end of its last assistant's turn. Raises ``Unusable``.

        Not ``ended``: the last turn was cut off, and nothing ends it.
        """
        for turn in turns:
            self._check_spelling(turn.text)
        before = ""
        for index, turn in enumerate(turns):
            if turn.role != "assistant":
                continue
            prompt = self._render(turns[:index])
            # Qwen3's templates drop the thinking of earlier turns: what was learned there would not be what is served.
            if not prompt.startswith(before):
                raise Unusable("the chat template rewrites earlier turns")
            yield Stretch(text=prompt[len(before) :], part="context")
            said = self._left_to_say(self._said_as(turn.text), prompt)
            yield from self._say(said, opened=turn.text.lstrip().startswith(self._open))
            if ended or index + 1 < len(turns):
                yield Stretch(text=self.end, part="learned")
            before = prompt + said + self.end

    def _check_spelling(self, text: str) -> None:
        for token in self._control:
            if token in text:
                raise Unusable("spells a special token", token)

    def _left_to_say(self, said: str, prompt: str) -> str:
        """A response without the opening of thinking that the chat template has written already."""
        _, opened, space = prompt.rpartition(self._open)
        if not opened or space.strip():
            return said
        begun = said.lstrip()
        if not begun.startswith(self._open):
            raise Unusable("the chat template opens a thinking that the response lacks")
        return begun.removeprefix(self._open).removeprefix(space)

    def _say(self, said: str, *, opened: bool) -> Iterator[Stretch]:
        """What the assistant says: ignore strings inside the thinking are refused, everything else is learned.

        Each stretch is tokenized by itself, as it is when served: the engine appends an ignore string to finished ids.
        All is thinking that was ``opened`` and never closed, as in rejected responses.
        """
        thinking, closed, answer = said.rpartition(self._close)
        if opened and not closed:
            thinking, answer = said, ""
        if self._ignored is None or not (closed or opened):
            yield Stretch(text=said, part="learned")
            return
        first, *rest = self._ignored.split(thinking)
        if not first.strip().removeprefix(self._open):  # where nothing was thought, no end was refused
            first, rest = "".join([first, *rest[:2]]), rest[2:]
        if not rest:
            yield Stretch(text=said, part="learned")
            return
        yield Stretch(text=first, part="learned")
        for index in range(0, len(rest), 2):
            last = index + 2 == len(rest)
            yield Stretch(text=rest[index], part="refused")
            yield Stretch(text=rest[index + 1] + (closed + answer if last else ""), part="learned")
