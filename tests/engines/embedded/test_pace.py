"""How often listeners of a batch hear of it."""

from __future__ import annotations

from s1m.engines.embedded.pace import SECONDS_EACH, Pace


def test_one_listener_hears_every_token_and_many_hear_less_often() -> None:
    now = 0.0
    pace = Pace(clock=lambda: now)
    assert not pace.is_due(0)
    heard = []
    for _ in range(40):
        now += 1e-6
        heard.append(pace.is_due(1))
    assert all(heard)
    heard = []
    for _ in range(40):
        now += 17 * SECONDS_EACH
        heard.append(pace.is_due(64))
    assert heard[:9] == [True, False, False, False, True, False, False, False, True]
