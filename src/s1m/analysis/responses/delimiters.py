"""What the thinking of recorded responses stands between, where it is not what some known family puts there."""

from __future__ import annotations

from s1m.engines.embedded.checkpoint import place_of
from s1m.errors import UsageError
from s1m.families import DEFAULT, Delimiters
from s1m.families.finding import read_files


def delimiters_of(model: str, opening: str, closing: str) -> Delimiters | None:
    """The given delimiters, else those of the model's chat template; None for those of any known family.

    Raises ``UsageError`` or ``DataError`` where the template cannot be read or shows no thinking.
    """
    if opening and not closing:
        raise UsageError("--thinking-open needs --thinking-close, which tells thinking from answer; give both")
    if closing:
        return Delimiters(opening.strip() or DEFAULT.opening, closing)
    if not model:
        return None
    result = read_files(place_of(model), {}).reading.delimiters
    if result is None:
        raise UsageError(f"the chat template of {model} shows no thinking; leave out --model, or give --thinking-close")
    return result
