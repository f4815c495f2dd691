from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest
from PIL import Image

from s1m.analysis.display.style import svg_text
from s1m.analysis.run.drawable import run_labels
from s1m.analysis.run.plots import save_figures, scaling_panels
from s1m.analysis.run.summarize import summarize
from s1m.analysis.run.summary import Summary
from s1m.analysis.run.tokens_plot import accuracy_against_tokens
from tests.analysis.made_runs import made_record, made_run, sampled_run, voted_record

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def summary() -> Summary:
    return summarize(sampled_run(80))


def words(svg: str) -> list[str]:
    return ["".join(text.itertext()) for text in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_figures_are_saved_as_svg_and_png(summary: Summary, tmp_path: Path) -> None:
    paths = save_figures([summary], tmp_path / "new" / "figures")
    assert [path.name for path in paths] == [
        *("scaling.svg", "scaling.png"),
        *("accuracy_vs_tokens.svg", "accuracy_vs_tokens.png"),
    ]
    with Image.open(paths[1]) as png:
        assert png.size == (2080, 1320)


def test_svg_is_well_formed_searchable_and_the_same_every_time(summary: Summary, tmp_path: Path) -> None:
    save_figures([summary], tmp_path / "a")
    save_figures([summary], tmp_path / "b")
    for name in ("scaling.svg", "accuracy_vs_tokens.svg"):
        svg = (tmp_path / "a" / name).read_bytes()
        assert svg == (tmp_path / "b" / name).read_bytes()
        assert ElementTree.fromstring(svg).tag == f"{SVG}svg"
        assert b"<dc:date>" not in svg
    assert "Accuracy, with 95 % interval" in words((tmp_path / "a" / "scaling.svg").read_text())


def test_points_carry_their_level_and_axes_read_per_cent(summary: Summary) -> None:
    shown = words(svg_text(accuracy_against_tokens([summary])))
    assert {"0", "1", "2", "3"} <= set(shown)
    assert any(word.endswith(" %") for word in shown)


def test_the_panels_show_what_was_measured(summary: Summary) -> None:
    accuracy, _, mean, std, invalid = scaling_panels([summary]).axes
    for axes, expected in (
        (accuracy, [level.accuracy for level in summary.levels]),
        (mean, [level.thinking_tokens_mean for level in summary.levels]),
        (std, [level.thinking_tokens_std for level in summary.levels]),
        (invalid, [level.stops.invalid for level in summary.levels]),
    ):
        assert np.array_equal(np.asarray(axes.get_lines()[-1].get_ydata()), expected)
    assert [tick.get_text() for tick in accuracy.get_xticklabels()] == ["0", "1", "2", "3"]


def test_axes_say_what_the_levels_count(summary: Summary) -> None:
    vote = summarize(made_run([voted_record(0, ["11"] * 64, levels=(1, 8, 64))], settings={"strategy": "vote"}))
    assert "ignored stops (num_ignore)" in words(svg_text(scaling_panels([summary])))
    shown = words(svg_text(scaling_panels([vote])))
    assert "chains that vote" in shown
    assert {"1", "8", "64", "first level: 100.0 %"} <= set(shown)
    assert "level" in words(svg_text(scaling_panels([summary, vote])))
    tokens = words(svg_text(accuracy_against_tokens([vote])))
    assert any("Beside each point: chains that vote" in word for word in tokens)


def test_several_runs_have_a_legend_and_any_folder_name_is_shown_as_it_is(summary: Summary) -> None:
    odd = [replace(summary, run="_a$b$<c>"), summary, summary]
    assert run_labels(odd) == ["_a$b$<c>", "demo", "demo (2)"]
    for figure in (scaling_panels(odd), accuracy_against_tokens(odd)):
        shown = words(svg_text(figure))
        assert {"_a$b$<c>", "demo", "demo (2)"} <= set(shown)
    assert "demo" not in words(svg_text(scaling_panels([summary])))


def test_runs_without_records_and_with_a_single_level_are_drawn(tmp_path: Path) -> None:
    empty = summarize(made_run([]))
    single = summarize(made_run([made_record(0, correct=[True], thinking=[0])], folder="runs/single"))
    assert "no records yet" in words(svg_text(scaling_panels([empty])))
    assert "no records yet" in words(svg_text(accuracy_against_tokens([])))
    save_figures([empty, single], tmp_path)
    assert "no records yet" not in words((tmp_path / "scaling.svg").read_text())


def test_drawing_changes_no_setting_and_obeys_none(summary: Summary) -> None:
    expected = svg_text(scaling_panels([summary]))
    with matplotlib.rc_context({"axes.facecolor": "red", "svg.fonttype": "path"}):
        before = dict(matplotlib.rcParams)
        assert svg_text(scaling_panels([summary])) == expected
        assert dict(matplotlib.rcParams) == before
