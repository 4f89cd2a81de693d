"""A batch becomes cards: one a record and destination, its attachments taken off."""

from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from otel_discord.config import Secret
from otel_discord.discord_api.webhook_url import WebhookUrl
from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.destinations import Destination
from otel_discord.exporters.discord.routed import CardMaker, Routed
from otel_discord.exporters.discord.routing import Router
from otel_discord.exporters.discord.shelf import Shelf
from otel_discord.signals import LogsBatch
from otel_discord.testing.otlp import logs_request

NOW_NS = 1_800_000_000_000_000_000


def destination(name: str, min_severity: int) -> Destination:
    return Destination(name=name, webhook=WebhookUrl("1", Secret("token")), min_severity=min_severity, preset="compact")


def route(batch: LogsBatch, *destinations: Destination, to_all: bool = False) -> tuple[Routed, Shelf]:
    routed, shelf = Routed(), Shelf(1000)
    maker = CardMaker(Router(destinations, 21, critical_to_all=to_all), shelf, [], 100)
    for _ in maker.route(batch, NOW_NS, routed):
        pass
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
