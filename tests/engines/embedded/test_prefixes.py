"""What is remembered of a problem's chains: each its own past, found by the longest common prefix, within bounds."""

from __future__ import annotations

import torch

from s1m.engines.embedded.cache import Past
from s1m.engines.embedded.prefixes import Owner, PrefixStore

ONE: Owner = ("one?", (), ())
OTHER: Owner = ("other?", (), ())
PROMPT = (1, 2, 3)


def past(tokens: int) -> Past:
    """Eight bytes a token."""
    half = torch.zeros(1, tokens, 1)
    return Past(((half, half),))


def kept(store: PrefixStore, owner: Owner, *ids: int) -> int:
    """How much of ``ids`` is remembered."""
    return store.longest(owner, ids)[1]


def filled(max_bytes: int, *chains: tuple[int, ...], owner: Owner = ONE) -> PrefixStore:
    store = PrefixStore(max_bytes)
    for ids in chains:
        store.keep(owner, ids, past(len(ids)))
    return store


def test_several_chains_of_a_problem_are_remembered_side_by_side() -> None:
    store = filled(1000, (*PROMPT, 4, 5), (*PROMPT, 6, 7), (*PROMPT, 4, 8))
    assert kept(store, ONE, *PROMPT, 6, 7, 9) == 5
    assert kept(store, ONE, *PROMPT, 4, 5, 9) == 5
    assert kept(store, ONE, *PROMPT, 4, 8, 9) == 5
    assert kept(store, ONE, *PROMPT, 9) == 3
    assert kept(store, OTHER, *PROMPT) == 0
    past, shared = store.longest(ONE, (*PROMPT, 4, 8, 9))
    assert past is not None
    assert past.layers[0][0].shape[1] == shared


def test_a_past_takes_the_place_of_the_one_it_goes_on_from() -> None:
    store = filled(9 * 8, (*PROMPT, 6), PROMPT[:2], (*PROMPT, 4), (*PROMPT, 4, 5))
    assert [kept(store, ONE, *PROMPT, last, 5) for last in (4, 6)] == [5, 4]  # nine tokens in all


def test_the_least_recently_used_goes_when_the_memory_is_full() -> None:
    store = filled(8 * 8, (*PROMPT, 4), (*PROMPT, 6))
    assert kept(store, ONE, *PROMPT, 4) == 4
    store.keep(ONE, (*PROMPT, 7), past(4))
    assert [kept(store, ONE, *PROMPT, last) for last in (4, 6, 7)] == [4, 3, 4]
    store.keep(OTHER, PROMPT, past(3))
    assert kept(store, OTHER, *PROMPT) == 3
    assert [kept(store, ONE, *PROMPT, last) for last in (4, 6, 7)] == [3, 3, 4]


def test_what_is_larger_than_the_memory_is_not_kept() -> None:
    assert kept(filled(8, PROMPT), ONE, *PROMPT) == 0


def test_a_past_with_states_serves_only_what_begins_with_all_of_it() -> None:
    store = PrefixStore(1000, whole=True)
    for ids in (PROMPT, (*PROMPT, 4, 5), (*PROMPT, 4, 5, 6, 7), (*PROMPT, 4, 5, 6, 7, 8)):
        store.keep(ONE, ids, past(len(ids)))
    assert kept(store, ONE, *PROMPT, 4, 5, 6, 7, 8, 9) == 8
    assert kept(store, ONE, *PROMPT, 4, 5, 6, 7, 9) == 7  # where an answer branched off
    assert kept(store, ONE, *PROMPT, 9) == 3  # another chain
    assert kept(store, ONE, *PROMPT) == 0  # the last token is always read
    assert kept(store, ONE, *PROMPT, 4, 5, 9) == 3  # the past between was dropped
