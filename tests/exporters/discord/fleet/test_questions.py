"""Questions and answers as bytes: what is said comes out again, and what is not known is refused with the version."""

import base64
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.component import LetterFilter, OnlineResult, PermanentError, RetryableError, TestResult
from otel_discord.component.dead_letters import Letter, ReplayRequest, ReplayState
from otel_discord.component.maintenance import MaintenanceRequest, MaintenanceWindow
from otel_discord.component.silences import Silence, SilenceRequest
from otel_discord.component.watched_exporter import DestinationState, Health, ShownMessage, Step
from otel_discord.exporters.discord.fleet import questions as q
from otel_discord.exporters.discord.fleet.alerts_told import alert_text, told_alert
from otel_discord.signals.alert_event import AlertEvent, AlertState

TEXT = st.text(st.characters(codec="utf-8"), max_size=20).filter(lambda text: "webhooks" not in text)
WHEN = st.integers(0, 2**63 - 1)
COUNT = st.integers(0, 2**63 - 1)
TEXTS = st.lists(TEXT, max_size=3).map(tuple)
SHARE = st.floats(allow_nan=False)
FILTERS = st.builds(
    LetterFilter,
    since_ns=st.none() | WHEN,
    until_ns=st.none() | WHEN,
    destinations=st.frozensets(TEXT, max_size=3),
    reasons=st.frozensets(TEXT, max_size=3),
    ids=st.frozensets(COUNT, max_size=3),
)
REPLAYS = st.builds(ReplayRequest, chosen=FILTERS, to=TEXT, dry_run=st.booleans(), wait_s=st.floats(0, 1e5))
LETTERS = st.builds(
    Letter, id=COUNT, time_ns=WHEN, destination=TEXT, reason=TEXT, errors=TEXTS, text=TEXT, lost_attachments=TEXTS
)
WHOLE = st.builds(
    q.WholeLetter,
    letter=LETTERS,
    payload=st.none() | st.binary(max_size=50).map(lambda b: base64.b64encode(b).decode()),
)
STATES = st.builds(
    DestinationState,
    name=TEXT,
    health=st.sampled_from(Health),
    budget_left=st.none() | SHARE,
    recent_success=st.none() | SHARE,
    webhook_up=st.none() | st.booleans(),
    next_at_ns=WHEN,
    last_error=TEXT,
    replica=TEXT,
)
JSON = st.recursive(st.none() | st.booleans() | st.integers() | TEXT, lambda inner: st.dictionaries(TEXT, inner))
SHOWN = st.builds(
    ShownMessage,
    key=TEXT,
    destination=TEXT,
    message=st.dictionaries(TEXT, JSON, max_size=3),
    files=TEXTS,
    journey=st.lists(st.builds(Step, WHEN, TEXT, TEXT), max_size=3),
)
ALERTS = st.builds(
    AlertEvent,
    name=TEXT.filter(bool),
    state=st.sampled_from(AlertState),
    started_ns=WHEN,
    value=st.none() | SHARE,
    labels=st.dictionaries(TEXT, TEXT | st.booleans() | st.integers() | SHARE | st.lists(TEXT, max_size=2), max_size=3),
    series=st.lists(st.tuples(WHEN, SHARE), max_size=3),
    exemplars=TEXTS,
)
SILENCES = st.builds(
    Silence, id=TEXT, active=st.booleans(), matchers=TEXTS, starts_ns=WHEN, ends_ns=WHEN, comment=TEXT, remark=TEXT
)
WINDOWS = st.builds(
    MaintenanceWindow, name=TEXT, active=st.booleans(), action=TEXT, records=TEXT, destinations=TEXTS, until_ns=WHEN
)
REPLAY_STATES = st.builds(
    ReplayState, chosen=COUNT, remarks=TEXTS, by_destination=st.dictionaries(TEXT, COUNT), done=st.booleans()
)
ASKED = [
    (q.ADD_SILENCE, st.builds(SilenceRequest, id=TEXT, matchers=TEXTS, ends_ns=WHEN, starts_ns=WHEN, comment=TEXT)),
    (q.EXPIRE_SILENCE, TEXT),
    (q.LIST_SILENCES, st.none()),
    (q.START_MAINTENANCE, st.builds(MaintenanceRequest, name=TEXT, for_s=st.floats(1, 1e8), matchers=TEXTS)),
    (q.LETTERS, st.builds(q.Page, chosen=FILTERS, after_id=COUNT, limit=COUNT)),
    (q.START_REPLAY, st.builds(q.ReplayStart, id=TEXT, request=REPLAYS, source=COUNT)),
    (q.LOOK_AT_REPLAY, st.builds(q.ReplayLook, id=TEXT, wait_s=st.floats(0, 60))),
    (q.FORGET_LETTERS, st.lists(COUNT, max_size=3)),
    (q.CHECK_ONLINE, st.lists(st.builds(OnlineResult, TEXT, st.booleans(), TEXT, TEXT), max_size=2)),
]
TOLD = [
    (q.ADD_SILENCE, SILENCES),
    (q.LIST_MAINTENANCE, st.lists(WINDOWS, max_size=3)),
    (q.LETTERS, st.lists(LETTERS, max_size=3)),
    (q.WHOLE_LETTERS, st.lists(WHOLE, max_size=3)),
    (q.LETTER, st.none() | st.dictionaries(TEXT, JSON, max_size=3)),
    (q.LOOK_AT_REPLAY, REPLAY_STATES),
    (q.FARES, st.builds(q.Fares, states=st.lists(STATES, max_size=3))),
    (q.MESSAGES, st.lists(SHOWN, max_size=3)),
    (q.SEND_TEST, st.lists(st.builds(TestResult, TEXT, st.booleans(), TEXT, TEXT), max_size=2)),
    (q.PURGE_LETTERS, COUNT),
]


@pytest.mark.parametrize(("method", "arguments"), ASKED, ids=lambda each: getattr(each, "name", ""))
@given(data=st.data())
def test_what_is_asked_comes_out_again(method: q.Method[Any, Any], arguments: Any, data: st.DataObject) -> None:
    argument = data.draw(arguments)
    name, said = q.read_question(method.question(argument))
    assert name == method.name
    assert method.argument(said) == argument


@pytest.mark.parametrize(("method", "answers"), TOLD, ids=lambda each: getattr(each, "name", ""))
@given(data=st.data())
def test_what_is_told_comes_out_again(method: q.Method[Any, Any], answers: Any, data: st.DataObject) -> None:
    answer = data.draw(answers)
    assert method.told(method.answer(answer)) == answer
    assert method.told(method.exact_answer(answer)) == answer


@given(ALERTS, st.lists(TEXT, max_size=3))
def test_an_alert_comes_out_again(event: AlertEvent, places: list[str]) -> None:
    fares = q.Fares(alerts=[alert_text(event, places)])
    (told,) = q.FARES.told(q.FARES.answer(fares)).alerts
    assert told_alert(told) == (event, places)


def test_an_alert_of_a_later_version_is_understood_as_far_as_it_is_known() -> None:
    said = json.loads(alert_text(AlertEvent(name="x", state=AlertState.FIRING, labels={"raw": b"\xff"}), ["ops"]))
    said["event"]["mood"] = "grim"
    event, _ = told_alert(json.dumps(said))
    assert (event.name, event.labels) == ("x", {"raw": "ff"})
    for broken in ("", "5", "{}", '{"event": {}, "places": []}', '{"event": {"state": "firing"}, "places": []}'):
        with pytest.raises(ValueError, match=r".+"):
            told_alert(broken)


def test_infinite_numbers_are_told() -> None:
    state = DestinationState(name="a", health=Health.OK, budget_left=math.inf)
    assert q.FARES.told(q.FARES.answer(q.Fares(states=[state]))).states == [state]


@pytest.mark.parametrize(
    ("method", "said", "words"),
    [
        (q.ADD_SILENCE, {"id": "1", "matchers": [], "ends_ns": 1, "mood": 2}, "the field mood of silence/add"),
        (q.LETTERS, {"chosen": {"texts": []}}, "the field chosen.texts of letters/page"),
        (q.ADD_SILENCE, {"id": "1"}, "do not fit"),
        (q.EXPIRE_SILENCE, 7, "do not fit"),
        (q.LIST_SILENCES, "all", "do not fit"),
    ],
)
def test_what_a_later_version_says_is_refused_with_this_one(method: q.Method[Any, Any], said: Any, words: str) -> None:
    with pytest.raises(RetryableError, match="it speaks version 1") as refused:
        method.argument(said)
    assert words in str(refused.value)
    assert refused.value.reason == q.UNKNOWN


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no",
        b"[]",
        b"{}",
        b'{"do": 1, "v": 1}',
        b'{"do": "x"}',
        b'{"v": 2, "do": "fares"}',
        b"[" * 100_000,
        b"\xff",
    ],
)
def test_what_is_no_question_is_refused(body: bytes) -> None:
    with pytest.raises(RetryableError) as refused:
        q.read_question(body)
    assert refused.value.reason == q.UNKNOWN


@pytest.mark.parametrize(
    "error", [PermanentError("there is none"), RetryableError("busy", retry_after_s=2.5, reason="r")]
)
def test_errors_are_answers(error: PermanentError | RetryableError) -> None:
    with pytest.raises(type(error), match=str(error)) as raised:
        q.FARES.told(q.error_answer(error))
    assert raised.value.reason == error.reason
    if isinstance(error, RetryableError):
        assert isinstance(raised.value, RetryableError)
        assert raised.value.retry_after_s == 2.5


def test_an_answer_that_makes_no_sense_is_none() -> None:
    for body in (b"{}", b'{"told": {"states": 5}}', b"nothing"):
        with pytest.raises(RetryableError):
            q.FARES.told(body)


def test_an_answer_may_say_more_than_is_known() -> None:
    told = json.loads(q.EXPIRE_SILENCE.answer(Silence(id="1", active=True, matchers=(), starts_ns=0, ends_ns=1)))
    told["told"]["mood"] = "calm"
    told["more"] = 1
    assert q.EXPIRE_SILENCE.told(json.dumps(told).encode()).id == "1"


def test_no_token_is_told() -> None:
    address = "https://discord.com/api/webhooks/123456/" + "s3cret" * 10
    results = [TestResult("a", False, f"POST {address} failed", address)]
    assert b"s3cret" not in q.SEND_TEST.answer(results)
    assert b"s3cret" not in q.error_answer(RetryableError(f"no answer of {address}"))
    assert (
        q.SEND_TEST.told(q.SEND_TEST.answer(results))[0].text
        == "POST https://discord.com/api/webhooks/123456/*** failed"
    )
