"""What a terminal shows of a question, lane by lane."""

from __future__ import annotations

import io

from s1m.ask.report import shortened
from s1m.ask.terminal import Live
from s1m.files.printing import Printer
from s1m.forcing.events import (
    AnswerBegun,
    AnswerEnded,
    AnswerText,
    Event,
    Finished,
    SegmentEnded,
    StopIgnored,
    ThinkingText,
)
from s1m.types import Segment, StopClass, Trace

DONE = Finished(trace=Trace(chains=(), answers=()), tokens=9, seconds=1.0)


def thought(text: str, chain: int = 0, segment: int = 0) -> Event:
    return ThinkingText(chain=chain, segment=segment, text=text)


def ended(stop: StopClass = "closed", chain: int = 0, segment: int = 0, cut: int = 0) -> Event:
    text = Segment(injected="", text="", tokens=1, stop=stop, cut_characters=cut)
    return SegmentEnded(chain=chain, segment=segment, ended=text)


def answer(level: int, text: str, chain: int = 0, tries: int = 1) -> list[Event]:
    return [
        AnswerBegun(chain=chain, level=level, tries=tries),
        AnswerText(chain=chain, level=level, tries=tries, text=text),
        AnswerEnded(chain=chain, level=level, tries=tries, text=text, tokens=1),
    ]


def shown(*events: Event, colour: bool = False) -> str:
    return shown_after(events, colour=colour)[-1]


def shown_after(events: tuple[Event, ...], *, colour: bool = False) -> list[str]:
    file = io.StringIO()
    live = Live(Printer(file=file, force_terminal=colour, width=200, color_system="standard" if colour else None))
    after = []
    for event in events:
        live.show(event)
        after.append(file.getvalue())
    return after


def test_thinking_is_written_at_once_with_its_ignored_stops_and_answers() -> None:
    ignored = StopIgnored(chain=0, segment=1, injected="Wait,")
    events = (thought("I "), thought("look.\n"), ended(), ignored, thought(" again."), ended(), *answer(1, "7"), DONE)
    after = shown_after(events)
    assert after[:2] == ["I ", "I look.\n"]
    assert after[-1] == "I look.\n[stop 1 ignored] Wait, again.\nanswer at level 1: 7\n"


def test_an_ignored_stop_is_highlighted_and_an_answer_bold() -> None:
    text = shown(StopIgnored(chain=0, segment=1, injected="Wait,"), *answer(0, "7"), DONE, colour=True)
    assert "\x1b[30;43m[stop 1 ignored] Wait," in text
    assert "\x1b[1m7\x1b[0m" in text


def test_answers_that_are_written_at_once_come_in_the_order_of_their_levels() -> None:
    begun = [AnswerBegun(chain=0, level=level, tries=1) for level in (0, 1)]
    texts = [AnswerText(chain=0, level=level, tries=1, text=str(level)) for level in (1, 0)]
    finished = [AnswerEnded(chain=0, level=level, tries=1, text=str(level), tokens=1) for level in (1, 0)]
    events = (thought("Hm."), *begun, *texts, *finished, DONE)
    assert shown(*events) == "Hm.\nanswer at level 0: 0\nanswer at level 1: 1\n"


def test_an_answer_stands_where_it_was_asked_for_though_the_chain_goes_on_meanwhile() -> None:
    begun, text, over = answer(0, "7")
    ignored = StopIgnored(chain=0, segment=1, injected="Wait,")
    after = shown_after(
        (thought("I look."), ended(), begun, ignored, thought(" ag", segment=1), text, over, thought("ain", segment=1))
    )
    assert after[4:6] == ["I look.\nanswer at level 0: ", "I look.\nanswer at level 0: 7"]
    assert after[6:] == [f"I look.\nanswer at level 0: 7\n[stop 1 ignored] Wait, ag{more}" for more in ("", "ain")]


def test_an_answer_that_is_asked_for_again_does_not_break_the_thinking() -> None:
    ignored = StopIgnored(chain=0, segment=1, injected="Wait,")
    first, again = answer(0, "?"), answer(0, "7", tries=2)
    text = shown(thought("I look."), *first, ignored, thought(" ag"), *again, thought("ain."), *answer(1, "8"), DONE)
    assert text.splitlines() == [
        "I look.",
        "answer at level 0: ?",
        "[stop 1 ignored] Wait, again.",
        "answer at level 0, asked 2 times: 7",
        "answer at level 1: 8",
    ]


def test_a_chain_waits_for_the_one_before_it() -> None:
    after = shown_after(
        (thought("a"), thought("x", chain=1), thought("b"), *answer(0, "7"), thought("y", chain=1), DONE)
    )
    assert after[2] == "ab"
    assert after[-1] == "ab\nchain 2\nxy\nanswer at level 0: 7\n"


def test_chains_one_after_another_are_each_written_as_they_come() -> None:
    after = shown_after((thought("a"), *answer(0, "7"), thought("x", chain=1), DONE))
    assert after[4].endswith("chain 2\nx")


def test_how_a_segment_ended_is_said_where_it_did_not_close() -> None:
    assert shown(thought("a"), ended("looped", cut=1200), DONE) == "a [looped, 1,200 characters cut]\n"
    assert shown(thought("a"), ended("capped"), DONE) == "a [capped]\n"


def test_an_answer_that_is_asked_for_again_says_so() -> None:
    assert shown(*answer(0, "?"), *answer(0, "7", tries=2), DONE).splitlines()[1:] == [
        "answer at level 0, asked 2 times: 7"
    ]


def test_what_the_model_writes_moves_no_cursor_and_is_no_markup() -> None:
    assert shown(thought("\x1b[2J[bold]x[/bold]\x07"), DONE) == "\\x1b[2J[bold]x[/bold]\\x07\n"


def test_a_long_answer_is_shortened_in_the_table_that_repeats_it() -> None:
    assert shortened("seven " * 1000).endswith("seven ...")
    assert shortened("seven") == "seven"
