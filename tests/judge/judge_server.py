"""A judge on the loopback that copies out the word after "shall we say", and a custom benchmark for it to read."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.engines.chat_server import Answer, Behaviour, Request, chat_model, completion, models

GOLDS = {"q1": "17", "q2": "23", "q3": "31", "q4": "47"}


def prompt_of(request: Request) -> str:
    """The text that the judge was sent."""
    content = request.body["messages"][0]["content"]
    assert isinstance(content, str)
    return content


def copying(request: Request) -> Answer:
    """Copies out the word after "shall we say", or says NONE where there are none."""
    if request.method == "GET":
        return models("copier")
    said = re.search(r"shall we say (\w+)", prompt_of(request))
    return completion(said[1] if said else "NONE", tokens=1)


def refusing(word: str) -> Behaviour:
    """The same, but it refuses every prompt with this word."""

    def behave(request: Request) -> Answer:
        if request.method == "POST" and word in prompt_of(request):
            return Answer(status=400, body=b'{"error": {"message": "I would rather not"}}')
        return copying(request)

    return behave


def questions(folder: Path, **more: str) -> Path:
    """A file for the benchmark custom: what is asked is a number. ``more`` ask what q1 does, with other answers."""
    rows = [
        {"id": id_, "question": f"How many in {id_}?", "answer": gold, "images": [], "answer_type": "integer"}
        for id_, gold in GOLDS.items()
    ]
    rows += [{**rows[0], "id": id_, "answer": gold} for id_, gold in more.items()]
    path = folder / "questions.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def thinker(request: Request) -> Answer:
    """A model under test: prose for q1 and q2 at both levels, a number for q3, an apology for q4."""
    if request.method == "GET":
        return models("thinker")
    content = request.body["messages"][0]["content"]
    question = next((id_ for id_ in GOLDS if id_ in str(content)), "")
    return chat_model(lambda turn: RESPONSES.get(question, "") if "Final answer:" in turn else "I look.</think>")(
        request
    )


RESPONSES = {
    "q1": "A good many of them stand there, shall we say seventeen or so",
    "q2": "Rather a crowd, shall we say ninety or so",
    "q3": "31",
    "q4": "Sorry, I cannot help with that.",
}
