"""The settings of budget forcing, and the assistant's turn as pieces: opening, thinking, ignore strings, thinking."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from s1m.families import DEFAULT
from s1m.types import Piece, Segment


@dataclass(frozen=True, kw_only=True)
class Forcing:
    """Settings of budget forcing. Budgets count generated tokens, not the strings put between them."""

    num_ignore: tuple[int, ...]
    """Levels at which an answer is wanted, rising."""
    ignore_strings: tuple[str, ...]
    max_thinking_tokens: int
    max_answer_tokens: int
    min_thinking_tokens: int = 0
    thinking_open: str = DEFAULT.opening_line
    thinking_close: str = DEFAULT.closing
    answer_cue: str = "\nFinal answer: "
    chunk_tokens: int = 128
    """Thinking is asked for in chunks of this size, and checked for loops between them."""
    show_images_again: bool = False
    """Show the problem's images again after every ignore string."""
    instruction: str = ""
    """Appended to the question."""
    answer_schema: str = ""
    """A JSON schema that answers are bound to, and thinking is not; empty for none."""

    def __post_init__(self) -> None:
        if not self.num_ignore or sorted(set(self.num_ignore)) != list(self.num_ignore) or self.num_ignore[0] < 0:
            raise ValueError(
                f"num_ignore must be different whole numbers from 0 in rising order, not {self.num_ignore}"
            )
        if not self.ignore_strings or not all(self.ignore_strings):
            raise ValueError("ignore_strings must be at least one string, and none of them empty")
        if not self.thinking_close:
            raise ValueError("thinking_close is empty; without a delimiter no end of thinking can be seen")
        for name in ("max_thinking_tokens", "max_answer_tokens", "chunk_tokens"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")
        if not 0 <= self.min_thinking_tokens <= self.max_thinking_tokens:
            raise ValueError(
                f"min_thinking_tokens must lie between 0 and max_thinking_tokens ({self.max_thinking_tokens}), "
                f"not {self.min_thinking_tokens}"
            )

    def ignore_string(self, times_ignored: int) -> str:
        """What is appended at the next ignored stop; the strings take turns."""
        return self.ignore_strings[times_ignored % len(self.ignore_strings)]


def chain_so_far(forcing: Forcing, chain: Sequence[Segment]) -> tuple[Piece, ...]:
    """The assistant's turn up to the end of a chain, as pieces."""
    pieces = [*as_pieces(forcing.thinking_open)]
    for segment in chain:
        pieces += [*injection(forcing, segment.injected), Piece(text=segment.text, token_ids=segment.token_ids)]
    return tuple(pieces)


def injection(forcing: Forcing, injected: str) -> tuple[Piece, ...]:
    """What is put at an ignored stop: the ignore string, and the images after it where they are shown again."""
    return (Piece(text=injected, images=forcing.show_images_again),) if injected else ()


def as_pieces(text: str) -> tuple[Piece, ...]:
    """Injected text as a piece, or no piece at all for no text."""
    return (Piece(text=text),) if text else ()


def joined(pieces: Sequence[Piece]) -> str:
    """The text of pieces."""
    return "".join(piece.text for piece in pieces)


def joined_ids(pieces: Sequence[Piece]) -> tuple[int, ...] | None:
    """The token ids of pieces, or None when any of them has none."""
    ids: list[int] = []
    for piece in pieces:
        if piece.token_ids is None:
            return None
        ids += piece.token_ids
    return tuple(ids)


def derive_seed(seed: int, *path: str | int) -> int:
    """A seed of 31 bits for one step of a run, independent of all others."""
    digest = hashlib.sha256(repr((seed, *path)).encode()).digest()
    return int.from_bytes(digest[:4], "big") & 0x7FFFFFFF
