from __future__ import annotations

import json
import re
from base64 import b64decode
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from s1m.analysis.display.page import script_hash
from s1m.analysis.run.report import write_report
from s1m.analysis.run.viewer import MAX_PROBLEMS
from s1m.errors import UsageError
from s1m.types import Trace, Verdict
from tests.analysis.made_runs import made_record, made_run, picture, sampled_run, voted_record

EVIL = "</script><img src=x onerror=alert(1)><!-- <script> ' \" & \u2028"


class Page(HTMLParser):
    """What a browser would find on a page: tags with attributes, text outside scripts, and the scripts."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.source = path.read_text(encoding="utf-8")
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.scripts: list[str] = []
        self._in: list[str] = []
        self.feed(self.source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in ("script", "style"):
            self._in.append(tag)
            self.scripts += [""] if tag == "script" else []

    def handle_endtag(self, tag: str) -> None:
        if self._in and self._in[-1] == tag:
            self._in.pop()

    def handle_data(self, data: str) -> None:
        if not self._in:
            self.text += data
        elif self._in[-1] == "script":
            self.scripts[-1] += data

    @property
    def viewer(self) -> list[dict[str, Any]]:
        runs: list[dict[str, Any]] = json.loads(self.scripts[0])
        return runs


def test_a_report_says_what_the_run_showed(tmp_path: Path) -> None:
    page = Page(write_report([sampled_run(120)], tmp_path / "deep" / "report.html"))
    assert "digits · tiny" in page.text
    assert re.search(r"Ignoring \d stops? raises accuracy from \d", page.text)
    assert [tag for tag, _ in page.tags].count("svg") == 4  # two figures, each for desktops and for phones
    assert "max_thinking_tokens" in page.text
    assert len(page.viewer[0]["problems"]) == 120
    first = page.viewer[0]["problems"][0]
    assert b64decode(first["picture"].removeprefix("data:image/png;base64,")) == picture()
    assert first["id"] == "digits-test-00000"


def test_model_text_never_becomes_markup(tmp_path: Path) -> None:
    record = made_record(0, correct=[True, False], thinking=[5, 5], text=EVIL, predictions=[EVIL, EVIL])
    record = replace(record, id=EVIL, question=EVIL, gold=EVIL, metadata={EVIL: EVIL})
    answers = tuple(replace(answer, text=EVIL) for answer in record.trace.answers)
    verdicts = tuple(Verdict(prediction=EVIL, correct=True, rule=EVIL) for _ in answers)
    record = replace(record, trace=Trace(chains=record.trace.chains, answers=answers), verdicts=verdicts)
    run = made_run([record], folder="runs/<img src=y>", settings={"model": EVIL, "benchmark": EVIL, EVIL: [EVIL]})

    page = Page(write_report([run, run], tmp_path / "report.html"))
    assert "img" not in [tag for tag, _ in page.tags]
    assert len(page.scripts) == 2
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    assert "<img" not in page.source
    problem = page.viewer[0]["problems"][0]
    assert problem["question"] == EVIL
    assert EVIL in page.text  # the settings table shows it, as text


def test_the_page_writes_text_only_and_allows_its_own_script_only(tmp_path: Path) -> None:
    page = Page(write_report([sampled_run(3)], tmp_path / "report.html"))
    script = page.scripts[1]
    for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "srcdoc"):
        assert way not in script
    (policy,) = [a["content"] for tag, a in page.tags if tag == "meta" and "http-equiv" in a]
    assert policy is not None
    assert f"script-src '{script_hash(script)}'" in policy
    assert "default-src 'none'" in policy


def test_the_page_stands_alone(tmp_path: Path) -> None:
    page = Page(write_report([sampled_run(5), sampled_run(5, seed=1)], tmp_path / "report.html"))
    addresses = set(re.findall(r"https?://[^\s\"'<>)]+", page.source))
    names = {"2000/svg", "1999/xlink", "1998/Math/MathML"}  # of namespaces: nothing is fetched from there
    assert addresses <= {f"http://www.w3.org/{name}" for name in names}
    assert "@import" not in page.source
    assert "link" not in [tag for tag, _ in page.tags]
    for tag, attributes in page.tags:
        assert "src" not in attributes, tag
        for name in ("href", "xlink:href"):
            assert (attributes.get(name) or "#").startswith("#"), tag


def test_ids_are_unique_and_references_lead_to_them(tmp_path: Path) -> None:
    page = Page(write_report([sampled_run(5), sampled_run(5, seed=1)], tmp_path / "report.html"))
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    used = set(re.findall(r"(?:url\(|href=\")#([^)\"]+)", page.source))
    assert used
    assert used <= set(ids)


def test_the_figures_follow_the_colours_of_the_page(tmp_path: Path) -> None:
    source = write_report([sampled_run(5)], tmp_path / "report.html").read_text()
    svg = source[source.index("<svg") : source.rindex("</svg>")]
    assert "var(--ink)" in svg
    assert "var(--series-0)" in svg
    assert not re.search(r"(fill|stroke): #(24292f|ffffff|0072b2)", svg)


def test_several_runs_are_side_by_side_with_differences_marked(tmp_path: Path) -> None:
    greedy = made_run(sampled_run(4).records, folder="runs/one", settings={"temperature": 0.0})
    sampled = made_run(sampled_run(4, seed=2).records, folder="runs/two", settings={"temperature": 0.7, "top_p": 0.9})
    page = Page(write_report([greedy, sampled], tmp_path / "report.html"))
    assert "digits · 2 runs compared" in page.text
    assert [run["label"] for run in page.viewer] == ["one", "two"]
    assert page.source.count('<tr class="differs">') == 2


def test_a_large_run_shows_its_first_problems_and_says_so(tmp_path: Path) -> None:
    records = [made_record(i, correct=[True], thinking=[5]) for i in reversed(range(MAX_PROBLEMS + 20))]
    (run,) = Page(write_report([made_run(records)], tmp_path / "report.html")).viewer
    assert run["total"] == MAX_PROBLEMS + 20
    assert [p["id"] for p in run["problems"]] == [f"digits-test-{i:05d}" for i in range(MAX_PROBLEMS)]


def test_a_run_without_records_says_what_to_do(tmp_path: Path) -> None:
    page = Page(write_report([made_run([], failed=3)], tmp_path / "report.html"))
    assert "No problem of this run is finished yet; re-run its command to resume." in page.text
    assert "3 problems failed and are pending; re-run the command to resume." in page.text
    assert "svg" not in [tag for tag, _ in page.tags]
    Page(write_report([made_run([]), sampled_run(3)], tmp_path / "mixed.html"))


def test_a_single_level_claims_no_gain(tmp_path: Path) -> None:
    page = Page(write_report([made_run([made_record(0, correct=[True], thinking=[5])])], tmp_path / "report.html"))
    assert "No level beats the first: 100.0 % of 1 problem right." in page.text
    assert "the first level is the best" in page.text


def test_the_browser_shows_the_samples_and_which_were_chosen(tmp_path: Path) -> None:
    run = made_run([voted_record(0, ["12", "11", "11", "11"])], settings={"strategy": "vote"})
    page = Page(write_report([run], tmp_path / "report.html"))
    (problem,) = page.viewer[0]["problems"]
    assert [sample["won"] for sample in problem["samples"]] == [[1, 2], [4], [], []]
    assert [answer["votes"] for answer in problem["answers"]] == [
        {"same": 1, "of": 1},
        {"same": 1, "of": 2},
        {"same": 3, "of": 4},
    ]
    assert "level: chains that vote" in page.text
    assert "of independent runs" not in page.text


def test_the_browser_shows_flaws_and_repeated_tries(tmp_path: Path) -> None:
    record = made_record(0, correct=[True], thinking=[5])
    chain = (replace(record.trace.chains[0][0], flaws=("misspelt",)),)
    answers = (replace(record.trace.answers[0], tries=2),)
    run = made_run([replace(record, trace=Trace(chains=(chain,), answers=answers))])
    (problem,) = Page(write_report([run], tmp_path / "report.html")).viewer[0]["problems"]
    assert problem["chains"][0][0]["flaws"] == ["misspelt"]
    assert (problem["answers"][0]["tries"], problem["answers"][0]["votes"], problem["samples"]) == (2, None, [])


def test_a_report_needs_a_run(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="at least one run"):
        write_report([], tmp_path / "report.html")
