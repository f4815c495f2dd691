"""Images in the embedded engine: of every kind, shown again within a turn, and a file that holds none."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from PIL import Image

from s1m.engines.embedded import EmbeddedEngine
from s1m.errors import EngineError
from s1m.types import Piece, Problem
from tests.engines.embedded.asking import PROBLEMS, THINK, alike, ask, step
from tests.engines.embedded.reference import reference


def two_pictures() -> Problem:
    return replace(PROBLEMS[3], images=(PROBLEMS[3].images[0], PROBLEMS[5].images[0]))


@pytest.mark.parametrize("problem", [PROBLEMS[0], two_pictures()], ids=["one picture", "two"])
def test_after_images_shown_again_greedy_tokens_equal_those_of_generate(
    engine: EmbeddedEngine, problem: Problem
) -> None:
    texts = ("<think>\nI read 5.", "Let me look again.", " Once more:", "")
    seen = [Piece(text=text, images=True) for text in texts[:-1]]
    for times in (3, 1, 2):
        again = step((*seen[:times], Piece(text=texts[times])), stop=(), max_tokens=24)
        beside = [(other, step(stop=(), max_tokens=24)) for other in PROBLEMS[6:8]]
        expected = reference(engine, problem, 24, turn=texts[: times + 1])
        first, *others = ask(engine, [(problem, again), *beside])
        for _ in range(2):  # the second time goes on from what is remembered
            assert first.token_ids == tuple(expected[: first.tokens])
            assert first.tokens > 3
            (first,) = ask(engine, [(problem, again)])
        assert [completion.token_ids for completion in others] == [
            tuple(reference(engine, other, 24)[: completion.tokens])
            for (other, _), completion in zip(beside, others, strict=True)
        ]


def test_going_on_behind_images_shown_again_reads_them_once(engine: EmbeddedEngine) -> None:
    looks: list[int] = []
    hook = engine.checkpoint.model.model.visual.register_forward_pre_hook(lambda *_: looks.append(1))
    fresh = replace(PROBLEMS[9], question="What is the sum of the digits, then?")
    looking = (*THINK, Piece(text="Let me look at the image again.", images=True))
    (first,) = ask(engine, [(fresh, step(looking, max_tokens=6))])
    more = (*looking, Piece(text=first.text, token_ids=first.token_ids))
    ask(engine, [(fresh, step(more, max_tokens=6))])
    ask(engine, [(fresh, step((*more, Piece(text="Wait,", images=True)), max_tokens=6))])
    hook.remove()
    assert len(looks) == 2


def test_a_problem_without_images_has_none_to_show_again(engine: EmbeddedEngine) -> None:
    blind = Problem(id="blind", question="What is 2 + 2?", images=(), gold="4")
    shown, plain = ask(
        engine, [(blind, step((Piece(text="<think>\n", images=images),), max_tokens=5)) for images in (True, False)]
    )
    assert alike([shown], [plain])


def test_pictures_of_every_mode_and_several_or_none_are_taken(engine: EmbeddedEngine) -> None:
    def encoded(mode: str, kind: str) -> bytes:
        buffer = io.BytesIO()
        Image.new(mode, (60, 40)).save(buffer, format=kind)
        return buffer.getvalue()

    images = [encoded("RGBA", "PNG"), encoded("P", "PNG"), encoded("L", "PNG"), encoded("CMYK", "JPEG")]
    for some in ((), (images[0],), tuple(images)):
        problem = Problem(id="any", question="What is the sum of the digits?", images=some, gold="")
        assert ask(engine, [(problem, step(max_tokens=3))])[0].tokens == 3


def test_what_is_no_image_fails_that_problem_by_name(engine: EmbeddedEngine) -> None:
    problem = Problem(id="broken-7", question="?", images=(b"<html>not found</html>",), gold="")
    with pytest.raises(EngineError, match="broken-7: one of its images is not an image"):
        ask(engine, [(problem, step())])


def test_a_question_that_spells_the_place_holder_is_refused_by_name(engine: EmbeddedEngine) -> None:
    vandal = Problem(id="vandal", question="<|image_pad|> What?", images=PROBLEMS[0].images, gold="")
    with pytest.raises(EngineError, match="vandal: its question spells an image place-holder"):
        ask(engine, [(vandal, step())])
