"""Questions to a FakeDiscord after a scenario: what arrived, how often, in which order, and how the client behaved.

A *marker* is a text that a test puts in each record, such as ``#17#``; ``pattern`` finds it, group 1 is its name.
Markers are read from messages as a reader sees them: content, embeds, text files.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from otel_discord.testing.fake_discord.fake import FakeDiscord
from otel_discord.testing.fake_discord.state import FakeMessage

MARKER: Final = r"#(\d+)#"
COUNT: Final = r"×(\d[\d,]*)"
"""How an embed says that it stands for several records; the first one of its title and description counts."""


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Markers that arrived, for each webhook in the order of its messages; one message counts a marker once."""

    by_webhook: Mapping[str, Sequence[str]]

    @property
    def counts(self) -> Counter[str]:
        """How many messages hold each marker, over all webhooks."""
        return Counter(marker for markers in self.by_webhook.values() for marker in markers)

    def missing(self, expected: Iterable[object]) -> list[str]:
        """Return expected markers that are in no message."""
        counts = self.counts
        return [marker for marker in map(str, expected) if not counts[marker]]

    def duplicates(self) -> dict[str, list[str]]:
        """Return for each webhook the markers that are in several of its messages."""
        return {
            webhook_id: repeated
            for webhook_id, markers in self.by_webhook.items()
            if (repeated := [marker for marker, count in Counter(markers).items() if count > 1])
        }

    def out_of_order(self) -> dict[str, list[str]]:
        """Return for each webhook the numeric markers that come after a greater one."""
        wrong: dict[str, list[str]] = {}
        for webhook_id, markers in self.by_webhook.items():
            highest = -1
            for number in map(int, markers):
                if number < highest:
                    wrong.setdefault(webhook_id, []).append(str(number))
                highest = max(highest, number)
        return wrong


def arrivals(fake: FakeDiscord, pattern: str = MARKER) -> Arrivals:
    """Return the markers in the messages that exist now."""
    found: dict[str, list[str]] = {webhook.id: [] for webhook in fake.webhooks}
    for message in fake.messages:
        found.setdefault(message.webhook_id, []).extend(markers_of(message, pattern))
    return Arrivals(found)


def markers_of(message: FakeMessage, pattern: str = MARKER) -> list[str]:
    """Return the markers of one message, each once, in the order in which it is read."""
    texts = "\n".join(message.texts())
    return list(dict.fromkeys(match[1] for match in re.finditer(pattern, texts)))


def records_in(embed: Mapping[str, Any]) -> int:
    """Return how many records an embed stands for: what its ``×4,312`` says, or 1 where it says nothing."""
    found = re.search(COUNT, f"{embed.get('title') or ''}\n{embed.get('description') or ''}")
    return int(found[1].replace(",", "")) if found else 1


def records_shown(messages: Iterable[FakeMessage | Mapping[str, Any]]) -> int:
    """Return how many records messages stand for, all their embeds together.

    Args:
        messages: a FakeDiscord's, or the same as JSON.
    """
    return sum(
        records_in(embed)
        for message in messages
        for embed in (message.embeds if isinstance(message, FakeMessage) else message.get("embeds") or ())
    )


def assert_each_once(fake: FakeDiscord, expected: Iterable[object], *, pattern: str = MARKER) -> None:
    """Check that every expected marker is in exactly one message of every webhook, in order.

    Raises:
        AssertionError: with what is missing, doubled or out of order.
    """
    wanted = [str(each) for each in expected]
    found = arrivals(fake, pattern)
    for webhook_id, markers in found.by_webhook.items():
        missing = sorted(set(wanted) - set(markers), key=wanted.index)
        if missing:
            raise AssertionError(f"webhook {webhook_id}: {len(missing)} of {len(wanted)} missing, first {missing[:5]}")
    if found.duplicates():
        raise AssertionError(f"more than once: {found.duplicates()}")
    if found.out_of_order():
        raise AssertionError(f"out of order: {found.out_of_order()}")


def rate_limited_by_scope(fake: FakeDiscord, *, after_s: float = float("-inf")) -> Counter[str]:
    """Return how many 429 each scope had, of those that arrived after a time."""
    return Counter(each.scope for each in fake.exchanges if each.status == 429 and each.at_s > after_s)


def assert_nobody_pinged(fake: FakeDiscord) -> None:
    """Check that no message pinged anybody.

    Raises:
        AssertionError: names the first message that did, and whom.
    """
    for message in fake.messages:
        if message.pinged:
            raise AssertionError(f"message {message.id} pinged {message.pinged}")


def assert_no_token_in(fake: FakeDiscord, text: str) -> None:
    """Check that a log, page or metric shows no webhook's token.

    Raises:
        AssertionError: says whose token it is, not the token.
    """
    for webhook in fake.webhooks:
        if webhook.token in text:
            raise AssertionError(f"the token of webhook {webhook.id} is shown")
