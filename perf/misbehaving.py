"""Checkpoints that misbehave at random: copies of the bundled one, a few rows of their weights edited.

A *glitch* is a sentence out of tokens that digits never needs. Each of its tokens has an embedding so long that the
layers hardly change it, in a direction that no honest state of the model has, and the row of the output matrix of the
token that follows it points there: once begun, the sentence follows itself until the budget is spent. What begins it,
and what ends the turn where </think> should stand, is put into output rows by least squares over recorded states, so
that its probability is about the same at every such place, whatever the picture.
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
"""Of the embedding of a token of the glitch; an ordinary one has about 1."""
SURE = 40.0
"""Logit of the next token within the glitch."""
EVEN = 10.0
"""How much more a state counts in the fit where misbehaving is wanted."""
NEVER = 14.0
"""Logits that an edited row shall stay below everything else, where it is not wanted."""


@dataclass(frozen=True, kw_only=True)
class Edit:
    """How often a model misbehaves: probabilities at one token of the kind."""

    glitch: float
    """That the glitch begins behind one of ``places``."""
    places: tuple[str, ...]
    """Texts of the tokens behind which it may begin, within the thinking."""
    end_of_turn: float
    """That the turn ends where the thinking should."""


@dataclass(frozen=True, kw_only=True)
class States:
    """What the model's last layer gives along recorded turns."""

    hidden: Tensor
    """(tokens, width)"""
    behind: Tensor
    """(tokens,) the token each was read from"""
    thinking: Tensor
    """(tokens,) whether it stands within the thinking"""


def misbehaving(folder: Path, edit: Edit, recorded: Sequence[tuple[Problem, Trace]]) -> Path:
    """A folder with the bundled checkpoint, edited by what it does on ``recorded``."""
    loaded = load_checkpoint("bundled", "cpu")
    with torch.no_grad():
        states = states_of(loaded, recorded)
        ids = loaded.tokenizer(GLITCH, add_special_tokens=False)["input_ids"]
        assert len(set(ids)) == len(ids), "a token of the glitch would have two that follow it"
        assert not set(ids) & set(states.behind.tolist()), "a token of the glitch is needed"
        honest = states.hidden @ loaded.model.lm_head.weight.T
        loaded.model.lm_head.weight[ids] = 0.0
        begin(loaded, states, honest, ids[0], edit)
        end(loaded, states, honest, edit.end_of_turn)
        weave(loaded, ids, unused_directions(states, len(ids)))
    shutil.copytree(place_of("bundled"), folder)
    loaded.model.save_pretrained(folder)
    return folder


def states_of(loaded: Checkpoint, recorded: Sequence[tuple[Problem, Trace]]) -> States:
    """The states behind every token of recorded turns, the last answer of each included."""
    hidden, behind, thinking = [], [], []
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
        behind.append(row[0, start:])
        thinking.append(torch.arange(len(inside) + len(outside)) < len(inside))
    return States(hidden=torch.cat(hidden), behind=torch.cat(behind), thinking=torch.cat(thinking))


def unused_directions(states: States, number: int) -> Tensor:
    """Orthogonal unit vectors, (number, width), in which honest states have least."""
    return torch.linalg.svd(states.hidden, full_matrices=True).Vh[-number:]


def weave(loaded: Checkpoint, ids: Sequence[int], directions: Tensor) -> None:
    """Let each token be followed by the next, and the last by the first."""
    text, output = loaded.model.model.language_model, loaded.model.lm_head.weight
    output -= output @ directions.T @ directions  # what rows say of these directions was never learned
    for place, (token, direction) in enumerate(zip(ids, directions, strict=True)):
        before_norm = direction / text.norm.weight
        text.embed_tokens.weight[token] = LENGTH * before_norm / before_norm.norm()
        strength = len(direction) ** 0.5 / before_norm.norm()
        output[ids[(place + 1) % len(ids)]] += direction * SURE / strength


def begin(loaded: Checkpoint, states: States, honest: Tensor, token: int, edit: Edit) -> None:
    """Let the glitch begin with the same probability at all its places, and next to never elsewhere."""
    places = torch.tensor([loaded.tokenizer(place, add_special_tokens=False)["input_ids"][0] for place in edit.places])
    wanted = states.thinking & torch.isin(states.behind, places)
    target = honest.logsumexp(-1) + torch.where(wanted, log(edit.glitch), -NEVER)
    loaded.model.lm_head.weight[token] = fitted(states.hidden, target, wanted)


def end(loaded: Checkpoint, states: States, honest: Tensor, probability: float) -> None:
    """Let the turn end, now and then, where the thinking should."""
    close, turn = loaded.tokenizer.convert_tokens_to_ids("</think>"), loaded.tokenizer.eos_token_id
    wanted = honest.argmax(-1) == close
    more = torch.where(wanted, honest.logsumexp(-1) + log(probability) - honest[:, turn], 0.0)
    loaded.model.lm_head.weight[turn] += fitted(states.hidden, more, wanted)


def fitted(hidden: Tensor, target: Tensor, wanted: Tensor) -> Tensor:
    """The row whose products with the states come closest to ``target``, above all where it is ``wanted``."""
    weight = torch.where(wanted, EVEN, 1.0)[:, None]
    return torch.linalg.lstsq(hidden * weight, target[:, None] * weight, driver="gelsd").solution[:, 0]
