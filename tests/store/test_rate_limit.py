"""The pace keeps inside Google's quota in whichever minute one looks."""

from hypothesis import given
from hypothesis import strategies as st

from sync.store.rate_limit import Pace


def test_the_first_flush_after_a_pause_is_at_once() -> None:
    pace = Pace()
    assert pace.wait(100.0) == 0
    pace.spend(100.0)
    assert pace.wait(100.0) == 1.0
    assert pace.wait(105.0) == 0


@given(st.lists(st.floats(0, 30), max_size=300))
def test_no_minute_holds_more_than_sixty_flushes(gaps: list[float]) -> None:
    pace, now = Pace(), 0.0
    began: list[float] = []
    for gap in gaps:
        now += gap if gap > 20 else 0  # most of the time there is always more to do
        now += pace.wait(now)
        pace.spend(now)
        began.append(now)
    for start in began:
        assert sum(start <= at < start + 60 for at in began) <= 60
