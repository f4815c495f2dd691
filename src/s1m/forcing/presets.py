"""The texts appended where a stop is ignored, by the name of the preset.

``s1`` is the string of s1 (arXiv 2501.19393); ``s1m`` are the seven strings of S1-M, used in rotation
(https://github.com/PKU-Alignment/s1-m); ``lookback`` sends the model back to the image.
"""

from __future__ import annotations

IGNORE_STRINGS: dict[str, tuple[str, ...]] = {
    "s1": ("Wait,",),
    "s1m": (
        "Wait,",
        "Maybe I made a mistake.",
        "Let me check if all the intermediate results are correct.",
        "I need to check if I missed any step in my previous thinking.",
        "Did I make a mistake in any step of the previous reasoning?",
        "Let me check again,",
        "I need to think more and check again.",
    ),
    "lookback": (
        "Let me look at the image again.",
        "Let me compare this with what the image shows.",
    ),
}
