"""What a run costs is on record where prices are given and the server counts what it reads, and unknown elsewhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from s1m.analysis.run.summarize import summarize
from s1m.cli import main
from s1m.errors import UsageError
from s1m.evaluate.prices import Price, find_price
from s1m.evaluate.store import load_run
from s1m.types import Cost, Usage
from tests.engines.chat_server import Answer, Behaviour, ChatServer, Request, answer, chat_model

pytestmark = pytest.mark.usefixtures("unrendered_figures")

EXAMPLE = Path(__file__).parents[2] / "configs" / "prices.toml"
TABLE = """
currency = "EUR"
[models.small]
input = 2.0
cached_input = 0.5
output = 10.0
image = 0.25
"""


@pytest.mark.parametrize(
    ("usage", "amount"),
    [
        (Usage(requests=1, prompt_tokens=1_000_000, output_tokens=100_000), 3.0),
        (Usage(requests=1, prompt_tokens=1_000_000, cached_tokens=500_000, output_tokens=0), 1.25),
        (Usage(requests=2, prompt_tokens=0, output_tokens=0, images=4), 1.0),
        (Usage(requests=1, prompt_tokens=None, output_tokens=5), None),
    ],
)
def test_cost_is_tokens_and_images_times_their_prices(usage: Usage, amount: float | None) -> None:
    price = Price(input=2.0, cached_input=0.5, output=10.0, image=0.25, currency="EUR")
    assert price.cost_of(usage) == Cost(amount=amount, currency="EUR")


def test_cached_tokens_without_a_price_of_their_own_cost_as_much_as_others() -> None:
    usage = Usage(requests=1, prompt_tokens=1_000_000, cached_tokens=400_000)
    assert Price(input=2.0, output=1.0).cost_of(usage).amount == 2.0


def test_output_is_priced_though_the_prompt_is_not_counted_where_reading_is_free() -> None:
    assert Price(input=0.0, output=10.0).cost_of(Usage(prompt_tokens=None, output_tokens=100_000)).amount == 1.0


def test_example_of_a_price_table_is_one() -> None:
    assert find_price(EXAMPLE, "another-model").image == 0.0005


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("[models.smal]\ninput = 1\noutput = 2", r"no price for small, only for smal; did you mean smal\?"),
        ("[models.small]\ninput = 1", "missing required field `output`"),
        ("[models.small]\ninput = -1\noutput = 2", "Expected `float` >= 0"),
        ("[models.small]\ninput = 1\noutput = 2\ncached = 1", "no price called cached"),
        ('[models.small]\ninput = "1"\noutput = 2', "Expected `float`"),
        ("prices = 3", "is not a price table"),
        ("not toml", "is not TOML"),
    ],
)
def test_table_that_cannot_be_used_is_refused(table: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "prices.toml"
    path.write_text(table)
    with pytest.raises(UsageError, match=said):
        find_price(path, "small")


def counting(prompt_tokens: int | None) -> Behaviour:
    """The small model on a server that reports these prompt tokens, half of them cached."""
    model = chat_model(lambda turn: "7" if "Final answer:" in turn else "I look.</think>")

    def behave(request: Request) -> Answer:
        reply = model(request)
        if request.method == "GET" or request.body.get("max_tokens") == 1:
            return reply
        body = json.loads(reply.body)
        usage = {"completion_tokens": body["usage"]["completion_tokens"], "prompt_tokens": prompt_tokens}
        details = {"cached_tokens": prompt_tokens // 2} if prompt_tokens else None
        return answer({**body, "usage": {**usage, "prompt_tokens_details": details}})

    return behave


def priced_run(tmp_path: Path, prompt_tokens: int | None) -> Path:
    (tmp_path / "prices.toml").write_text(TABLE)
    out = tmp_path / f"run-{prompt_tokens}"
    words = ("eval", "digits", "--engine", "http", "--limit", "2", "--num-ignore", "0-1", "--out", str(out))
    with ChatServer(counting(prompt_tokens)) as server:
        assert main([*words, "--base-url", server.url, "--prices", str(tmp_path / "prices.toml")]) == 0
    return out


def test_priced_run_has_its_cost_in_records_summary_page_and_comparison(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = priced_run(tmp_path, 1000)
    for record in load_run(out).records:
        assert record.usage is not None
        assert record.cost is not None
        asked, written = record.usage.requests, record.trace.generated_tokens
        assert asked == 4
        assert record.usage == Usage(
            requests=4, prompt_tokens=4000, cached_tokens=2000, output_tokens=written, images=4
        )
        assert record.cost.amount == pytest.approx((2000 * 2.0 + 2000 * 0.5 + written * 10.0) / 1e6 + 4 * 0.25)
    summary = json.loads((out / "summary.json").read_text())
    assert summary["prompt_tokens"] == 8000
    assert summary["money"]["currency"] == "EUR"
    assert summary["money"]["total"] == pytest.approx(2 * summary["money"]["per_problem"], abs=1e-5)
    assert "EUR" in (out / "report.html").read_text()
    assert "Cost: 2.01 EUR, 1.01 a problem." in capsys.readouterr().out
    assert main(["compare", str(out), str(priced_run(tmp_path, None))]) == 0
    said = capsys.readouterr().out
    assert "money a problem" in said
    assert "unknown" in said
    assert "1.01 EUR" in (out / "compare.html").read_text()


def test_server_that_counts_no_prompt_has_an_unknown_cost(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = load_run(priced_run(tmp_path, None))
    assert {record.cost for record in run.records} == {Cost(amount=None, currency="EUR")}
    assert "Cost in EUR: unknown" in capsys.readouterr().out
    money = summarize(run).money
    assert money is not None
    assert (money.total, money.unknown) == (None, 2)


def test_run_without_prices_says_nothing_of_money(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "run"
    words = ("eval", "digits", "--engine", "http", "--limit", "1", "--num-ignore", "0", "--out", str(out))
    with ChatServer(counting(10)) as server:
        assert main([*words, "--base-url", server.url]) == 0
    assert "Cost" not in capsys.readouterr().out
    (record,) = load_run(out).records
    assert record.cost is None
    assert record.usage == Usage(
        requests=2, prompt_tokens=20, cached_tokens=10, output_tokens=record.trace.generated_tokens, images=2
    )
