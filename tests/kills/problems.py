"""Problems that come again and again with other numbers in their texts: what is sent of them, and who is recognised.

Each has a word of its own. Those of one *era* are of one service, so that every era has new ones.
"""

import random
import re
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from otel_discord.testing.otlp import any_value, key_values
from tests.kills.clients import ERROR, FATAL, WARN

_LETTERS = "ghijklmnoprstuvw"
_WORD = re.compile(r"\bzq[g-w]{4}\b")
_SENTENCES = (
    "order {n} was not paid within {m} ms",
    "cannot reach the database at {address}",
    "upload {n} ended after {m} bytes",
    "login of user {n} was refused",
    "the cache has no room for entry {n}",
    "thumbnail {n} cannot be decoded",
    "worker {m} did not answer for {n} ms",
    "index {n} is behind by {m} documents",
    "mail {n} bounced with status {m}",
    "payment gateway {address} said 502",
    "lease {n} expired while it was renewed",
    "row {n} violates a foreign key",
    "parcel {n} has no address",
    "replica {address} lags {m} seconds",
    "certificate {n} ends in {m} days",
    "session {n} was closed by its peer",
    "job {n} gave up at try {m}",
    "no space left for segment {n}",
    "power supply {m} reports {n} volts",
    "leader {address} was lost in term {n}",
)
IN_AN_ERA = len(_SENTENCES)


@dataclass(frozen=True, slots=True)
class Problem:
    """One of an era's problems, by its number."""

    era: int
    number: int

    @property
    def word(self) -> str:
        """What only this problem's texts say."""
        digits = (self.era >> 4, self.era, self.number >> 4, self.number)
        return "zq" + "".join(_LETTERS[each & 15] for each in digits)

    @property
    def service(self) -> str:
        """Whose problem it is."""
        return f"shop-{_LETTERS[self.era >> 4 & 15]}{_LETTERS[self.era & 15]}"

    @property
    def severity(self) -> int:
        """How bad it is, always."""
        return FATAL if self.number >= 17 else WARN if self.number % 3 == 2 else ERROR

    def text(self, dice: random.Random) -> str:
        """Return it with new numbers."""
        address = f"10.{dice.randrange(256)}.{dice.randrange(256)}.{dice.randrange(256)}:{dice.randrange(1024, 65536)}"
        words = _SENTENCES[self.number].format(n=dice.randrange(10**7), m=dice.randrange(60_000), address=address)
        return f"{self.word} {words}"


def problem_of(word: str) -> Problem:
    """Return the problem that a word stands for."""
    digits = [_LETTERS.index(letter) for letter in word[2:]]
    return Problem(digits[0] << 4 | digits[1], digits[2] << 4 | digits[3])


def problem_in(text: str) -> Problem | None:
    """Return the first problem that a text names."""
    found = _WORD.search(text)
    return problem_of(found[0]) if found else None


def request_about(problems: Sequence[Problem], dice: random.Random) -> ExportLogsServiceRequest:
    """Return a record of each, in order."""
    request = ExportLogsServiceRequest()
    for problem in problems:
        resource_logs = request.resource_logs.add()
        resource_logs.resource.attributes.extend(key_values({"service.name": problem.service}))
        record = resource_logs.scope_logs.add().log_records.add(time_unix_nano=time.time_ns())
        record.severity_number = problem.severity  # type: ignore[assignment]  # the enum is open
        record.body.CopyFrom(any_value(problem.text(dice)))
    return request


def problems_in(request: ExportLogsServiceRequest) -> Counter[Problem]:
    """Return how many records of each problem a request has."""
    found = [
        problem_in(record.body.string_value)
        for resource_logs in request.resource_logs
        for scope_logs in resource_logs.scope_logs
        for record in scope_logs.log_records
    ]
    return Counter(problem for problem in found if problem is not None)
