"""The verbs are the files of a folder: each is listed, has a help page, and is on the page of the documentation."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from s1m.cli import verbs
from s1m.cli.parser import Parser, build_parser, verb_words

FOLDER = Path(verbs.__path__[0])
PAGE = Path(__file__).parents[2] / "docs" / "cli.md"


def test_every_file_is_a_verb() -> None:
    files = {path.relative_to(FOLDER).with_suffix("") for path in FOLDER.rglob("[!_]*.py")}
    assert {tuple(part.rstrip("_") for part in file.parts) for file in files} == set(verb_words())
    assert ("data", "stats") in verb_words()
    assert ("import",) in verb_words()


@pytest.mark.parametrize("words", verb_words(), ids=" ".join)
def test_every_verb_has_a_help_page_and_is_documented(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="0"):
        build_parser().parse_args([*words, "--help"])
    shown = capsys.readouterr().out
    module = import_module(".".join(("s1m.cli.verbs", *words)) + ("_" if words == ("import",) else ""))
    assert f"usage: s1m {' '.join(words)}" in shown
    assert module.summary.split()[0] in shown
    assert module.examples.strip() in shown
    assert f"## s1m {' '.join(words)}\n" in PAGE.read_text(encoding="utf-8")


def test_the_flags_of_a_verb_are_added_when_it_is_called_and_once() -> None:
    parser = build_parser()
    demo = parser.verbs["demo"]
    assert "--out" not in demo.flags()
    assert parser.parse_args(["demo", "--out", "here"]).out == "here"
    demo.fill()
    assert demo.flags().count("--out") == 1
    assert parser.verbs["eval"].flags() == ["-h", "--help"]


def test_only_a_verb_that_passes_flags_on_takes_what_follows_two_dashes() -> None:
    assert build_parser().parse_args(["serve", "m", "--", "--x", "1"]).extra == ["--x", "1"]
    parsed = build_parser().parse_args(["report", "--json", "--", "-odd-name"])
    assert parsed.runs == ["-odd-name"]
    assert not hasattr(parsed, "extra")


def test_a_verb_of_a_verb_knows_its_own_parser() -> None:
    parsed = build_parser().parse_args(["data", "generate", "digits"])
    assert isinstance(parsed.parser, Parser)
    assert parsed.parser.prog == "s1m data generate"
