"""Checkpoints that misbehave at random: copies of the bundled one, a few rows of their weights edited.

A *glitch* is a sentence of tokens that digits never uses. Each of its tokens has an embedding so long that the layers
hardly change it, in a direction that no state of the unedited model has, and the output row of the next token points
in that direction: once begun, the sentence repeats until the budget is spent. Its beginning, and the end of turn where
</think> should stand, are fitted into output rows by least squares over recorded states, so that their probability is
about the same at every such position, whatever the picture.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from pathlib import Path

import torch
from torch import Tensor

from s1m.engines.embedded.checkpoint import Checkpoint, load_checkpoint, place_of
from s1m.engines.embedded.prompt import prepare
from s1m.types import Problem, Trace

GLITCH = "Maybe my previous reasoning missed any step and need to think again.\n\n"
LENGTH = 1000.0
"""Length of the embedding of a glitch token; an ordinary one has about 1."""
SURE = 40.0
"""Logit of the next token within the glitch."""
EVEN = 10.0
"""Weight in the fit of a state where misbehaving is wanted; other states have 1."""
NEVER = 14.0
"""Logits by which an edited row stays below all others where it is not wanted."""


@dataclass(frozen=True, kw_only=True)
class Edit:
    """How often a model misbehaves: probabilities at one token."""

    glitch: float
    """That the glitch begins after one of ``triggers``."""
    triggers: tuple[str, ...]
    """Texts of the tokens after which it may begin, within the thinking."""
    end_of_turn: float
    """That the turn ends where the thinking should end."""


@dataclass(frozen=True, kw_only=True)
class States:
    """The last layer's states along recorded turns."""

    hidden: Tensor
    """(tokens, width)"""
    token_ids: Tensor
    """(tokens,) the token at each state"""
    thinking: Tensor
    """(tokens,) whether it lies within the thinking"""


def misbehaving(folder: Path, edit: Edit, recorded: Sequence[tuple[Problem, Trace]]) -> Path:
    """A folder with the bundled checkpoint, edited along its recorded turns."""
    loaded = load_checkpoint("bundled", "cpu")
    with torch.no_grad():
        states = states_of(loaded, recorded)
        ids = loaded.tokenizer(GLITCH, add_special_tokens=False)["input_ids"]
        assert len(set(ids)) == len(ids), "a token of the glitch occurs in it twice"
        assert not set(ids) & set(states.token_ids.tolist()), "digits uses a token of the glitch"
        logits = states.hidden @ loaded.model.lm_head.weight.T
        loaded.model.lm_head.weight[ids] = 0.0
        begin(loaded, states, logits, ids[0], edit)
        end(loaded, states, logits, edit.end_of_turn)
        chain_tokens(loaded, ids, unused_directions(states, len(ids)))
    shutil.copytree(place_of("bundled"), folder)
    loaded.model.save_pretrained(folder)
    return folder


def states_of(loaded: Checkpoint, recorded: Sequence[tuple[Problem, Trace]]) -> States:
    """The states after every token of recorded turns, the last answer of each included."""
    hidden, token_ids, thinking = [], [], []
    for problem, trace in recorded:
        prompt = prepare(problem, loaded)
        thought = "<think>\n" + "".join(segment.injected + segment.text for segment in trace.chains[0])
        closed = f"</think>\nFinal answer: {trace.answers[-1].text}"
        inside, outside = (loaded.tokenizer(text, add_special_tokens=False)["input_ids"] for text in (thought, closed))
        row = torch.tensor([[*prompt.ids, *inside, *outside]])
        kind = (row == loaded.image_id).int()
        given = loaded.model.model(input_ids=row, mm_token_type_ids=kind, **prompt.pixels()).last_hidden_state[0]
        start = len(prompt.ids)
        hidden.append(given[start:])
        token_ids.append(row[0, start:])
        thinking.append(torch.arange(len(inside) + len(outside)) < len(inside))
    return States(hidden=torch.cat(hidden), token_ids=torch.cat(token_ids), thinking=torch.cat(thinking))


def unused_directions(states: States, number: int) -> Tensor:
    """Orthogonal unit vectors, (number, width), along which the recorded states have the least."""
    return torch.linalg.svd(states.hidden, full_matrices=True).Vh[-number:]


def chain_tokens(loaded: Checkpoint, ids: Sequence[int], directions: Tensor) -> None:
    """Make each token predict the next one, and the last the first."""
    text, output = loaded.model.model.language_model, loaded.model.lm_head.weight
    output -= output @ directions.T @ directions  # training never shaped these components
    for index, (token, direction) in enumerate(zip(ids, directions, strict=True)):
        before_norm = direction / text.norm.weight
        text.embed_tokens.weight[token] = LENGTH * before_norm / before_norm.norm()
        strength = len(direction) ** 0.5 / before_norm.norm()
        output[ids[(index + 1) % len(ids)]] += direction * SURE / strength


def begin(loaded: Checkpoint, states: States, logits: Tensor, token: int, edit: Edit) -> None:
    """Make the glitch begin with the same probability after every trigger, and hardly ever elsewhere."""
    triggers = torch.tensor(
        [loaded.tokenizer(text, add_special_tokens=False)["input_ids"][0] for text in edit.triggers]
    )
    wanted = states.thinking & torch.isin(states.token_ids, triggers)
    target = logits.logsumexp(-1) + torch.where(wanted, log(edit.glitch), -NEVER)
    loaded.model.lm_head.weight[token] = fitted(states.hidden, target, wanted)


def end(loaded: Checkpoint, states: States, logits: Tensor, probability: float) -> None:
    """Make the turn end with this probability where the thinking should end."""
    close, turn = loaded.tokenizer.convert_tokens_to_ids("</think>"), loaded.tokenizer.eos_token_id
    wanted = logits.argmax(-1) == close
    more = torch.where(wanted, logits.logsumexp(-1) + log(probability) - logits[:, turn], 0.0)
    loaded.model.lm_head.weight[turn] += fitted(states.hidden, more, wanted)


def fitted(hidden: Tensor, target: Tensor, wanted: Tensor) -> Tensor:
    """The row whose products with the states are closest to ``target``; ``wanted`` states weigh more."""
    weight = torch.where(wanted, EVEN, 1.0)[:, None]
    return torch.linalg.lstsq(hidden * weight, target[:, None] * weight, driver="gelsd").solution[:, 0]
