"""LaTeX in foreign text: drawn where it is LaTeX, text everywhere else, and never markup of the page."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from s1m.analysis.display.formulas import Formula, answer_pieces, pieces
from s1m.analysis.display.mathml import ATTRIBUTES, ELEMENTS, convert
from s1m.analysis.display.trace import notebook_html, trace_page
from s1m.analysis.display.typeset import FormulaTable, typeset, typeset_answer
from s1m.types import Answer, Segment, Trace


class Tags(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def sources(text: str) -> list[str]:
    return [piece.source for piece in pieces(text) if isinstance(piece, Formula)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"Let \(x\) be \[\frac{1}{2}\] and $$y^2$$.", [r"\(x\)", r"\[\frac{1}{2}\]", "$$y^2$$"]),
        ("$5$ and $6$", ["$5$", "$6$"]),
        ("triangle $ABC, AB=AC$ with $ abc$ and $ x - y $", ["$ABC, AB=AC$", "$ abc$", "$ x - y $"]),
        (r"\begin{align*}a&=b\\[2pt]c&=d\end{align*}", [r"\begin{align*}a&=b\\[2pt]c&=d\end{align*}"]),
        (r"The answer is \boxed{\frac{\sqrt{3}}{2}}.", [r"\boxed{\frac{\sqrt{3}}{2}}"]),
        (r"an arc $\overarc{AB}$ of 20% is $20%$", [r"$\overarc{AB}$", "$20%$"]),
        (r"$\text{if it is } x$", [r"$\text{if it is } x$"]),
    ],
)
def test_every_delimiter_of_latex_is_read(text: str, expected: list[str]) -> None:
    assert sources(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "It costs $5 and $6.",
        "$5 and then 3$ more",
        "between $5-$10, or US$20",
        "pay $10, $20 or $30",
        "$ 5 or $ 6",
        r"\$5 and \$6",
        "set `$HOME` and `$PATH$`",
        "```\necho $a $b$\n```",
        r"\undefinedcommand is $\undefinedcommand{x}$",
        r"never closed \(x + \frac{1}{2",
        r"$\frac{1$ and $\left( x$ and $x^{$",
        r"put it in \boxed{}",
        "",
    ],
)
def test_prices_code_and_what_is_no_readable_latex_stay_text(text: str) -> None:
    assert pieces(text) == [text]


HOSTILE = (
    r"$\text{<script>alert(1)</script>}$",
    r"\(\href{javascript:alert(1)}{x}\)",
    r"$\style{position:fixed;background:url(https://example.org/x)}{x}$",
    r"$\color{red\" onload=alert(1)}{x}$",
    r"$$\unicode{x3c}img src=x onerror=alert(1)\unicode{x3e}$$",
    r"\[&lt;img src=x onerror=alert(1)&gt;\]",
    r"$\verb|<img src=x onerror=alert(1)>|$",
    r"\boxed{<img src=x onerror=alert(1)>}",
    r"$\operatorname{x}</math><img src=x onerror=alert(1)>$",
    r"$\rule{9999em}{9999em}\hspace{99999px}x$",
    '"><img src=x onerror=alert(1)>',
    r"$\class{evil}{x}\cssId{evil}{y}\data{a=b}{z}$",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_latex_is_text_within_allowed_elements(text: str) -> None:
    for html in (typeset(text), typeset_answer(text)):
        page = Tags(html)
        assert set(page.tags) <= ELEMENTS | {"span"}
        for name, value in page.attributes:
            assert name in {*ATTRIBUTES, "class", "title"}
            if name in ATTRIBUTES:
                assert ATTRIBUTES[name].fullmatch(value or "")
    # The values for a page's script hold the same elements and nothing but text beside them.
    table = FormulaTable(10)
    table.shown(text)

    def check(element: object) -> None:
        assert isinstance(element, list)
        assert element[0] in ELEMENTS
        assert set(element[1]) <= set(ATTRIBUTES)
        for child in element[2:]:
            if not isinstance(child, str):
                check(child)

    for _, tree in table.rows:
        check(tree)


def test_macros_are_not_run() -> None:
    bomb = r"\def\a{xxxxxxxxxx}" + "".join(rf"\def\{chr(98 + i)}{{{(chr(92) + chr(97 + i)) * 10}}}" for i in range(8))
    assert convert(bomb + r"\i", block=False) is None
    assert convert(r"\newcommand{\x}{1}\x", block=False) is None


@pytest.mark.parametrize(
    "text", [r"\(" * 20_000, "$a b" * 20_000, r"\boxed{" * 4_000, "$$a" * 20_000, "$" + "{" * 900 + "}" * 900 + "$"]
)
def test_texts_that_are_made_to_be_slow_are_read_in_time(text: str) -> None:
    assert "".join(piece if isinstance(piece, str) else piece.source for piece in pieces(text)) == text


def test_no_character_of_a_text_is_lost() -> None:
    for text in (*HOSTILE, "a $x$ b \\[y\\] $5 c", "$x$", " $x$ "):
        assert "".join(piece if isinstance(piece, str) else piece.source for piece in pieces(text)) == text


def test_bare_latex_is_read_in_answers_alone() -> None:
    assert isinstance(answer_pieces(r"\frac{1}{2}")[0], Formula)
    assert pieces(r"\frac{1}{2}") == [r"\frac{1}{2}"]
    for text in ("11", "B", "it is the_answer", "C:\\new_{x} and the rest"):
        assert answer_pieces(text) == [text]


def test_a_page_and_a_notebook_draw_formulas() -> None:
    chain = (Segment(injected="", text=r"So $\frac{1}{2}$ costs $5 and $6.", tokens=5, stop="closed"),)
    answer = Answer(level=0, chain=0, segments=1, stop="closed", text=r"\boxed{\frac{1}{2}}", tokens=3, finish="eos")
    trace = Trace(chains=(chain,), answers=(answer,))
    page = trace_page(trace, question=r"What is \(x\)? <b>", images=[], facts={}, settings={})
    for html, formulas in ((page, 4), (notebook_html(trace), 2)):  # the page shows the answer above its chain as well
        tags = Tags(html).tags
        assert tags.count("math") == formulas
        assert "menclose" in tags
        assert "costs $5 and $6." in html
        assert "script" not in tags
    assert "b" in Tags(page).tags  # the page's own
    assert "&lt;b&gt;" in page


def test_a_page_keeps_to_its_number_of_formulas() -> None:
    table = FormulaTable(2)
    assert table.shown("$x$ $y$ $x$") == [0, " ", 1, " ", 0]
    assert table.shown("$z$") == "$z$"
    assert table.rows[0][0] == "$x$"
