"""The rate limit keeps inside Google's quota in whichever minute one looks."""

from hypothesis import given
from hypothesis import strategies as st

from sync.store.rate_limit import BURST, TokenBucket


def test_the_first_flush_after_a_pause_is_at_once() -> None:
    bucket = TokenBucket()
    assert bucket.take(100.0) == 0
    assert bucket.take(100.0) == 1.0
    assert bucket.take(105.0) == 0


def test_a_burst_is_a_second_apart_and_then_waits_for_the_refill() -> None:
    bucket, now = TokenBucket(), 0.0
    gaps = []
    for _ in range(60):
        gaps.append(bucket.take(now))
        now += gaps[-1]
    assert gaps[: int(BURST)] == [0.0, *[1.0] * int(BURST - 1)]
    assert 1.19 < gaps[-1] < 1.21  # 50 a minute


def test_a_call_outside_a_flush_waits_only_for_a_token() -> None:
    bucket = TokenBucket()
    assert [bucket.take(0.0, spacing=0) for _ in range(int(BURST))] == [0.0] * int(BURST)
    assert bucket.take(0.0, spacing=0) > 1


@given(st.lists(st.floats(0, 30), max_size=300))
def test_no_minute_holds_more_than_sixty_flushes(gaps: list[float]) -> None:
    bucket, now = TokenBucket(), 0.0
    began: list[float] = []
    for gap in gaps:
        now += gap if gap > 20 else 0  # most of the time there is always more to do
        now += bucket.take(now)
        began.append(now)
    for start in began:
        assert sum(start <= at < start + 60 for at in began) <= 60
