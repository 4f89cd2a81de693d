"""The journal is bounded by number and bytes, and keeps what changed last."""

from hypothesis import given
from hypothesis import strategies as st

from otel_discord.component.watched_exporter import Step
from otel_discord.discord_api.models import Embed, EmbedField, Message
from otel_discord.exporters.discord.watching.journal import MOST_BYTES, MOST_MESSAGES, Journal, Told


def told(number: int, chars: int = 10, steps: int = 1) -> Told:
    embeds = (Embed(title=f"m{number}", description="ü" * chars, fields=(EmbedField("n", "v" * chars),)),)
    each = Told(key=f"a/{number}", destination="a", message=Message(embeds=embeds))
    each.befell(*(Step(step, "edited", "x" * chars) for step in range(steps)))
    return each


def test_the_newest_hundred_are_kept() -> None:
    journal = Journal()
    for number in range(1_000):
        journal.put(told(number))
    assert len(journal) == MOST_MESSAGES
    assert [each.key for each in journal.newest()][:2] == ["a/999", "a/998"]


def test_what_changes_is_the_newest_again() -> None:
    journal = Journal()
    for number in (1, 2, 1):
        journal.put(told(number))
    assert [each.key for each in journal.newest()] == ["a/1", "a/2"]


def test_large_ones_take_the_room_of_others() -> None:
    journal = Journal()
    for number in range(200):
        journal.put(told(number, chars=6_000_0))
    assert 1 < len(journal) < MOST_MESSAGES
    assert journal.size_bytes <= MOST_BYTES


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 5_000), st.integers(1, 40)), max_size=60))
def test_what_it_takes_is_what_its_messages_take(puts: list[tuple[int, int, int]]) -> None:
    journal = Journal(most_messages=10, most_bytes=60_000)
    for number, chars, steps in puts:
        journal.put(told(number, chars, steps))
        assert journal.size_bytes == sum(each.measure() for each in journal.newest())
        assert journal.size_bytes <= 60_000
        assert len(journal) <= 10


def test_of_a_long_journey_the_first_and_the_last_steps_stay() -> None:
    each = told(1, steps=4)
    for number in range(100, 400):
        each.befell(Step(number, "edited"))
    assert [step.at_ns for step in each.journey[:4]] == [0, 1, 2, 3]
    assert each.journey[-1].at_ns == 399
    assert len(each.journey) == 16
