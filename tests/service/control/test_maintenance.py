"""Maintenance over the control socket: who is asked, and what is refused."""

from collections.abc import Sequence
from typing import Any

import pytest

from otel_discord.component import PermanentError
from otel_discord.component.maintenance import MaintenanceRequest, MaintenanceWindow
from otel_discord.service.control.command import RefusedError
from otel_discord.service.control.maintenance import maintenance_commands


class Keeper:
    def __init__(self, *names: str) -> None:
        self.names = list(names)
        self.requests: list[MaintenanceRequest] = []

    async def start_maintenance(self, request: MaintenanceRequest) -> MaintenanceWindow:
        self.requests.append(request)
        if "nonsense" in request.matchers:
            raise PermanentError("'nonsense' is no matcher")
        return MaintenanceWindow(name=request.name, active=True, action="hold", records="all", until_ns=10**18)

    async def end_maintenance(self, name: str) -> MaintenanceWindow:
        if name not in self.names:
            raise PermanentError(f"maintenance {name!r} is not active")
        return MaintenanceWindow(name=name, active=True, action="hold", records="all", held_problems=2, held_records=9)

    async def maintenance_windows(self) -> Sequence[MaintenanceWindow]:
        return [MaintenanceWindow(name=name, active=False, action="drop", records="all") for name in self.names]


async def lines(keepers: dict[str, Keeper], verb: str, **arguments: Any) -> list[dict[str, Any]]:
    components: Any = {f"exporter:{name}": keeper for name, keeper in keepers.items()} | {"receiver:otlp": object()}
    commands = {each.name: each for each in maintenance_commands(lambda: components)}
    return [dict(line) async for line in commands[f"maintenance/{verb}"].run(arguments)]


async def test_a_start_reaches_every_exporter() -> None:
    keepers = {"discord": Keeper(), "discord/ops": Keeper()}
    told = await lines(keepers, "start", name="deploy", for_s=60, matchers=["a=b"], author="ann", critical=True)
    assert [line["exporter"] for line in told] == ["discord", "discord/ops"]
    assert told[0]["until"].startswith("2001-09-09")
    (request,) = keepers["discord/ops"].requests
    assert request == MaintenanceRequest(name="deploy", for_s=60.0, matchers=("a=b",), author="ann", critical=True)
    await lines(keepers, "start", name="deploy", for_s=60, exporter="discord")
    assert [len(each.requests) for each in keepers.values()] == [2, 1]


async def test_an_end_is_carried_out_by_who_has_it() -> None:
    keepers = {"discord": Keeper("deploy"), "discord/ops": Keeper()}
    (line,) = await lines(keepers, "end", name="deploy")
    assert (line["exporter"], line["held_problems"], line["held_records"]) == ("discord", 2, 9)
    with pytest.raises(RefusedError, match="discord, discord/ops: maintenance 'x' is not active"):
        await lines(keepers, "end", name="x")


async def test_a_list_names_them_all() -> None:
    keepers = {"discord": Keeper("a", "b"), "discord/ops": Keeper("c")}
    assert [line["name"] for line in await lines(keepers, "list")] == ["a", "b", "c"]
    assert "until" not in (await lines(keepers, "list", exporter="discord/ops"))[0]
    assert await lines({"discord": Keeper()}, "list") == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"name": ""}, "a name has"),
        ({"name": "x" * 81}, "a name has"),
        ({"for_s": None}, "for_s"),
        ({"for_s": 0}, "for_s"),
        ({"for_s": True}, "for_s"),
        ({"for_s": 1e12}, "for_s"),
        ({"matchers": "a=b"}, "matchers is not a list"),
        ({"matchers": [1]}, "matchers is not a list"),
        ({"destinations": ["x"] * 21}, "destinations is not a list"),
        ({"comment": 7}, "comment is not text"),
        ({"matchers": ["nonsense"]}, "no matcher"),
        ({"exporter": "debug"}, 'no exporter "debug"'),
    ],
)
async def test_what_is_refused(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(RefusedError, match=words):
        await lines({"discord": Keeper()}, "start", **{"name": "deploy", "for_s": 60, **arguments})


async def test_a_service_without_such_an_exporter() -> None:
    with pytest.raises(RefusedError, match="no exporter of this service knows maintenance"):
        await lines({}, "list")
