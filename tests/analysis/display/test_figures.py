"""Figures can be read: no text covers another, phones get letters of a size, ten runs can be told apart."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import combinations

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from s1m.analysis.comparison.compare import compare
from s1m.analysis.comparison.cost import Costing
from s1m.analysis.comparison.plot import accuracy_against_cost
from s1m.analysis.display.page import THEME
from s1m.analysis.display.style import SERIES, house_style, look, svg_text
from s1m.analysis.display.words import shortened, text_points, wrapped
from s1m.analysis.run.plots import scaling_panels
from s1m.analysis.run.samples_plot import against_samples
from s1m.analysis.run.summarize import summarize
from s1m.analysis.run.summary import Summary
from s1m.analysis.run.tokens_plot import accuracy_against_tokens
from s1m.evaluate.store import Run
from tests.analysis.made_runs import made_record, made_run, sampled_run

PHONE = 390 - 2 * 16
"""Pixels of a phone's page without its margins, as in the style of pages."""

NAMES = (
    *("sequential", "vote-8-chains-temperature-0.7", "hybrid", "token-cap", "rejection", "token-conditional"),
    *("class-conditional", "effort", "budget", "a-very-long-name-of-a-folder-that-someone-made-up-2026-11-26"),
)


@pytest.fixture(scope="module")
def ten_runs() -> list[Run]:
    return [
        made_run(
            sampled_run(60, levels=3 + number % 4, seed=number).records,
            folder=f"runs/{name}",
            settings={"temperature": (0.6, 1.0)[number % 2]},
        )
        for number, name in enumerate(NAMES)
    ]


def many_samples(folder: str) -> Run:
    rng = random.Random(folder)
    records = [
        replace(
            made_record(number, correct=[rng.random() < 0.4, rng.random() < 0.6], thinking=[10, 12]),
            key=f"{10 * number + sample:016x}",
            sample=sample,
        )
        for number in range(12)
        for sample in range(6)
    ]
    return made_run(records, folder=folder)


def drawings(ten_runs: list[Run]) -> dict[str, Callable[..., Figure]]:
    single, ten = [summarize(sampled_run(80, levels=8))], [summarize(run) for run in ten_runs]
    long = summarize(sampled_run(40, levels=12))
    wide = replace(long, levels=tuple(replace(x, level=2**k) for k, x in enumerate(long.levels, start=7)))
    several = [summarize(many_samples(f"runs/samples-{number}")) for number in range(4)]
    return {
        "one": partial(scaling_panels, single),
        "doubling levels": partial(scaling_panels, [wide]),
        "ten": partial(scaling_panels, ten),
        "tokens of one": partial(accuracy_against_tokens, single),
        "tokens of ten": partial(accuracy_against_tokens, ten),
        "samples": partial(against_samples, several),
        "comparison": partial(accuracy_against_cost, compare(ten_runs, Costing())),
    }


def shown_texts(figure: Figure) -> list[Text]:
    beyond = {  # ticks outside of what an axis shows are never drawn
        tick.label1
        for axes in figure.axes
        for axis, (low, high) in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim()))
        for tick in axis.get_major_ticks()
        if not low <= tick.get_loc() <= high
    }
    texts = [each for each in figure.findobj(Text) if isinstance(each, Text) and each not in beyond]
    return [text for text in texts if text.get_visible() and text.get_text().strip()]


def test_no_text_covers_another_or_leaves_the_figure(ten_runs: list[Run]) -> None:
    for name, draw in drawings(ten_runs).items():
        for narrow in (False, True):
            with house_style():
                figure = draw(narrow=narrow)
                figure.draw_without_rendering()
                boxes = [(text.get_text(), text.get_window_extent()) for text in shown_texts(figure)]
            inside = figure.bbox.padded(1)
            for text, box in boxes:
                assert inside.x0 <= box.x0 < box.x1 <= inside.x1, (name, narrow, text)
                assert inside.y0 <= box.y0 < box.y1 <= inside.y1, (name, narrow, text)
            for (text, first), (other, second) in combinations(boxes, 2):
                assert not first.padded(-0.5).overlaps(second.padded(-0.5)), (name, narrow, text, other)


def test_letters_are_large_enough_on_a_phone(ten_runs: list[Run]) -> None:
    for name, draw in drawings(ten_runs).items():
        svg = svg_text(draw(narrow=True))
        width = re.search(r'viewBox="0 0 ([\d.]+)', svg)
        assert width
        sizes = [float(size) for size in re.findall(r"font-size: ([\d.]+)px", svg)]
        assert sizes
        assert min(sizes) * PHONE / float(width[1]) >= 11, name


def test_a_panel_of_zeros_is_a_line_of_text() -> None:
    closed = [
        made_record(number, correct=[number % 2 == 0, number % 3 != 0], thinking=[10, 20 + number])
        for number in range(30)
    ]
    figure = scaling_panels([summarize(made_run(closed))])
    assert len(figure.axes) == 4
    said = " ".join(text.get_text() for text in shown_texts(figure))
    assert "All thinking closed by itself: 0 % unclosed at every level." in said
    assert "did not close" not in said
    silent = [made_record(number, correct=[True], thinking=[0]) for number in range(3)]
    assert len(scaling_panels([summarize(made_run(silent))]).axes) == 1
    still_open = [*closed, made_record(30, correct=[True, True], thinking=[9, 9], stops=["eos", "closed"])]
    assert len(scaling_panels([summarize(made_run(still_open))]).axes) == 5


def test_a_figure_says_what_was_run(ten_runs: list[Run]) -> None:
    alone = scaling_panels([summarize(sampled_run(80))])
    assert any("digits · tiny · n = 80 · temperature 0.6" in text.get_text() for text in shown_texts(alone))
    ten: list[Summary] = [summarize(run) for run in ten_runs]
    said = [text.get_text() for text in shown_texts(scaling_panels(ten))]
    assert any("digits · tiny · n = 60" in text and "temperature" not in text for text in said)
    assert {"sequential (temperature 0.6)", "token-cap (temperature 1)"} <= set(said)


def test_the_gain_is_drawn_with_its_paired_interval() -> None:
    summary = summarize(sampled_run(80))
    gain = scaling_panels([summary]).axes[1]
    assert gain.get_title("left").startswith("Paired gain")
    assert np.array_equal(np.asarray(gain.get_lines()[-1].get_ydata()), [level.gain for level in summary.levels[1:]])
    ends = [segment[:, 1] for segment in gain.collections[0].get_segments()]  # type: ignore[attr-defined]
    for level, (low, high) in zip(summary.levels[1:], ends, strict=True):
        assert level.gain_ci95 is not None
        assert (low, high) == pytest.approx((level.gain_ci95.low, level.gain_ci95.high))
    low, high = gain.get_ylim()
    assert all(low <= end <= high for pair in ends for end in pair)


CONE_LOSS = {
    "none": np.eye(3),
    "protanopia": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    "deuteranopia": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    "tritanopia": [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]],
}
"""What linear red, green and blue become (Machado, Oliveira and Fernandes, 2009, severity 1)."""


def lab(colour: str, loss: object) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """CIELAB of a colour as it is seen."""
    channels = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.asarray(loss) @ linear, 0, 1)
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ seen
    root = np.cbrt(np.maximum(xyz / np.array([0.9505, 1, 1.089]), 0.008856))
    return np.array([116 * root[1] - 16, 500 * (root[0] - root[1]), 200 * (root[1] - root[2])])


def test_ten_runs_differ_in_colour_for_every_eye_in_marker_and_in_dash() -> None:
    looks = [look(number) for number in range(10)]
    assert len({each["marker"] for each in looks}) == 10
    assert len({each["color"] for each in looks}) == len(SERIES) == 10
    assert {shade.lower() for shade in SERIES} <= set(THEME)
    for (number, first), (other, second) in combinations(enumerate(looks), 2):
        assert first["linestyle"] != second["linestyle"] or other - number == 5
        for eye, loss in CONE_LOSS.items():
            apart = float(np.linalg.norm(lab(first["color"], loss) - lab(second["color"], loss)))
            assert apart > 10, (number, other, eye)


def test_long_words_are_broken_and_shortened_in_the_middle() -> None:
    lines = wrapped("Standard deviation of thinking tokens", 2, 11, "bold").split("\n")
    assert len(lines) == 3 or max(text_points(line, 11, "bold") for line in lines) <= 144
    short = shortened("a-very-long-name-of-a-run-2026-11-26", 1.5, 9)
    assert text_points(short, 9) <= 108
    assert short.startswith("a-very")
    assert short.endswith("11-26")
    assert shortened("short", 1.5, 9) == "short"
