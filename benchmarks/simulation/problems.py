"""The problems of a unit, as the exporter sees them: what is counted, what a card holds, how it would look.

All units tell of the same 20,000 problems: a book is of one lane, so they never meet.
"""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import accumulate
from typing import Final

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from benchmarks.simulation.plan import BATCH_S, RECORDS_PER_S, SERVICES, TEMPLATES
from otel_discord.discord_api.models import Embed
from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.folding.problem import Problem
from otel_discord.exporters.discord.render import Rendered

EXPONENT: Final = 1.3
"""Of the Zipf distribution: few templates make up most lines, in all collections of logs."""
CRITICAL_EVERY: Final = 20
"""One problem of so many is critical."""
_POOL: Final = 16
_SEVERITY_ERROR: Final = 17
_SEVERITY_FATAL: Final = 21
_WORDS: Final = (
    *(
        "payment",
        "declined",
        "gateway",
        "timeout",
        "upstream",
        "refused",
        "while",
        "reading",
        "response",
        "header",
        "order",
        "cannot",
        "be",
        "charged",
        "shard",
        "slow",
        "replica",
        "lost",
        "connection",
        "to",
        "redis",
        "after",
        "attempts",
        "retrying",
        "in",
        "seconds",
        "worker",
        "queue",
        "too",
        "deep",
        "disk",
        "nearly",
        "full",
        "token",
        "expired",
        "session",
        "invalid",
        "certificate",
        "will",
        "expire",
        "migration",
        "failed",
        "lock",
        "wait",
        "exceeded",
        "rolled",
        "back",
        "partial",
        "result",
    ),
)


def is_critical(number: int) -> bool:
    """Tell whether a problem is one that somebody must see at once."""
    return number % CRITICAL_EVERY == CRITICAL_EVERY - 1


@dataclass(frozen=True, slots=True)
class Sample:
    """One problem with its card and its look; texts are as long as those of real errors."""

    problem: Problem
    record: bytes
    resource: bytes
    severity: int
    priority: int
    service: str
    rendered: Rendered

    def card(self, count: int, first_ns: int, last_ns: int) -> Card:
        """Return the card of the problem's first ``count`` records."""
        return Card(
            resource=self.resource,
            scope=b"",
            record=self.record,
            severity=self.severity,
            first_seen_ns=first_ns,
            last_seen_ns=last_ns,
            accepted_ns=last_ns,
            count=count,
            fingerprint=self.problem.fingerprint,
            template=self.problem.template,
        )


def sample(service: int, number: int, dice: random.Random, *, tag: str = "") -> Sample:
    """Return problem ``number`` of a service; ``tag`` tells apart what is not one of its usual ones."""
    words = " ".join(dice.choices(_WORDS, k=dice.randint(5, 14)))
    text = f"{words} {tag or number}"
    critical = is_critical(number)
    name = f"service-{service:02d}"
    severity = _SEVERITY_FATAL if critical else _SEVERITY_ERROR
    record = LogRecord(
        time_unix_nano=1,
        severity_number=severity,  # type: ignore[arg-type]  # the stubs know the enum only
        body=AnyValue(string_value=text),
        attributes=[
            KeyValue(key=key, value=AnyValue(string_value=f"{key}-{dice.randrange(10**8)}"))
            for key in ("order.id", "customer.id", "http.route", "code.function")
        ],
    )
    resource = Resource(attributes=[KeyValue(key="service.name", value=AnyValue(string_value=name))])
    look = Embed(title=text[:256], description=f"{name} · prod\n" + "\n".join(words.split()), color=0xE74C3C)
    return Sample(
        Problem(blake2b(f"{service} {number} {tag}".encode(), digest_size=16).digest(), text, text),
        record.SerializeToString(),
        resource.SerializeToString(),
        severity,
        int(critical),
        name,
        Rendered(look),
    )


Counts = tuple[tuple[int, int], ...]
"""What a service hands over at once: which of its problems, how many records."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything that a unit's services usually report."""

    samples: Sequence[Sequence[Sample]]
    """By service and number."""
    pools: Sequence[Sequence[Counts]]
    """By service: batches drawn beforehand; one is taken by chance each time."""


def catalogue(seed: int) -> Catalogue:
    """Return the problems of a unit and how often each is reported."""
    dice = random.Random(seed)
    ranks = SERVICES * TEMPLATES
    weights = [(rank + 1) ** -EXPONENT for rank in range(ranks)]
    total = sum(weights)
    samples, pools = [], []
    for service in range(SERVICES):
        samples.append([sample(service, number, dice) for number in range(TEMPLATES)])
        own = weights[service::SERVICES]
        summed = list(accumulate(own))
        records = max(1, round(RECORDS_PER_S * BATCH_S * summed[-1] / total))
        numbers = range(TEMPLATES)
        pools.append(
            [tuple(Counter(dice.choices(numbers, cum_weights=summed, k=records)).items()) for _ in range(_POOL)]
        )
    return Catalogue(samples, pools)
