"""Wordings met in the wild: those that commit to an answer, and those that only speak of one."""

from __future__ import annotations

import pytest

from tests.scoring.judging import scores

LENGTHS = ("12", "24", "36", "48")

SAYING_C = r"""
I believe the answer is option (C), 36.
C. 36 is the answer
Answer → C
The answer is $\boxed{C}$: 36
It must be C
The right choice: C
Thus, C) 36.
correct option letter is C
Choice C is the best.
Select (C).
The answer is C - 36
(C) is the correct one
\(\boxed{\text{C) }36}\)
\boxed{\textbf{(C)}\ 36}
Correct answer is: **C) 36**
The final answer is: $\boxed{36}$
D is wrong. C is right.
The correct answer is C. Explanation: (A) is too small, (B) is too small, (D) is too large.
Final Answer: The final answer is $C$. I hope it is correct.
<|im_start|>assistant: C<|im_end|>
正确选项是C
答案选C
所以选C
选择C
答：C
C、36
<b>C</b>
We get 36, which is option (C).
36 → (C)
I'm going with C.
""".strip().splitlines()

NOT_SAYING_C = """
The answer is not C.
C is wrong.
C is not correct.
Not C
Neither C nor D
I would not choose C
36 is too large, so (B).
(C) is incorrect; (B) is correct.
The answer can't be C.
It isn't (C).
A, C
The answer is either B or C.
Is it C?
What about C? No, B.
Options: A, B, C, D
360
3.6
C++
C'mon
""".strip().splitlines()

SAYING_42 = r"""
≈ 42
42 km.
The answer is approximately 42.0 units.
forty two
Total = 42
\boxed{42 \, \text{m/s}}
\boxed{42\%}
**Answer: 42 apples**
Answer: \$42
The answer is 42!
The sum of 12 and 30 is 42.
12 + 30 = 42 apples in total
There were forty-two apples.
4.2 × 10¹
\frac{126}{3}
$\dfrac{126}{3} = 42$
Answer: 42 (since 6*7 = 42)
\boxed{42 \text{ square units}}
The result is 42 cm²
答案是42厘米
共42个
The total is 40 + 2 = 42.
The perimeter is 42 units, since 20+22=42.
The answer is 42, not 43.
""".strip().splitlines()

NOT_SAYING_42 = """
The answer is 43, not 42.
The answer is not 42
It cannot be 42. It is 41.
42-50
42.5
1:42
42,5
I first got 42 but the answer is 41.
It's 41 rather than 42.
B42
42x
The answer is 42 or 43.
""".strip().splitlines()

NUMBERS = [
    (r"1{,}234", "1234"),
    (r"1\,234", "1234"),
    ("12 345", "12345"),
    ("−42", "-42"),
    ("The answer is −42.", "-42"),
    ("3½", "3.5"),
    ("2 1/2", "2.5"),
    (r"2\frac{1}{2}", "2.5"),
    (r"-\frac{3}{4}", "-0.75"),
    (r"\frac{-3}{4}", "-0.75"),
    (r"\frac12", "0.5"),
    ("75%", "0.75"),
    ("1e-3", "0"),
    ("10^{-2}", "0.01"),
    (r"6.02\times10^{23}", "6.02e23"),
    ("1.5 million", "1500000"),
    ("-$0.5", "-0.5"),
    ("The answer is .5", "0.5"),
    ("x ≈ 3.14", "3.14"),
]


@pytest.mark.parametrize("text", SAYING_C)
def test_c(text: str) -> None:
    assert scores(text, kind="choice", gold="C", choices=LENGTHS)


@pytest.mark.parametrize("text", NOT_SAYING_C)
def test_not_c(text: str) -> None:
    assert not scores(text, kind="choice", gold="C", choices=LENGTHS)


@pytest.mark.parametrize("text", SAYING_42)
def test_42(text: str) -> None:
    assert scores(text, kind="integer", gold="42")


@pytest.mark.parametrize("text", NOT_SAYING_42)
def test_not_42(text: str) -> None:
    assert not scores(text, kind="integer", gold="42")


@pytest.mark.parametrize(("text", "gold"), NUMBERS)
def test_numbers(text: str, gold: str) -> None:
    assert scores(text, kind="number", gold=gold)
