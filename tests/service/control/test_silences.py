"""Silences over the control socket: who is asked, from when to when, and what is refused."""

from collections.abc import Sequence
from typing import Any

import pytest

from otel_discord.component import PermanentError, RetryableError
from otel_discord.component.silences import Silence, SilenceRequest
from otel_discord.service.control.command import RefusedError
from otel_discord.service.control.silences import new_id, silence_commands

NOW_S = 1_767_225_600  # 2026-01-01T00:00Z
NS = 10**9


class Keeper:
    def __init__(self, *ids: str, fails: bool = False) -> None:
        self.ids = list(ids)
        self.fails = fails
        self.requests: list[SilenceRequest] = []

    async def add_silence(self, request: SilenceRequest) -> Silence:
        if self.fails:
            raise RetryableError("the exporter is not running")
        self.requests.append(request)
        return seen(request.id, request.starts_ns, request.ends_ns)

    async def expire_silence(self, silence_id: str) -> Silence:
        if silence_id not in self.ids:
            raise PermanentError(f"there is no silence {silence_id!r}")
        return seen(silence_id)

    async def silences(self) -> Sequence[Silence]:
        return [seen(each) for each in self.ids]


def seen(silence_id: str, starts_ns: int = NS, ends_ns: int = 2 * NS) -> Silence:
    return Silence(
        id=silence_id, active=True, matchers=("a=b",), starts_ns=starts_ns, ends_ns=ends_ns, silenced_records=3
    )


async def lines(keepers: dict[str, Keeper], verb: str, **arguments: Any) -> list[dict[str, Any]]:
    components: Any = {f"exporter:{name}": keeper for name, keeper in keepers.items()} | {"exporter:debug": object()}
    made = silence_commands(lambda: components, wall_clock=lambda: NOW_S, new_id=lambda: "5a")
    commands = {each.name: each for each in made}
    return [dict(line) async for line in commands[f"silence/{verb}"].run(arguments)]


async def test_it_reaches_every_exporter_under_one_id() -> None:
    keepers = {"discord": Keeper(), "discord/ops": Keeper()}
    told = await lines(keepers, "add", matchers=["a=b"], for_s=60, comment="why", author="ann")
    assert [(line["exporter"], line["id"]) for line in told] == [("discord", "5a"), ("discord/ops", "5a")]
    assert told[0]["until"] == "2026-01-01T00:01:00.000000Z"
    (request,) = keepers["discord/ops"].requests
    expected = SilenceRequest(
        id="5a", matchers=("a=b",), starts_ns=NOW_S * NS, ends_ns=(NOW_S + 60) * NS, comment="why", author="ann"
    )
    assert request == expected
    await lines(keepers, "add", matchers=["a=b"], for_s=60, exporter="discord")
    assert [len(each.requests) for each in keepers.values()] == [2, 1]


@pytest.mark.parametrize(
    ("times", "starts_s", "ends_s"),
    [
        ({"for_s": 60, "starts": "2026-01-01T01:00:00Z"}, 3600, 3660),
        ({"until": "2026-01-01T01:00:00+00:30"}, 0, 1800),
        ({"starts": "2026-01-01T01:00Z", "until": "2026-01-01T02:00Z"}, 3600, 7200),
        ({"starts": "2025-12-31T23:00Z", "until": "2026-01-01T02:00Z"}, -3600, 7200),
    ],
)
async def test_from_when_to_when(times: dict[str, Any], starts_s: int, ends_s: int) -> None:
    keeper = Keeper()
    await lines({"discord": keeper}, "add", matchers=["a=b"], **times)
    (request,) = keeper.requests
    assert (request.starts_ns, request.ends_ns) == ((NOW_S + starts_s) * NS, (NOW_S + ends_s) * NS)


async def test_it_is_ended_where_it_is() -> None:
    keepers = {"discord": Keeper("5a"), "discord/ops": Keeper("5b")}
    (line,) = await lines(keepers, "expire", id="5b")
    assert (line["exporter"], line["silenced_records"]) == ("discord/ops", 3)
    with pytest.raises(RefusedError, match="discord, discord/ops: there is no silence 'x'"):
        await lines(keepers, "expire", id="x")
    assert [line["id"] for line in await lines(keepers, "list")] == ["5a", "5b"]


async def test_one_that_cannot_now_does_not_keep_the_others_from_it() -> None:
    keepers = {"discord": Keeper(fails=True), "discord/ops": Keeper()}
    assert [line["exporter"] for line in await lines(keepers, "add", matchers=["a=b"], for_s=60)] == ["discord/ops"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"matchers": []}, "matchers: expected at least one"),
        ({"matchers": "a=b"}, "matchers is not a list"),
        ({"for_s": None}, "either for_s or until"),
        ({"until": "2027-01-01T00:00:00Z"}, "either for_s or until"),
        ({"for_s": 0}, "for_s is not a number"),
        ({"for_s": True}, "for_s is not a number"),
        ({"for_s": "2h"}, "for_s is not a number"),
        ({"for_s": 1e9}, "for_s is not a number"),
        ({"for_s": None, "until": "tomorrow"}, "until: 'tomorrow': expected a time"),
        ({"for_s": None, "until": "2025-01-01T00:00:00Z"}, "in the future"),
        ({"for_s": None, "until": "2028-01-01T00:00:00Z"}, "within a year"),
        ({"starts": "2028-01-01T00:00:00Z"}, "within a year"),
        ({"starts": "2025-01-01T00:00:00Z"}, "in the future"),
        ({"comment": 7}, "comment is not text"),
        ({"exporter": "debug"}, 'no exporter "debug" knows silences'),
    ],
)
async def test_what_is_refused(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(RefusedError, match=words):
        await lines({"discord": Keeper()}, "add", **{"matchers": ["a=b"], "for_s": 60, **arguments})


async def test_a_service_without_such_an_exporter() -> None:
    with pytest.raises(RefusedError, match="no exporter of this service knows silences"):
        await lines({}, "list")


def test_ids_differ() -> None:
    ids = {new_id() for _ in range(50)}
    assert len(ids) == 50
    assert all(len(each) == 8 for each in ids)
