"""What of a member's event is left, by the switches; batches are shared, so that nothing is changed in place."""

from typing import Any

import pytest

from otel_discord.config import Secret
from otel_discord.exporters.discord.members.config import MembersConfig
from otel_discord.exporters.discord.members.privacy import MemberPrivacy
from otel_discord.redaction.replacement import pseudonym
from otel_discord.signals import LogsBatch, attributes_to_dict
from tests.exporters.discord.members.guild import GUILD, batch, event, user_id

KEY = Secret("0123456789abcdef")


def admitted(told: LogsBatch, **switches: Any) -> LogsBatch:
    return MemberPrivacy(MembersConfig.model_validate(switches), KEY).admitted(told)


def only(told: LogsBatch) -> tuple[str, dict[str, Any]]:
    ((_, _, record),) = told.records()
    return record.body.string_value, attributes_to_dict(record.attributes)


def test_where_all_may_be_shown_the_batch_is_the_same() -> None:
    told = batch(event(1))
    assert admitted(told) is told


@pytest.mark.parametrize("switches", [{"ids": "hide"}, {"names": "hide"}, {"join": False}])
def test_the_batch_that_came_is_not_changed(switches: dict[str, Any]) -> None:
    told = batch(event(1))
    before = told.request.SerializeToString()
    assert admitted(told, **switches) is not told
    assert told.request.SerializeToString() == before


@pytest.mark.parametrize("switches", [{"ids": "hide", "names": "hide"}, {"leave": False}])
def test_other_records_stay_the_same_batch(switches: dict[str, Any]) -> None:
    record = event(1)
    record.event_name = "discord.bot.error"
    told = batch(record)
    assert admitted(told, **switches) is told


def test_hashed_ids_are_the_same_pseudonym_in_text_and_attribute() -> None:
    body, facts = only(admitted(batch(event(3)), ids="hash"))
    name = pseudonym("user", user_id(3), KEY)
    assert body == f"Raider 3 <@{name}> joined"
    assert facts["user.id"] == name
    assert facts["user.name"] == "raider_3"
    assert facts["discord.guild.id"] == GUILD


def test_hidden_ids_leave_the_guilds_id() -> None:
    record = event(3, **{"user.avatar": f"https://cdn.example/{user_id(3)}.png", "user.global_name": "Ada"})
    record.body.string_value = f"{user_id(3)} of {GUILD} joined"
    body, facts = only(admitted(batch(record), ids="hide"))
    assert body == f"(id) of {GUILD} joined"
    assert facts.keys() == {"user.name", "discord.guild.id", "discord.guild.name"}


def test_hidden_names_are_not_in_the_text() -> None:
    body, facts = only(admitted(batch(event(3, **{"discord.count": 7})), names="hide"))
    assert body == "a member joined"
    assert facts["user.id"] == user_id(3)
    assert facts["discord.count"] == 7
    assert "user.name" not in facts


def test_an_event_named_by_an_attribute_alone_is_hidden_too() -> None:
    record = event(3, **{"event.name": "discord.member.join"})
    record.event_name = ""
    body, facts = only(admitted(batch(record), ids="hide", names="hide"))
    assert body == "a member joined"
    assert "user.id" not in facts
    assert list(admitted(batch(record), join=False).records()) == []


def test_ids_that_masking_makes_pseudonyms_of_are_left_to_it() -> None:
    privacy = MemberPrivacy(MembersConfig.model_validate({"ids": "hash"}), KEY, masks_ids=True)
    body, facts = only(privacy.admitted(batch(event(3))))
    assert facts["user.id"] == user_id(3)
    assert pseudonym("user", user_id(3), KEY) in body
