"""The last hundred requests: share of good answers, and times by rank."""

from hypothesis import given
from hypothesis import strategies as st

from otel_discord.exporters.discord.watching.requests import MOST_REQUESTS, RecentRequests


def test_before_the_first_nothing_is_known() -> None:
    requests = RecentRequests()
    assert requests.success is None
    assert requests.quantile_s(0.5) is None


def test_only_the_last_hundred_count() -> None:
    requests = RecentRequests()
    for _ in range(500):
        requests.add(9.0, is_well=False)
    for number in range(MOST_REQUESTS):
        requests.add(number / 100, is_well=number % 4 != 0)
    assert requests.success == 0.75
    assert requests.quantile_s(0.5) == 0.49
    assert requests.quantile_s(0.99) == 0.98


@given(st.lists(st.floats(0, 60), min_size=1, max_size=150))
def test_a_quantile_is_one_of_the_times_and_no_less_than_a_lower_one(times: list[float]) -> None:
    requests = RecentRequests()
    for each in times:
        requests.add(each, is_well=True)
    median, worst = requests.quantile_s(0.5), requests.quantile_s(0.99)
    assert median is not None
    assert worst is not None
    assert median in times[-MOST_REQUESTS:]
    assert median <= worst <= max(times[-MOST_REQUESTS:])
