r"""What the rows of training sets look like, and the one conversation that each becomes.

One file a family:

chat.py     {"messages": [{"role": "user", "content": "<image>How many?"}, ...], "images": [...]}
            {"conversations": [{"from": "human", "value": "<image>\nHow many?"}, ...], "image": ...}
pairs.py    {"image": ..., "prompt": "How many sides?", "response": "<think>...</think>It has 3."}
            {"prompt": [turns], "completion": [turns]}, {"problem", "solution"}, {"instruction", "input", "output"}
            {"question": ..., "deepseek_thinking_trajectory": ..., "deepseek_attempt": ...}
            {"prompt": [turns], "chosen": [turns], "rejected": [turns]}: the chosen side, or the rejected one

What all of them share: thinking beside the text (thinking.py), typed parts of a content (parts.py), columns of images
(images.py).
"""

from s1m.datasets.formats.draft import Draft, Row
from s1m.datasets.formats.read import FORMATS, REJECTED, pick_format, read_responses, read_row, text_columns

__all__ = ["FORMATS", "REJECTED", "Draft", "Row", "pick_format", "read_responses", "read_row", "text_columns"]
