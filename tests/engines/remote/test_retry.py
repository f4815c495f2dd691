"""How long is waited, and for whom."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s1m.engines.remote import Backoff
from s1m.engines.remote.retry import retry_after_seconds, wait_asked
from tests.engines.asking import GOOD, ask, in_turn
from tests.engines.chat_server import ChatServer, answer


@pytest.mark.parametrize("date", [False, True])
def test_retry_after_is_honoured_and_capped(date: bool) -> None:
    header = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True) if date else "3600"
    with ChatServer(in_turn(answer({"message": "slow down"}, 429, Retry_After=header), GOOD)) as server:
        began = time.monotonic()
        assert ask(server)[0].text == "four"
    assert 0.3 <= time.monotonic() - began < 60  # not the hour that was asked for


def test_retry_after_is_read_in_seconds_and_dates() -> None:
    now = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)
    assert retry_after_seconds("7", now) == 7.0
    assert retry_after_seconds(" 1.5 ", now) == 1.5
    assert retry_after_seconds(wait_asked({"retry-after-ms": "250", "retry-after": "1"}), now) == 0.25
    assert retry_after_seconds(wait_asked({"retry-after-ms": "soon", "retry-after": "1"}), now) == 1.0
    assert wait_asked({}) is None
    assert retry_after_seconds("nan", now) is None
    assert retry_after_seconds("Thu, 01 Jan 2026 12:00:30 GMT", now) == 30.0
    assert retry_after_seconds("Thu, 01 Jan 2026 12:00:30 -0000", now) == 30.0
    assert retry_after_seconds("Thu, 01 Jan 2026 11:00:00 GMT", now) == 0.0
    assert retry_after_seconds("soon", now) is None
    assert retry_after_seconds(None, now) is None


@given(st.integers(1, 2000), st.none() | st.floats(-10, 1e6))
def test_waits_stay_within_their_caps(failures: int, asked: float | None) -> None:
    wait = Backoff().wait_seconds(failures, asked)
    if asked is None:
        assert 0 <= wait <= min(30, 0.5 * 2.0 ** min(failures, 60))
    else:
        assert min(max(asked, 0), 60) <= wait <= 60.5
