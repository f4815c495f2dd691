"""``s1m ask``: one question on the command line."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest

import s1m
from s1m.cli import main
from s1m.synthetic.digits.problems import make_problem
from tests.engines.chat_server import ChatServer, answer, chat_model

PROBLEM = make_problem("test", 3)


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "digits.png"
    path.write_bytes(PROBLEM.images[0])
    return path


def asked(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(["ask", *words])
    out, err = capsys.readouterr()
    return code, out, err


def test_the_bundled_model_answers_about_its_own_picture_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = asked(capsys, "What is the sum of the digits?", "--num-ignore", "0,2", "--temperature", "0")
    assert code == 0
    assert "can do nothing else; it is shown one of them: 3 4 4 7 3" in err
    assert "[stop 1 ignored] Wait," in out
    assert re.search(
        r"\.\nanswer at level 0: \d+\n\[stop 1 ignored\] Wait,.*\nanswer at level 2: \d+\n", out, re.DOTALL
    )
    assert re.search(r"\d+ tokens in \d+\.\d s", out)


def test_json_has_the_answer_the_levels_and_the_trace(picture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = (PROBLEM.question, "--image", str(picture), "--num-ignore", "0-1", "--json", "--temperature", "0")
    code, out, err = asked(capsys, *words)
    assert code == 0
    assert "do not believe it about other pictures" in err
    shown = json.loads(out)
    assert shown["images"] == [str(picture)]
    assert [level["level"] for level in shown["levels"]] == [0, 1]
    assert shown["answer"] == shown["levels"][-1]["answer"]
    assert [segment["stop"] for segment in shown["trace"]["chains"][0]] == ["closed", "closed"]
    assert shown["tokens"] > 0


def test_several_images_and_a_question_from_standard_input(
    picture: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("How many of the digits are even?\n"))
    code, out, _ = asked(capsys, "--image", str(picture), "--image", str(picture), "--num-ignore", "0", "--json")
    assert code == 0
    assert json.loads(out)["question"] == "How many of the digits are even?"
    assert len(json.loads(out)["images"]) == 2


def test_save_writes_a_page_without_scripts_in_which_foreign_text_is_text(
    picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "trace.html"
    question = "What is the <script>sum</script> of the digits?"
    code, _, err = asked(capsys, question, "--image", str(picture), "--num-ignore", "1", "--save", str(page))
    assert code == 0
    assert f"wrote {page}" in err
    html = page.read_text(encoding="utf-8")
    assert "&lt;script&gt;" in html
    assert "<script" not in html
    assert "<mark>Wait,</mark>" in html
    assert "data:image/png;base64," in html
    assert "max_thinking_tokens" in html


def test_save_overwrites_nothing_but_a_page(picture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = picture.read_bytes()
    code, _, err = asked(capsys, "Why?", "--image", str(picture), "--save", str(picture))
    assert code == 2
    assert "which the page would overwrite" in err
    assert picture.read_bytes() == before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["Why?", "--image", "no/such.jpg"], "cannot read no/such.jpg"),
        (["Why?", "--num-ignore", "x"], "num_ignore takes levels such as 0-7, 4 or 0,2,4"),
        (["Why?", "--engine", "vllm"], "needs --base-url"),
        (["Why?", "--strategy", "vote", "--levels", "0"], "level 0 of strategy vote"),
        (["Why?", "--max-thinking-tokens", "40000"], "lower --max-thinking-tokens"),
        ([""], "the question is empty"),
    ],
)
def test_a_wrong_request_is_one_line_and_exit_code_2(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = asked(capsys, *words)
    assert code == 2
    assert out == ""
    assert message in err.splitlines()[-1]


def test_a_chat_server_is_asked_as_the_model_that_it_offers(capsys: pytest.CaptureFixture[str]) -> None:
    def write(turn: str) -> str:
        return "7" if "</think>" in turn else " look again.</think>"

    with ChatServer(chat_model(write)) as server:
        words = ("--engine", "http", "--base-url", f"{server.url}/v1", "--num-ignore", "1")
        code, out, err = asked(capsys, "How many?", *words)
    assert code == 0
    (notice,) = err.splitlines()
    assert notice.startswith('thinking stands between "<think>\\n" and "</think>", by default')
    assert "look again.\n[stop 1 ignored] Wait, look again.\nanswer at level 1: 7\n" in out


def test_a_server_that_refuses_is_one_line_and_exit_code_1(capsys: pytest.CaptureFixture[str]) -> None:
    with ChatServer(lambda request: answer({"error": {"message": "no such key"}}, 401)) as server:
        code, out, err = asked(capsys, "Why?", "--engine", "http", "--base-url", f"{server.url}/v1", "--model", "m")
    assert code == 1
    assert out == ""
    assert len(err.splitlines()) == 1
    assert "no such key" in err


@pytest.mark.vllm
@pytest.mark.timeout(400)
@pytest.mark.parametrize("engine", ["vllm", "http"])
def test_a_served_model_is_asked_with_the_words_that_serve_recommends(
    engine: str, vllm_url: str, picture: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server = ("--engine", engine, "--base-url", vllm_url, "--temperature", "0")
    code, out, err = asked(capsys, PROBLEM.question, "--image", str(picture), "--num-ignore", "3", *server)
    assert code == 0
    assert err.startswith('thinking stands between "<think>\\n" and "</think>", by default')  # this template shows none
    assert "[stop 3 ignored] Wait," in out
    shown = s1m.think(
        PROBLEM.question, picture, engine=s1m.engine(engine, base_url=vllm_url), num_ignore=3, temperature=0
    )
    assert f"answer at level 3: {shown.answers[-1].text.strip()}" in out
