"""Fair shares between services, and when a digest is due."""

from hypothesis import given
from hypothesis import strategies as st

from otel_discord.component import StoredCard
from otel_discord.exporters.discord.folding import crowd
from otel_discord.exporters.discord.folding.crowd import FairShares, digest_above


def cards(services: str, *, priority: int = 0, first_id: int = 0) -> list[StoredCard]:
    return [
        StoredCard(number, "a", priority, service.encode()) for number, service in enumerate(services, start=first_id)
    ]


def service_of(card: StoredCard) -> str:
    return card.payload.decode()


def order(shares: FairShares, head: list[StoredCard]) -> str:
    return "".join(service_of(card) for card in shares.order(head, service_of))


def test_a_digest_is_due_when_the_last_card_would_wait_for_more_than_a_minute() -> None:
    assert digest_above(30) == 300
    assert digest_above(150) == 1500
    assert digest_above(1) == 50, "a few messages are always read one by one"


def test_one_service_alone_stays_in_order() -> None:
    head = cards("aaaa")
    assert FairShares().order(head, service_of) == head


def test_who_came_late_does_not_wait_behind_who_came_in_masses() -> None:
    assert order(FairShares(), cards("aaaaaaaab")) == "abaaaaaaa"
    assert order(FairShares(), cards("aaaabbc")) == "abcabaa"


def test_turns_go_on_from_message_to_message() -> None:
    shares = FairShares()
    shares.taken(list("aaab"))
    assert order(shares, cards("aaabbb")).startswith("bb")


def test_a_newcomer_does_not_make_up_for_the_past() -> None:
    shares = FairShares()
    for _ in range(50):
        assert order(shares, cards("abab"))[:2] == "ab"
        shares.taken(list("ab"))
    order(shares, cards("ab"))
    assert order(shares, cards("ababcccc"))[:3] == "abc"


def test_the_memory_of_services_is_bounded() -> None:
    shares = FairShares()
    for number in range(crowd._MAX_SERVICES + 2):
        shares.taken([str(number)])
    assert len(shares._taken) <= crowd._MAX_SERVICES


def test_what_is_critical_stays_in_front() -> None:
    head = cards("aaa", priority=1) + cards("abab", first_id=3)
    ordered = FairShares().order(head, service_of)
    assert [card.priority for card in ordered] == [1, 1, 1, 0, 0, 0, 0]


@given(st.lists(st.sampled_from("abcd"), max_size=60))
def test_every_card_is_there_once_and_each_service_in_its_own_order(services: list[str]) -> None:
    head = cards("".join(services))
    ordered = FairShares().order(head, service_of)
    assert sorted(card.id for card in ordered) == [card.id for card in head]
    for service in set(services):
        own = [card.id for card in ordered if service_of(card) == service]
        assert own == sorted(own)
