"""A batch becomes cards: one a problem and destination, or one a record; attachments are taken off."""

from dataclasses import dataclass, field

from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from otel_discord.component import NewCard
from otel_discord.config import Secret
from otel_discord.discord_api.webhook_url import WebhookUrl
from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.destinations import Destination
from otel_discord.exporters.discord.folding.desk import FoldDesk
from otel_discord.exporters.discord.folding.problem import ProblemFinder
from otel_discord.exporters.discord.routed import CardMaker
from otel_discord.exporters.discord.routing import Router
from otel_discord.exporters.discord.shelf import Shelf
from otel_discord.signals import LogsBatch
from otel_discord.testing.otlp import logs_request

NOW_NS = 1_800_000_000_000_000_000


def destination(name: str, min_severity: int) -> Destination:
    return Destination(name=name, webhook=WebhookUrl("1", Secret("token")), min_severity=min_severity, preset="compact")


@dataclass
class Routed:
    cards: list[NewCard]
    complaints: list[str] = field(default_factory=list)


def route(
    batch: LogsBatch, *destinations: Destination, to_all: bool = False, folds: bool = False
) -> tuple[Routed, Shelf]:
    shelf = Shelf(1000)
    finder = ProblemFinder() if folds else None
    maker = CardMaker(Router(destinations, 21, critical_to_all=to_all), shelf, [], 100, finder)
    draft = FoldDesk.of([each.name for each in destinations], window_s=300).draft(NOW_NS)
    routed = Routed([])
    for _ in maker.route(1, batch, NOW_NS, draft, routed.complaints):
        pass
    routed.cards = list(draft.cards()[1])
    return routed, shelf


def batch(*severities: int, **arguments: object) -> LogsBatch:
    request = logs_request(0)
    for number, severity in enumerate(severities):
        request.MergeFrom(logs_request(first=number, severity=severity, **arguments))
    return LogsBatch(request)


def test_each_destination_gets_its_card_critical_ones_first() -> None:
    routed, _ = route(batch(9, 17, 21), destination("errors", 17), destination("all", 9))
    assert [(card.lane, card.priority) for card in routed.cards] == [
        ("all", 0), ("errors", 0), ("all", 0), ("errors", 1), ("all", 1)
    ]  # fmt: skip
    bodies = [LogRecord.FromString(Card.from_bytes(card.payload).record).body.string_value for card in routed.cards]
    assert bodies == ["record 0", "record 1", "record 1", "record 2", "record 2"]


def test_records_of_one_problem_are_one_card_in_each_lane() -> None:
    routed, _ = route(batch(17, 17, 21, 17), destination("errors", 17), destination("worst", 21), folds=True)
    assert [(card.lane, Card.from_bytes(card.payload).count) for card in routed.cards] == [
        ("errors", 3), ("errors", 1), ("worst", 1)
    ]  # fmt: skip


def test_what_no_destination_wants_makes_no_card() -> None:
    assert route(batch(5), destination("errors", 17))[0].cards == []
    assert route(batch(24), destination("none", 25))[0].cards == []
    assert route(batch(24))[0].cards == []


def test_what_is_critical_goes_to_all_if_so_configured() -> None:
    assert [card.lane for card in route(batch(20, 21), destination("none", 25), to_all=True)[0].cards] == ["none"]


def test_a_record_without_a_time_was_seen_when_it_was_accepted() -> None:
    request = logs_request(1)
    record = request.resource_logs[0].scope_logs[0].log_records[0]
    record.time_unix_nano = 0
    observed, _ = route(LogsBatch(request), destination("all", 1))
    record.observed_time_unix_nano = 0
    never, _ = route(LogsBatch(request), destination("all", 1))
    assert Card.from_bytes(observed.cards[0].payload).first_seen_ns == 1_767_225_600_000_000_000
    assert Card.from_bytes(never.cards[0].payload).first_seen_ns == NOW_NS


def test_attachments_are_taken_off_the_record_and_bad_ones_are_complained_about() -> None:
    wanted = [{"filename": "a.txt", "data": b"abc"}, {"filename": "b.txt", "data": b"x" * 101}]
    with_files = batch(17, attributes={"discord.attachments": wanted, "k": "v"})
    routed, shelf = route(with_files, destination("one", 9), destination("two", 9))
    card = Card.from_bytes(routed.cards[0].payload)
    assert [pair.key for pair in LogRecord.FromString(card.record).attributes] == ["k"]
    assert [(ref.filename, ref.size_bytes) for ref in card.attachments] == [("a.txt", 3)]
    assert routed.complaints == ["b.txt is larger than 100 bytes"]
    assert shelf.open(card.attachments[0].shelf_key) == b"abc"
    assert len(with_files.request.resource_logs[1].scope_logs[0].log_records[0].attributes) == 2  # is not changed
