"""A conclusion outweighs an opening, and the result of a concluding sentence is not its first number."""

from __future__ import annotations

import pytest

from s1m.scoring.answer import committed

CHOICES = ("3", "5", "7", "9")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("So there are 4 cats and 3 dogs, i.e. 7 animals in total.", "7"),
        ("So there are 4 red and 3 blue balls, that is 7 balls.", "7"),
        ("So there are four cats and three dogs, i.e. seven animals.", "7"),
        ("Thus there are 3 rows of 4 chairs, which makes 12 chairs.", "12"),
        ("Hence there were 10 apples minus 3 eaten, leaving 7.", "7"),
        ("So we have 5 triangles and 6 squares, 11 shapes altogether.", "11"),
        ("So there are 4 cats and 3 dogs, so 7 animals.", "7"),
        ("So she has 4 coins and he has 3 coins, for a total of 7 coins.", "7"),
        ("Therefore, the 4 and the 3 add up to 7.", "7"),
        ("So 7 animals in total: 4 cats and 3 dogs.", "7"),
        ("So there are 7 animals, that is, 4 cats and 3 dogs.", "7"),
        ("So the length is 5 cm, i.e. 0.05 m.", "5"),
        ("Therefore, 12 boys and 13 girls make 25 children.", "25"),
        ("The answer is 4 cats and 3 dogs, 7 in total.", "7"),
    ],
)
def test_the_result_of_a_sentence(text: str, number: str) -> None:
    assert committed(text, kind="number").prediction == number


@pytest.mark.parametrize(
    "text",
    [
        "The median is 4. Sorted, the third of five is 5. Therefore, the median is 5.",
        "4. But sorted, the third of five is 5. Therefore, the median is 5.",
        "The answer is 4 at first sight. Sorted, the third of five is 5. Therefore, the median is 5.",
        "Answer: 4\nWait, sorting gives 5 in the middle. So the median is 5.",
        "The answer is 4. Or is it? Sorted, it is 5. Thus the median is 5. I hope this helps!",
    ],
)
def test_a_number_concluded_outweighs_one_that_opens(text: str) -> None:
    assert committed(text, kind="integer").prediction == "5"


@pytest.mark.parametrize(
    "text",
    [
        "A is tempting at first glance. Counting again gives five. Therefore, the answer is B.",
        "A. Hmm, counting again there are five. So it must be B.",
        "The answer is (A). Counting again, there are five. Therefore, (B).",
    ],
)
def test_a_letter_concluded_outweighs_one_that_opens(text: str) -> None:
    assert committed(text, kind="choice", choices=CHOICES).prediction == "B"


def test_a_value_worked_out_does_not_outweigh_a_letter_stated() -> None:
    text = "The correct answer is (B).\n\nThere are 4 and 3. Therefore, there are 4 + 3 = 7."
    assert committed(text, kind="choice", choices=CHOICES).prediction == "B"
