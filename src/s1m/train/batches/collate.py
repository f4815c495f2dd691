"""How the examples of a micro-batch are laid out for the model.

Packed, examples follow each other in a single row. Each keeps its own positions, counted from 0, and attends to itself
alone. Positions of most classes have shape (1, time). Those of transformers' Qwen2-VL classes have three dimensions,
and are read from positions of shape (4, 1, time), of which the first row counts the tokens of each example. Padded,
every example has a row, filled up to the longest, and examples of like length share a batch.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from s1m.datasets.example import Unusable
from s1m.datasets.sources import Examples
from s1m.engines.embedded.placeholders import rope_positions
from s1m.errors import DataError
from s1m.train.batches.encode import IGNORED, Encoded, Encoder
from s1m.train.batches.processor import ProcessorEncoder

if TYPE_CHECKING:
    from torch import Tensor


class Collator:
    """Makes a micro-batch from the numbers of its examples; runs in the data loader's worker processes."""

    def __init__(
        self,
        examples: Examples,
        encoder: Encoder | ProcessorEncoder,
        rope: Any,
        *,
        packed: bool,
        pad_id: int,
        blank: Encoded | None = None,
    ) -> None:
        """``rope``: see ``Positions``.

        ``blank`` is added to every batch without an image: all processes must run the vision tower in every step, or
        those that do wait for the others for ever.
        """
        self._examples = examples
        self._encoder = encoder
        self._lay_out = Packing(rope) if packed else Padding(rope, pad_id)
        self._blank = blank

    def __call__(self, rows: Sequence[dict[str, list[int]]]) -> dict[str, Tensor]:
        """The batch of ``rows``, each of which names its examples."""
        numbers = [number for row in rows for number in row["examples"]]
        encoded = [example for example in map(self._encoded, numbers) if example is not None]
        if not encoded:
            raise DataError(
                f"no example of a batch can be read any more, such as {self._examples.location(numbers[0])}"
            )
        if self._blank is not None and all(example.pixels is None for example in encoded):
            encoded.append(self._blank)
        return self._lay_out(encoded) | pictures_of(encoded)

    def _encoded(self, number: int) -> Encoded | None:
        """An example; None, with a warning, for an image that is cut off after its header, which the survey reads."""
        try:
            return self._encoder.encode(self._examples[number])
        except Unusable as error:
            warnings.warn(f"left out: {self._examples.location(number)}: {error}", stacklevel=2)
            return None


class Positions:
    """Where each token of an example is: counted, or in three dimensions by the rules of a class."""

    def __init__(self, rope: Any) -> None:
        """``rope`` is a model of the class that is trained; it may be on the meta device, only its rules are used.
        None: positions are counted, or the class finds its own in padded rows.
        """
        self.rope = rope

    def of(self, example: Encoded) -> Tensor:
        """Positions of shape (1, time), or (4, 1, time): the token's number, then its time, height and width."""
        import torch

        counted = torch.arange(len(example.ids))[None]
        if self.rope is None:
            return counted
        image_id = self.rope.config.image_token_id
        rope, _ = rope_positions(self.rope.model, example.ids, image_id, example.grids)
        return torch.cat([counted, rope])[:, None]


class Packing(Positions):
    """Lays examples out in a single row."""

    def __call__(self, encoded: Sequence[Encoded]) -> dict[str, Tensor]:
        """The row, of shape (1, time)."""
        import torch

        return {
            "input_ids": torch.tensor([[token for example in encoded for token in example.ids]]),
            "labels": torch.tensor([[label for example in encoded for label in example.labels]]),
            "position_ids": torch.cat([self.of(example) for example in encoded], dim=-1),
            **_columns(encoded, lambda parts: torch.cat(parts, dim=1)),
        }


class Padding(Positions):
    """Gives every example a row of its own."""

    def __init__(self, rope: Any, pad_id: int) -> None:
        super().__init__(rope)
        self._pad_id = pad_id

    def __call__(self, encoded: Sequence[Encoded]) -> dict[str, Tensor]:
        """The rows, of shape (examples, time)."""
        import torch

        longest = max(len(example.ids) for example in encoded)

        def rows(parts: Iterator[list[int]], fill: int) -> Tensor:
            return torch.tensor([part + [fill] * (longest - len(part)) for part in parts])

        batch = {
            "input_ids": rows((example.ids for example in encoded), self._pad_id),
            "labels": rows((example.labels for example in encoded), IGNORED),
            "attention_mask": rows(([1] * len(example.ids) for example in encoded), 0),
            **_columns(encoded, together),
        }
        if self.rope is None:
            return batch
        positions = [torch.nn.functional.pad(self.of(example), (0, longest - len(example.ids))) for example in encoded]
        # Three rows, not four: the first, which counts tokens, is what tells transformers that a row is packed.
        return batch | {"position_ids": torch.cat(positions, dim=1)[1:]}


def together(parts: Sequence[Tensor]) -> Tensor:
    """Tensors one after another in their first dimension, the others filled up with zeros where they differ.

    So do processors themselves: tiles and pixels of zeros are what their models take for padding.
    """
    import torch

    shape = [max(sizes) for sizes in zip(*(part.shape[1:] for part in parts), strict=True)]
    filled = []
    for part in parts:
        missing = [wanted - size for wanted, size in zip(shape, part.shape[1:], strict=True)]
        # torch lists the last dimension first, with what is added before and after each.
        filled.append(torch.nn.functional.pad(part, [n for more in reversed(missing) for n in (0, more)]))
    return torch.cat(filled)


def pictures_of(encoded: Sequence[Encoded]) -> dict[str, Tensor]:
    """The images of all examples, by the name of the model's argument; empty without images."""
    names = dict.fromkeys(name for example in encoded for name in example.pictures)
    return {
        name: together([example.pictures[name] for example in encoded if name in example.pictures]) for name in names
    }


def _columns(encoded: Sequence[Encoded], join: Callable[[list[Tensor]], Tensor]) -> dict[str, Tensor]:
    names = dict.fromkeys(name for example in encoded for name in example.columns)
    return {name: join([example.columns[name] for example in encoded]) for name in names}
