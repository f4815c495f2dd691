"""A problem as the token ids that its server reads: the chat template is the server's own, the images are left out.

The server expands every image to as many place-holders as it needs, and its token endpoint wants one each. So prompts
are rendered by the server with a tiny stand-in for every image, and each stand-in's run of place-holders becomes one.
A handshake checks on every server that the result means the same, by comparing expanded prompts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from s1m.engines.chat.protocol import NO_OPTIONS
from s1m.engines.messages import Question
from s1m.engines.remote import Request, Server, Servers
from s1m.engines.remote.once import OnceEach
from s1m.engines.remote.refusals import Refused
from s1m.engines.remote.reply import decode, encode
from s1m.engines.vllm.protocol import DETOKENIZE, TOKENIZE, Text, Tokens
from s1m.errors import DataError, EngineError
from s1m.families.reading import SWITCHES
from s1m.families.turn import ends_thinking
from s1m.types import Piece, Problem, RequestOptions

STAND_IN = (
    "data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAABwAAAAcCAAAAABXZoBIAAAAFklEQVR4nGP8z4AbMOGRG5UclRxhkgCD/gE3CChK/QAAAABJRU5ErkJggg=="
)
"""A white picture of 28 x 28 pixels, the least that Qwen2-VL takes."""

LONGEST_ENDING_TOKENS = 24
"""Tokens looked at from the end for where a stop string begins, or a delimiter; those in use take up to six."""


@dataclass(frozen=True, kw_only=True)
class Placeholder:
    """The ids of a stand-in in a rendered prompt, and the single id that the token endpoint wants."""

    run: tuple[int, ...]
    single: int


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """A question as the chat template writes it: its ids, and the end of the text."""

    ids: tuple[int, ...]
    ending: str


@dataclass(eq=False)
class Prompt:
    """A problem's ids with one place-holder an image, the images' hashes, and the servers that keep them already."""

    token_ids: tuple[int, ...]
    images: tuple[str, ...]
    ending: str = ""
    """The end of the generation prompt, as text."""
    widened: int | None = None
    """How many more tokens the model reads than place-holders are sent, once a reply has told."""
    known_to: set[Server] = field(default_factory=set)

    def tokens_of(self, sent: int, times_shown: int, reported: int | None) -> int | None:
        """What the model read of a request of ``sent`` ids, which the server ``reported`` or did for an earlier one.

        None where neither is known of a prompt with images.
        """
        if reported is not None:
            self.widened = (reported - sent) // times_shown
            return reported
        if not self.images:
            return sent
        return None if self.widened is None else sent + times_shown * self.widened


class Prompts:
    """Prompts and texts as the servers' tokenizer spells them."""

    def __init__(
        self, servers: Servers, model: str, placeholder: Placeholder | None, options: RequestOptions = NO_OPTIONS
    ) -> None:
        self._servers = servers
        self._model = model
        self._placeholder = placeholder
        self._options = options
        self._questions = OnceEach(self._rendered, key_of=lambda question: question)

    async def prompt(self, problem: Problem) -> Prompt:
        """The prompt of a problem. Raises ``EngineError`` when its images have no place in it."""
        if problem.every_image and self._placeholder is None:
            raise EngineError(f"problem {problem.id}: {self._model} takes no images")
        try:
            rendered = await self._questions.get(Question.of(problem))
        except DataError as error:
            raise EngineError(f"problem {problem.id}: {error}") from error
        images = tuple(hashlib.sha256(image).hexdigest() for image in problem.every_image)
        return Prompt(token_ids=rendered.ids, images=images, ending=rendered.ending)

    async def switch(self, turn: Sequence[Piece], stop: Sequence[str]) -> Mapping[str, Any]:
        """Options with which the chat template does not end thinking before the turn; none where none is known."""
        question = Question(text="What is this?", images=0)
        for switch in SWITCHES:
            with suppress(Refused):
                ids = await self._question_ids(question, {**self._options.template, **switch})
                if not ends_thinking(await self._end_of(ids), turn, stop):
                    return switch
        return {}

    async def _rendered(self, question: Question) -> Rendered:
        ids = await self._question_ids(question, self._options.template)
        return Rendered(ids=ids, ending=await self._end_of(ids))

    async def _end_of(self, ids: Sequence[int]) -> str:
        return await self.read(ids[-LONGEST_ENDING_TOKENS:])

    async def _question_ids(self, question: Question, template: Mapping[str, Any]) -> tuple[int, ...]:
        messages = question.messages(self._options, STAND_IN)
        rendering = {"chat_template_kwargs": dict(template)} if template else {}
        ids = await self._tokenize({"messages": messages, **rendering})
        if self._placeholder is None:
            return tuple(ids)
        ids, count = collapse(ids, self._placeholder)
        if count != question.images:
            raise DataError(
                f"its question spells an image place-holder ({count} for {question.images} images); correct the data"
            )
        return tuple(ids)

    async def image_ids(self) -> tuple[int, ...]:
        """What the chat template writes for an image: what a question with one has, and without it has not.

        Raises ``EngineError`` where the two do not differ in one stretch.
        """
        asked = [Question(text="What is this?", images=count) for count in (1, 0)]
        shown, bare = [(await self._questions.get(each)).ids for each in asked]
        start = next((at for at, ids in enumerate(zip(shown, bare, strict=False)) if ids[0] != ids[1]), len(bare))
        end = start + len(shown) - len(bare)
        if shown[:start] + shown[end:] != bare:
            raise EngineError(f"the chat template of {self._model} writes images in a way that cannot be repeated")
        return shown[start:end]

    async def spell(self, text: str) -> tuple[int, ...]:
        """The token ids of a text on its own."""
        return tuple(await self._tokenize({"prompt": text, "add_special_tokens": False}))

    async def ids_of(self, text: str, generated: Sequence[int]) -> tuple[int, ...]:
        """The ids of a text that is the beginning of what ``generated`` spells: those very ids as far as they go.

        Where the text ends inside a token, the rest is spelled anew; where the beginning does not match, all of it.
        """
        # From the end: a stop string, which is what cuts a text, is a few tokens long. Each try asks the server.
        for kept in range(len(generated) - 1, max(-1, len(generated) - 1 - LONGEST_ENDING_TOKENS), -1):
            beginning = await self.read(generated[:kept]) if kept else ""
            if text.startswith(beginning):
                rest = text[len(beginning) :]
                return (*generated[:kept], *(await self.spell(rest) if rest else ()))
        return await self.spell(text) if text else ()

    async def read(self, token_ids: Sequence[int]) -> str:
        """The text of token ids."""

        async def body(_server: Server) -> bytes:
            return encode({"model": self._model, "tokens": list(token_ids)})

        return await self._servers.ask(Request(path=DETOKENIZE, body=body, read=lambda b: decode(b, Text).prompt))

    async def _tokenize(self, what: dict[str, Any]) -> list[int]:
        async def body(_server: Server) -> bytes:
            return encode({"model": self._model, **what})

        request = Request(path=TOKENIZE, body=body, read=lambda reply: decode(reply, Tokens).tokens)
        return await self._servers.ask(request)


def collapse(ids: Sequence[int], placeholder: Placeholder) -> tuple[list[int], int]:
    """Every run of place-holders as one, and how many there were."""
    run, collapsed, count, at = list(placeholder.run), [], 0, 0
    while at < len(ids):
        if list(ids[at : at + len(run)]) == run:
            collapsed.append(placeholder.single)
            at, count = at + len(run), count + 1
        else:
            collapsed.append(ids[at])
            at += 1
    return collapsed, count
