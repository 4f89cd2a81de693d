"""When a client of run channels asks again: in virtual time, without a service."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.cli.exit_codes import TRY_AGAIN
from otel_discord.cli.runs_answers import Answer, NoAnswerError, exit_code, pause_s, retry_after, words
from otel_discord.cli.runs_output import with_run_id
from otel_discord.cli.runs_patience import RefusedError, ask_patiently

GOOD = Answer(status=200, body={"runId": "a"})


class Scripted:
    """Answers by turns, and remembers when it was asked and how long it was given."""

    def __init__(self, replies: Sequence[Answer | NoAnswerError], takes_s: float = 0.0) -> None:
        self._replies = list(replies)
        self._takes_s = takes_s
        self.asked: list[tuple[float, float]] = []

    async def __call__(self, limit_s: float) -> Answer:
        self.asked.append((round(asyncio.get_running_loop().time(), 1), limit_s))
        await asyncio.sleep(min(self._takes_s, limit_s))
        reply = self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]
        if isinstance(reply, NoAnswerError):
            raise reply
        return reply


def busy(retry_after_s: float | None) -> Answer:
    body = {"error": {"code": "discord_rate_limited", "message": "later"}}
    return Answer(status=503, body=body, retry_after_s=retry_after_s)


async def patient(ask: Scripted, wait_s: float = 60.0) -> Answer:
    return await ask_patiently(ask, holds="runId", wait_s=wait_s, timeout_s=30.0, say=lambda _: None)


@pytest.mark.looptime
async def test_it_waits_as_long_as_it_is_told() -> None:
    ask = Scripted([busy(12.0), busy(20.0), GOOD])
    assert await patient(ask) is GOOD
    times = [at for at, _ in ask.asked]
    assert times[0] == 0.0
    assert 12.0 <= times[1] <= 15.0
    assert 20.0 <= times[2] - times[1] <= 22.0


@pytest.mark.looptime
async def test_without_a_word_it_backs_off() -> None:
    ask = Scripted([NoAnswerError("away")])
    with pytest.raises(RefusedError) as refused:
        await patient(ask)
    assert refused.value.exit_code == TRY_AGAIN
    times = [at for at, _ in ask.asked]
    assert 8 <= len(times) <= 12
    assert times[-1] < 60.0


@pytest.mark.looptime
async def test_later_tries_keep_the_deadline() -> None:
    ask = Scripted([NoAnswerError("timeout")], takes_s=1000.0)
    with pytest.raises(RefusedError):
        await patient(ask)
    assert asyncio.get_running_loop().time() <= 62.0
    assert ask.asked[0][1] == 30.0
    assert ask.asked[-1][1] < 30.0


@pytest.mark.looptime
async def test_what_lasts_is_not_tried_again() -> None:
    ask = Scripted([NoAnswerError("the certificate is not trusted", is_lasting=True)])
    with pytest.raises(RefusedError, match="certificate"):
        await patient(ask)
    assert len(ask.asked) == 1


@given(
    status=st.integers(100, 599),
    told=st.none() | st.floats(0, 1e9),
    tries=st.integers(1, 10_000),
    dice=st.floats(0, 1),
    code=st.text(max_size=20),
)
def test_a_pause_is_never_shorter_than_told_and_a_word_is_always_there(
    status: int, told: float | None, tries: int, dice: float, code: str
) -> None:
    reply = Answer(status=status, body={"error": {"code": code}}, retry_after_s=told)
    pause = pause_s(reply, tries, dice)
    if pause is not None:
        assert pause >= (told if told is not None else 1.0)
        assert pause <= (told if told is not None else 8.0) + 2.0
        assert exit_code(reply) == TRY_AGAIN
    assert words(reply)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [(None, None), ("", None), ("3", 3.0), ("0.5", 0.5), ("-1", None), ("nan", None), ("inf", None), ("soon", None)],
)
def test_retry_after(text: str | None, seconds: float | None) -> None:
    assert retry_after(text) == seconds


@given(st.text())
def test_attributes_stay_one_line_with_one_run_id(attributes: str) -> None:
    merged = with_run_id(with_run_id(attributes, "old"), "new")
    assert "\n" not in merged
    assert "\r" not in merged
    assert [part for part in merged.split(",") if part.partition("=")[0].strip() == "run.id"] == ["run.id=new"]
