"""Rows of the benchmarks that test_more_pages.py reads, as at the Hub, and how their official rules want an answer."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from tests.benchmarks.data import picture

FOUR: dict[str, Any] = {"image_1": picture(), "image_2": picture("blue"), "image_3": None, "image_4": None}
FIVE: dict[str, Any] = FOUR | {"image_5": None}

_MATH = {
    "problem": "Add a half and a quarter.",
    "solution": "...",
    "answer": "\\frac{3}{4}",
    "subject": "Prealgebra",
    "level": 1,
    "unique_id": "test/prealgebra/1.json",
}
_GPQA = {
    "Record ID": "rec1",
    "Question": "Which energy?\nIn eV.",
    "Correct Answer": "10^-4 eV",
    "Incorrect Answer 1": "10^-11 eV",
    "Incorrect Answer 2": "10^-8 eV",
    "Incorrect Answer 3": "10^-9 eV",
    "High-level domain": "Physics",
    "Subdomain": "Quantum Mechanics",
}
_MMSTAR = {
    "index": 0,
    "question": "Which animal?\nOptions: A: a dog, B: a cat, C: a cow, D: a hen",
    "image": picture()["bytes"],
    "answer": "B",
    "category": "coarse perception",
    "l2_category": "image scene and topic",
}
_REAL = {
    "image_path": "0.webp",
    "question": "Which is closer?\n\nA. The tree.\nB. The car.\nPlease answer directly with only the letter.",
    "answer": "B",
    "image": picture(),
}
_BLINK = {
    "idx": "val_Counting_1",
    "sub_task": "Counting",
    "question": "How many birds?",
    **FOUR,
    "choices": ["1", "3", "2"],
    "answer": "(B)",
    "prompt": "How many birds?\nSelect from the following choices.\n(A) 1\n(B) 3\n(C) 2",
}
_HALLUSION = {
    "category": "VD",
    "subcategory": "illusion",
    "visual_input": "1",
    "set_id": "0",
    "figure_id": "0",
    "sample_note": "circle",
    "question_id": "0",
    "question": "Is the right circle as large as the left one?",
    "gt_answer_details": "Both are of one size.",
    "gt_answer": "1",
    "filename": "./0_0.png",
    "image": picture(),
}
_EMMA = {
    "pid": "math_1",
    "question": "Which piece fits? <image_1>",
    "options": ["this", "that", "none"],
    "answer": "B",
    **FIVE,
    "solution": None,
    "subject": "Math",
    "task": "fit",
    "category": "2D Transformation",
    "source": "web",
    "type": "Multiple Choice",
    "context": "",
}
_CHARXIV = {
    "figure_path": "images/0.jpg",
    "image": picture(),
    "category": "cs",
    "year": "20",
    "reasoning_q": "Which model has the lowest error?",
    "reasoning_a": "ResNet",
    "reasoning_q_source": 1,
}
_ZERO = {
    "question_id": "1",
    "question_text": "How much do I save?",
    "question_images_decoded": [picture(), picture("blue")],
    "question_answer": "11.90",
    "image_attribution": "Own",
}
_VISULOGIC = {
    "id": "00000",
    "image_path": "images/00000.png",
    "question": "Which continues it?",
    "label": "C",
    "tag": "Spatial Reasoning",
}
_PHYX = {
    "index": 7,
    "question": "How fast is it? Options: A:1 m/s, B:2 m/s, C:3 m/s, D:4 m/s",
    "image": b64encode(picture()["bytes"]).decode(),
    "answer": "B",
    "category": "Mechanics",
}

ROWS: dict[str, tuple[str, str, list[dict[str, Any]]]] = {
    "math500": ("test", "test.jsonl", [_MATH, _MATH | {"unique_id": "test/algebra/2.json", "answer": "x^2+1"}]),
    "aime": ("2026", "data/train-00000-of-00001.parquet", [{"problem_idx": 1, "problem": "Find n.", "answer": 70}]),
    "gpqa_diamond": ("train", "gpqa_diamond.csv", [_GPQA, _GPQA | {"Record ID": "rec2"}]),
    "mmstar": ("val", "mmstar.parquet", [_MMSTAR, _MMSTAR | {"index": 1, "answer": "D"}]),
    "realworldqa": (
        "test",
        "data/test-00000-of-00001.parquet",
        [
            _REAL,
            _REAL | {"question": "Is it red?", "answer": "Yes"},
            _REAL | {"question": "How many cars?", "answer": "3"},
            _REAL | {"question": "Which way?", "answer": "Left"},
        ],
    ),
    "blink": ("val", "val-00000-of-00001.parquet", [_BLINK, _BLINK | {"idx": "val_Counting_2", "answer": "(A)"}]),
    "visulogic": ("test", "data.jsonl", [_VISULOGIC, _VISULOGIC | {"id": "00001"}]),
    "hallusionbench": (
        "image",
        "data/image-00000-of-00001.parquet",
        [_HALLUSION, _HALLUSION | {"category": "VS", "gt_answer": "0"}],
    ),
    "emma": (
        "test",
        "test-00000-of-00001.parquet",
        [_EMMA, _EMMA | {"pid": "math_2", "options": [], "answer": "2.5", "type": "Open-ended", "context": "Given:"}],
    ),
    "charxiv": (
        "validation",
        "val.parquet",
        [_CHARXIV]
        + [
            _CHARXIV | {"figure_path": f"images/{source}.jpg", "reasoning_a": gold, "reasoning_q_source": source}
            for source, gold in ((2, "increasing"), (3, "0.01"), (4, "1.50"))
        ],
    ),
    "phyx": ("mini", "data_llms_eval/PhyX_mini_MC.parquet", [_PHYX, _PHYX | {"index": 8, "answer": "D"}]),
    "zerobench": (
        "main",
        "data/zerobench-00000-of-00001.parquet",
        [_ZERO, _ZERO | {"question_id": "2", "question_answer": "moss"}],
    ),
}
"""By benchmark: a split, the file it is in, its rows."""

OFFICIAL = {
    "math500": "So it is \\boxed{{{}}}.",
    "aime": "So it is \\boxed{{{}}}.",
    "gpqa_diamond": "It follows.\nAnswer: {}",
    "visulogic": "Answer: \\boxed{{{}}}",
    "emma": "\\boxed{{{}}}",
    "phyx": "The answer is {}",
    "zerobench": "So {{{}}}",
}
"""How an answer has to be written for the official rule, where the bare answer is not enough."""

JUDGED = {"hallusionbench": "correct"}
"""The extraction that makes a gold answer right where a language model judges; else it is the gold answer itself."""
