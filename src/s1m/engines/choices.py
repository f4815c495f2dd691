"""Whether a server kept to the choices that an answer was bound to: some pass over the field that says so."""

from __future__ import annotations

from collections.abc import Sequence

from s1m.types import Completion


def is_one_of(choices: Sequence[str], completion: Completion) -> bool:
    """Whether a completion is one of the choices, or the beginning of one that ran out of tokens."""
    text = completion.text.strip()
    if completion.finish == "length":
        return any(choice.strip().startswith(text) for choice in choices)
    return any(choice.strip() == text for choice in choices)


def not_bound(server: object, choices: Sequence[str], completion: Completion) -> str:
    """The warning that a server wrote something else."""
    asked = ", ".join(choices[:5]) + (", ..." if len(choices) > 5 else "")
    return (
        f"{server} does not bind answers to choices (structured_outputs): it wrote {completion.text[:60]!r} where one "
        f"of {asked} was asked for; such answers are asked for again unbound"
    )
