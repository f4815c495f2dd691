"""A few rows of every benchmark as its parquet files have them, and where a file of them lies."""

from __future__ import annotations

from typing import Any

from tests.benchmarks.data import picture

SEVEN: dict[str, Any] = {"image_1": picture()} | {f"image_{number}": None for number in range(2, 8)}
FIVE: dict[str, Any] = {"image_1": picture()} | {f"image_{number}": None for number in range(2, 6)}

_MATHVERSE = {
    "sample_index": "1",
    "problem_index": "1",
    "problem_version": "Text Dominant",
    "question": "Find x.\nChoices:\nA:65°\nB:60°",
    "image": picture(),
    "answer": "B",
    "question_type": "multi-choice",
    "metadata": {"split": "testmini", "source": "geometry3k", "subject": "Plane Geometry", "subfield": "Angle"},
    "query_wo": "Please directly answer the question and provide the correct option letter.\nQuestion: Find x.",
    "question_for_eval": "Find x.\nChoices:\nA:65°\nB:60°",
}
_MMMU = {
    "id": "validation_Math_1",
    "question": "<image 1> What is the area?",
    "options": "['one', 'two', 'three']",
    **SEVEN,
    "img_type": "['Diagrams']",
    "answer": "C",
    "topic_difficulty": "Easy",
    "question_type": "multiple-choice",
    "subfield": "Geometry",
}
_PRO = {
    "id": "test_History_277",
    "question": "<image 1> Which one?",
    "options": "['oak', 'ash', 'elm', 'fir', 'yew']",
    **SEVEN,
    "answer": "E",
    "topic_difficulty": "Easy",
    "subject": "History",
}
_WEMATH = {
    "ID": "2steps_1",
    "split": "testmini",
    "knowledge concept": "Area of Rectangles",
    "question": "What is the area?",
    "option": "A. 6, 7;B. 8; 9;    C. 10 cm; D. No correct answer",
    "answer": "B",
    "image_path": picture(),
    "key": "2steps_1",
}
_DYNAMATH = {
    "id": "1",
    "question": "What is y?",
    "image": None,
    "decoded_image": picture(),
    "ground_truth": "2.5",
    "answer_type": "float",
    "subject": "algebra",
    "knowledge_level": "high school",
}
_LOGICVISTA = {
    "question": "Which continues it? Select from A, B, C, D, and E.",
    "answer": "D",
    "image": picture(),
    "skill": ["inductive"],
    "broad_capability": ["patterns", "3D"],
    "specific_capability": ["sequence"],
}
_OLYMPIAD = {
    "id": 2231,
    "question": "Find the value of <image_1>.",
    "final_answer": [r"$\frac{1}{2}$"],
    "context": None,
    **FIVE,
    "difficulty": "Competition",
    "is_multiple_answer": False,
    "unit": None,
    "answer_type": "Numerical",
    "error": None,
    "subfield": "Geometry",
    "subject": "Math",
    "language": "English",
}
_SCIENCEQA = {
    "image": picture(),
    "question": "Which is farthest north?",
    "choices": ["Texas", "Ohio"],
    "answer": 1,
    "hint": "",
    "task": "closed choice",
    "grade": "grade2",
    "subject": "social science",
    "topic": "geography",
    "category": "Geography",
    "skill": "Read a map",
}
_M3COT = {
    "id": "physical-commonsense-1",
    "category": "physical-commonsense",
    "question": "Why?",
    "choices": ["wind", "rain", "snow"],
    "context": "It is cold.",
    "answer": "C",
    "image": picture(),
    "domain": "commonsense",
    "topic": "physical-commonsense",
}

ROWS: dict[str, tuple[str, str, list[dict[str, Any]]]] = {
    "mathverse": (
        "testmini",
        "testmini.parquet",
        [
            _MATHVERSE,
            _MATHVERSE
            | {
                "sample_index": "5",
                "problem_version": "Vision Only",
                "question": "",
                "question_type": "free-form",
                "answer": "118\u63b3",
                "question_for_eval": "Find the angle.",
            },
        ],
    ),
    "mmmu": (
        "validation",
        "validation-00000-of-00001.parquet",
        [
            _MMMU,
            _MMMU | {"id": "validation_Math_2", "options": "[]", "question_type": "open", "answer": "['8.3', '8.30']"},
            _MMMU | {"id": "validation_Art_Theory_3", "options": "[]", "question_type": "open", "answer": "Fauvism"},
        ],
    ),
    "mmmu_pro": ("standard", "standard (10 options)/test-00000-of-00001.parquet", [_PRO]),
    "wemath": (
        "testmini",
        "data/testmini-00000-of-00001.parquet",
        [_WEMATH, _WEMATH | {"key": "2steps_multi", "answer": "D"}],
    ),
    "dynamath": (
        "sample_variant3",
        "data/sample_variant3-00000-of-00001.parquet",
        [
            _DYNAMATH,
            _DYNAMATH
            | {"id": "2", "question": "(A) Yes (B) No", "answer_type": "multiple choice", "ground_truth": "B"},
            _DYNAMATH | {"id": "3", "answer_type": "text", "ground_truth": "even"},
        ],
    ),
    "logicvista": ("test", "test.parquet", [_LOGICVISTA, _LOGICVISTA | {"answer": "A, C"}]),
    "olympiadbench": (
        "en",
        "OlympiadBench/OE_MM_maths_en_COMP/OE_MM_maths_en_COMP.parquet",
        [
            _OLYMPIAD,
            _OLYMPIAD
            | {
                "id": 1,
                "final_answer": ["3.2"],
                "unit": "m/s",
                "error": "1e-1",
                "subject": "Physics",
                "context": "So:",
            },
            _OLYMPIAD | {"id": 2, "final_answer": ["$(3,4]$"], "answer_type": "Interval"},
            _OLYMPIAD | {"id": 3, "final_answer": ["$2,-2$"], "is_multiple_answer": True},
            _OLYMPIAD | {"id": 4, "final_answer": ["$x^2+1$"], "answer_type": "Expression"},
            _OLYMPIAD | {"id": 5, "final_answer": ["a drawing"], "answer_type": "Need_human_evaluate"},
        ],
    ),
    "scienceqa": (
        "test",
        "data/test-00000-of-00001-f0e719df791966ff.parquet",
        [
            _SCIENCEQA,
            _SCIENCEQA | {"image": None, "hint": "It rained.", "answer": 0, "grade": "grade11"},
            _SCIENCEQA | {"image": None},
        ],
    ),
    "ai2d": (
        "test",
        "data/test-00000-of-00001.parquet",
        [{"question": "what is B?", "options": ["stem", "leaf", "root"], "answer": "2", "image": picture()}],
    ),
    "chartqa": (
        "test",
        "data/test-00000-of-00001.parquet",
        [
            {"image": picture(), "query": "How many?", "label": ["14"], "human_or_machine": 0},
            {"image": picture(), "query": "Which year?", "label": ["Angola"], "human_or_machine": 1},
        ],
    ),
    "m3cot": ("test", "data/test-00000-of-00001.parquet", [_M3COT]),
}
"""By benchmark: a split, the file it is in, its rows."""
