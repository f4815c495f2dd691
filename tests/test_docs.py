"""The pages hold: one kind each, paths that exist, commands that parse, rooms and layers as in the code."""

import re
import runpy
import shlex
from pathlib import Path

import pytest

from s1m.cli.parser import build_parser

ROOT = Path(__file__).parent.parent
DOCS = sorted((ROOT / "docs").glob("*.md"))
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *DOCS]
RUN_ELSEWHERE = {
    "cli.md",
    "extending.md",
}  # generated; run block by block, with the files it adds, by test_extending.py
KINDS = ("Tutorial", "How-to", "Reference", "Explanation")
NAMED = re.compile(r"`((?:src|docs|tests|perf|scripts|configs|constraints)/[\w./-]*)")


def commands(page: Path) -> list[str]:
    """Every s1m command in the plain code blocks of a page; a line that ends in a backslash goes on."""
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    lines = (line.split("  #")[0].strip() for language, block in fenced if not language for line in block.splitlines())
    return [line for line in lines if line.startswith("s1m ")]


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)
def test_a_page_says_which_kind_it_is(page: Path) -> None:
    title, _, first, *_ = page.read_text(encoding="utf-8").split("\n")
    assert title.startswith("# ")
    assert first.startswith(KINDS), first


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)
def test_the_readme_links_every_page(page: Path) -> None:
    assert f"(docs/{page.name})" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", [page for page in PAGES if page.name not in RUN_ELSEWHERE], ids=lambda page: page.name)
def test_paths_that_a_page_names_exist(page: Path) -> None:
    for path in NAMED.findall(page.read_text(encoding="utf-8")):
        written_by = ROOT / "perf" / f"{Path(path).stem}.py"  # results of a script that was not run yet
        assert (ROOT / path).exists() or (path.startswith("perf/results/") and written_by.exists()), path


@pytest.mark.parametrize("page", [page for page in DOCS if page.name not in RUN_ELSEWHERE], ids=lambda page: page.name)
def test_commands_of_a_page_parse(page: Path) -> None:
    for command in commands(page):
        if "..." not in command:
            words = shlex.split(command)[1:]
            assert build_parser().parse_args(words).verb, command


def test_rooms_and_layers_of_the_architecture_are_those_of_the_code() -> None:
    script = runpy.run_path(str(ROOT / "scripts" / "architecture_docs.py"), run_name="architecture_docs")
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert script["filled"](page) == page


def test_a_word_of_the_glossary_has_one_row() -> None:
    page = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    words = re.findall(r"^\| ([^|]+) \|", page, re.MULTILINE)[1:]
    assert len(words) == len(set(words))
    assert words == sorted(words, key=lambda word: word.strip("`").replace("_", "").lower())
