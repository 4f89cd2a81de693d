"""Which way new problems take around a destination that takes nothing now."""

from dataclasses import dataclass

from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.detours import Detour, detours


@dataclass
class Place:
    """An outbox."""

    name: str
    is_gone: bool = False
    is_open: bool = False
    haven: "Place | None" = None

    def notify(self, priority: int = 0) -> None:
        """Nobody listens."""


def test_there_is_none_around_who_takes_messages_or_has_no_fallback_that_does() -> None:
    well = Place("b")
    assert detours([Place("a", haven=well), well]) == {}
    assert detours([Place("a", is_gone=True), Place("c", is_open=True)]) == {}
    assert detours([Place("a", is_open=True, haven=Place("b", is_open=True))]) == {}
    ring = Place("a", is_gone=True)
    ring.haven = Place("b", is_gone=True, haven=ring)
    assert detours([ring, ring.haven]) == {}


def test_only_what_is_critical_leaves_who_may_be_there_again_soon() -> None:
    found = detours([Place("a", is_open=True, haven=Place("b"))])
    assert found == {"a": Detour("b", ("a",), ("for “a”, which cannot be reached",), critical_only=True)}


def test_everything_leaves_who_is_gone_also_over_others_that_are() -> None:
    second = Place("b", is_gone=True, haven=Place("c", is_open=True))
    found = detours([Place("a", is_gone=True, haven=second), second])
    assert (found["a"].lane, found["a"].been_to, found["a"].critical_only) == ("c", ("a", "b"), False)
    card = Card(resource=b"", scope=b"", record=b"", severity=17, first_seen_ns=1, last_seen_ns=1, accepted_ns=1)
    assert found["b"].redirected(card).notes == ("for “b”, whose webhook is gone",)
