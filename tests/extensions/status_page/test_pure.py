"""The cores of the page: rates, flows, layout, estimates, words."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.component.service_view import Reading, Wire
from otel_discord.component.silences import SilenceRequest
from otel_discord.component.watched_exporter import DestinationState, Health
from otel_discord.extensions.status_page.config import StatusPageConfig
from otel_discord.extensions.status_page.drawings import MAX_KEPT, Drawings
from otel_discord.extensions.status_page.flow import part_of, wire_rates
from otel_discord.extensions.status_page.gate import host_name
from otel_discord.extensions.status_page.graph_layout import lay_out
from otel_discord.extensions.status_page.measured import destinations_of, quantile, queues_of
from otel_discord.extensions.status_page.mutes import add_silence
from otel_discord.extensions.status_page.overview import Destination, overview_of
from otel_discord.extensions.status_page.pages.destinations import destinations
from otel_discord.extensions.status_page.pages.messages_page import message_style
from otel_discord.extensions.status_page.pages.words import ago, number, span, text
from otel_discord.extensions.status_page.rates import RateMeter
from otel_discord.extensions.status_page.sessions import LIFETIME_S, MOST_SESSIONS, Sessions
from otel_discord.extensions.status_page.shown_messages import without_pictures
from tests.extensions.status_page.fake_service import FakeExporter, FakeService

ACCEPTED = "otelcol_receiver_accepted_log_records"


def meter(*looks: tuple[float, list[Reading]]) -> RateMeter:
    made = RateMeter()
    for at_s, readings in looks:
        made.add(readings, at_s)
    return made


def accepted(value: float, receiver: str = "otlp") -> Reading:
    return Reading(ACCEPTED, {"receiver": receiver, "transport": "grpc"}, value)


def test_a_rate_needs_two_looks():
    assert meter((0.0, [accepted(5)])).per_second(ACCEPTED) is None
    assert meter((0.0, [accepted(5)]), (2.0, [accepted(9)])).per_second(ACCEPTED) == 2.0


def test_a_rate_is_a_mean_over_ten_seconds_and_survives_a_reset():
    looks = [(float(at), [accepted(at * 100)]) for at in range(0, 20, 2)]
    assert meter(*looks).per_second(ACCEPTED) == pytest.approx(100)
    assert meter((0.0, [accepted(1000)]), (2.0, [accepted(6)])).per_second(ACCEPTED) == 3.0
    assert meter((0.0, []), (2.0, [accepted(6)])).per_second(ACCEPTED, {"receiver": "otlp"}) == 3.0
    assert meter((0.0, [accepted(1)]), (2.0, [accepted(6)])).per_second(ACCEPTED, {"receiver": "other"}) == 0.0


@given(st.lists(st.floats(0, 1e12), min_size=2, max_size=20))
def test_no_rate_is_negative(values):
    made = meter(*[(at * 2.0, [accepted(value)]) for at, value in enumerate(values)])
    assert (made.per_second(ACCEPTED) or 0) >= 0


def test_flows_go_through_what_passes_all_and_less_what_a_filter_drops():
    wires = [
        Wire("receiver:otlp", "processor:batch@logs", "logs", "logs"),
        Wire("processor:batch@logs", "processor:filter@logs", "logs", "logs"),
        Wire("processor:filter@logs", "processor:log_dedup@logs", "logs", "logs"),
        Wire("processor:log_dedup@logs", "exporter:discord", "logs", "logs"),
    ]
    dropped = "otelcol_processor_filter_logs_filtered"
    made = meter(
        (0.0, [accepted(0), Reading(dropped, {"filter": "filter"}, 0)]),
        (2.0, [accepted(20), Reading(dropped, {"filter": "filter"}, 8)]),
    )
    assert list(wire_rates(wires, made).values()) == [10.0, 10.0, 6.0, None]


def test_a_circle_ends():
    wires = [Wire("connector:forward", "connector:forward/b", "logs", "a")]
    wires.append(Wire("connector:forward/b", "connector:forward", "logs", "b"))
    assert set(wire_rates(wires, RateMeter()).values()) == {None}
    assert lay_out(["a", "b"], [("a", "b"), ("b", "a")]).columns <= 2


def test_names_of_components():
    part = part_of("processor:filter/noise@logs/a")
    assert (part.kind, part.id, part.pipeline, part.type) == ("processor", "filter/noise", "logs/a", "processor:filter")


@given(st.integers(1, 14), st.data())
def test_every_node_stands_right_of_its_sources_and_alone_in_its_place(count, data):
    names = [f"n{index}" for index in range(count)]
    pairs = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)).filter(lambda pair: pair[0] < pair[1])
    edges = [(names[a], names[b]) for a, b in data.draw(st.lists(pairs, max_size=30))] if count > 1 else []
    layout = lay_out(names, edges, names[-1:])
    assert len(set(layout.places.values())) == count
    for source, target in edges:
        assert layout.places[source][0] < layout.places[target][0]
    taken = set(layout.places.values())
    for edge, path in layout.paths.items():
        assert (path[0], path[-1]) == (layout.places[edge[0]], layout.places[edge[1]])
        assert not taken & set(path[1:-1])  # a wire passes no component on its way
        assert [x for x, _ in path] == list(range(path[0][0], path[-1][0] + 1))
    assert all(0 <= x < layout.columns and 0 <= y < max(layout.rows, 1) for x, y in layout.places.values())


def test_too_many_nodes_are_no_picture():
    with pytest.raises(ValueError, match="too many"):
        lay_out([str(each) for each in range(500)], [])


def test_estimates_of_a_histogram():
    histogram = Reading("h", {}, 10, 5.0, (0.1, 0.2, 0.4), (5, 4, 1, 0))
    assert quantile(histogram, 0.5) == pytest.approx(0.1)
    assert quantile(histogram, 0.99) == pytest.approx(0.38)
    assert quantile(Reading("h", {}, 0, 0, (0.1,), (0, 0)), 0.5) is None
    assert quantile(Reading("h", {}, 1, 9, (0.1,), (0, 1)), 0.5) == 0.1


def test_destinations_of_an_exporter_that_cannot_be_watched():
    labels = {"exporter": "discord", "destination": "ops"}
    readings = [
        Reading("otel_discord_messages_sent_total", labels, 7),
        Reading("otel_discord_messages_failed_total", {**labels, "reason": "refused"}, 2),
        Reading("otel_discord_messages_failed_total", {**labels, "reason": "expired"}, 1),
        Reading("otel_discord_breaker_state", labels, 2),
        Reading("otel_discord_webhook_up", {"exporter": "other", "destination": "ops"}, 0),
    ]
    (state,) = destinations_of(readings, "discord")
    assert (state.delivered, state.failed, state.breaker, state.health) == (7, 3, "open", Health.UNREACHABLE)
    assert state.webhook_up is None
    (other,) = destinations_of(readings, "other")
    assert (other.health, other.webhook_up) == (Health.GONE, False)


def test_queues():
    labels = {"exporter": "discord", "data_type": "logs"}
    size, room = (
        Reading("otelcol_exporter_queue_size", labels, 3),
        Reading("otelcol_exporter_queue_capacity", labels, 9),
    )
    (queue,) = queues_of([size, room, Reading("otelcol_exporter_sent_spans", {"exporter": "x"}, 1)], {"discord": 5})
    assert (queue.size, queue.capacity, queue.oldest_ns) == (3, 9, 5)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 ms"), (0.12, "120 ms"), (2.5, "2.5 s"), (42.9, "42 s"), (60, "1 min"), (200, "3 min 20 s"),
     (5400, "1 h 30 min"), (93784, "1 d 2 h"), (-1, "0 ms")],
)  # fmt: skip
def test_spans(seconds, words):
    assert span(seconds) == words


def test_words():
    assert [number(each) for each in (0, 0.04, 12.5, 24.0000001, 1234.5, float("inf"))] == [
        "0", "0.04", "12.5", "24", "1,234", "∞",
    ]  # fmt: skip
    assert text("<a href='x'>\u202e\x00") == "&lt;a href=&#x27;x&#x27;&gt;"
    assert "in 1 min" in ago(160 * 10**9, 100.0)
    assert ago(2**63, 0.0)  # beyond the calendar


def test_pictures_of_messages_are_boxes_with_names():
    message = {
        "avatar_url": "https://a.example/x.png",
        "embeds": [
            {"image": {"url": "https://a.example/x.png"}, "thumbnail": {"url": "attachment://chart.png"},
             "author": {"name": "n", "icon_url": "https://a.example/y"}},
            "nonsense",
        ],
        "attachments": [{"filename": "chart.png", "url": "https://cdn.example/c.png"}],
    }  # fmt: skip
    fit = without_pictures(message)
    assert fit["embeds"][0]["image"] == {"url": "attachment://picture of a.example"}
    assert fit["embeds"][0]["thumbnail"] == {"url": "attachment://chart.png"}
    assert "https" not in str(fit)
    assert "https" in str(message)


def test_sessions_end_and_make_room():
    sessions = Sessions()
    first = sessions.begin("secret", 0.0)
    assert sessions.token_of(first, 1.0) == "secret"
    assert sessions.token_of(first, LIFETIME_S) == ""
    assert sessions.token_of("guess", 1.0) == sessions.token_of("", 1.0) == ""
    numbers = [sessions.begin("other", 2.0) for _ in range(MOST_SESSIONS)]
    assert sessions.token_of(first, 3.0) == ""
    assert sessions.token_of(numbers[-1], 3.0) == "other"
    assert "secret" not in repr(sessions)
    assert sessions.form_token not in repr(sessions)


def test_names_of_hosts():
    names = {"localhost:80": "localhost", "[::1]:5": "::1", "A.Example.": "a.example", "": "", "[": ""}
    assert {host: host_name(host) for host in names} == names


def test_the_light_theme_of_messages_is_under_the_switch():
    assert ":root[data-theme=light] .dv{--bg:#fff" in message_style()


@pytest.mark.parametrize(
    "keys", [{"endpoint": "nowhere"}, {"refresh": "100ms"}, {"refresh": "2m"}, {"tls": {"cert_file": "a"}}]
)
def test_keys_that_are_refused(keys):
    with pytest.raises(ValueError):
        StatusPageConfig(**keys)


def test_a_message_is_drawn_as_of_the_time_of_drawing_and_no_later_than_ten_seconds():
    drawings = Drawings()
    sent_s = 1_800_000_019.0
    message = {"content": f"since <t:{sent_s:.0f}:R>"}
    first = drawings.draw(message, sent_s + 2)
    assert "2 seconds ago" in first
    assert drawings.draw(message, sent_s + 11.9) is first
    assert "12 seconds ago" in drawings.draw(message, sent_s + 12)
    assert "1 second ago" in drawings.draw(message, sent_s + 1), "a clock that was set back"
    for each in range(300):
        drawings.draw({"content": str(each)}, sent_s)
    assert len(drawings._drawn) == MAX_KEPT


@pytest.mark.parametrize(
    ("success", "error_age_s", "is_well"),
    [(None, 0, True), (1.0, 60, True), (0.5, 60, True), (0.12, 60, False), (0.12, 2000, True)],
)
def test_a_destination_where_most_fails_is_a_problem_while_that_is_news(success, error_age_s, is_well):
    now_s = 1_800_000_000.0
    state = DestinationState(
        name="ops", health=Health.OK, recent_success=success, last_error="content blocked",
        last_error_ns=int((now_s - error_age_s) * 1e9),
    )  # fmt: skip
    service = FakeService(components={"exporter:discord": FakeExporter(states=[state])})
    problems = overview_of(service, [], RateMeter(), now_s).problems
    assert [each.what for each in problems] == ([] if is_well else ["most of what is sent fails: content blocked"])


def test_a_destination_of_another_replica_says_where_it_is_and_every_health_has_a_word():
    for health in Health:
        state = DestinationState(name="ops", health=health, replica="shop-2 <x>")
        shown = destinations([Destination("discord", state)], 1_800_000_000.0)
        assert "at shop-2 &lt;x&gt;" in shown
    assert "not known" in destinations([Destination("discord", DestinationState(name="a", health=Health.UNKNOWN))], 1.0)


def test_a_destination_for_which_nobody_sends_says_why():
    state = DestinationState(name="ops", health=Health.WAITING, remark="the storage is away: nothing is sent")
    assert "the storage is away: nothing is sent" in destinations([Destination("discord", state)], 1_800_000_000.0)


async def test_what_does_not_hold_everywhere_yet_is_told_with_the_notice():
    class Fleet(FakeExporter):
        async def add_silence(self, request):
            return replace(await super().add_silence(request), remark="It does not hold yet for ops.")

    request = SilenceRequest(id="ab", matchers=("a=b",), ends_ns=2**62)
    told = await add_silence({"exporter:discord": Fleet()}, request)
    assert told == "Silence ab holds (discord). It does not hold yet for ops."
