"""What a user writes under ``maintenance``, and what is refused with words that help."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from otel_discord.exporters.discord.config import DiscordConfig
from otel_discord.exporters.discord.mutes.mute import Action
from otel_discord.exporters.discord.mutes.periods import Never, Once, Period, Weekly

URL = "https://discord.com/api/webhooks/1/token"


def windows(*written: dict[str, Any], **more: Any) -> DiscordConfig:
    return DiscordConfig.model_validate({"webhook_url": URL, "maintenance": list(written), **more})


def ns(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * 10**9


def test_defaults_hold_everything_by_hand() -> None:
    mute = windows({"name": "deploy"}).maintenance[0].mute()
    assert (mute.action, mute.destinations, mute.critical, str(mute.which)) == (Action.HOLD, frozenset(), False, "")
    assert isinstance(mute.when, Never)


def test_a_schedule_and_a_date() -> None:
    schedule = {"days": ["Monday", "sun"], "from": "23:00", "to": "01:00", "time_zone": "Europe/Berlin"}
    written = windows(
        {"name": "night", "schedule": schedule, "action": "drop"},
        {"name": "move", "from": "2026-12-24T18:00", "until": "2026-12-25T06:00Z", "time_zone": "Europe/Berlin"},
        {"name": "as YAML has it", "from": datetime(2026, 1, 1, tzinfo=UTC), "until": "2026-01-02"},
    ).maintenance
    night, move, from_yaml = (each.mute() for each in written)
    assert isinstance(night.when, Weekly)
    assert night.when.days == {0, 6}
    assert move.when == Once(Period(ns("2026-12-24T18:00+01:00"), ns("2026-12-25T06:00+00:00")))
    assert from_yaml.when == Once(Period(ns("2026-01-01T00:00+00:00"), ns("2026-01-02T00:00+00:00")))


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ({"name": ""}, "at least 1"),
        ({"name": "x", "matchers": ["shop"]}, "no matcher"),
        ({"name": "x", "condition": "severity_number >"}, "expected"),
        ({"name": "x", "schedule": {"from": "25:00", "to": "01:00"}}, "pattern"),
        ({"name": "x", "schedule": {"days": ["someday"], "from": "22:00", "to": "01:00"}}, "day of the week"),
        ({"name": "x", "schedule": {"from": "22:00", "to": "01:00", "time_zone": "Europe/Berln"}}, "Europe/Berlin"),
        ({"name": "x", "schedule": {"from": "22:00", "to": "01:00"}, "from": "2026-01-01"}, "not both"),
        ({"name": "x", "from": "2026-01-01"}, "belong together"),
        ({"name": "x", "from": "2026-01-02", "until": "2026-01-01"}, "later than from"),
        ({"name": "x", "from": "soon", "until": "2026-01-01"}, "is no time"),
        ({"name": "x", "action": "shout"}, "hold"),
        ({"name": "x", "destinations": ["nowhere"]}, "no destination 'nowhere'"),
    ],
)
def test_what_is_refused(written: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        windows(written)


def test_names_are_unique_and_destinations_are_no_held_lanes() -> None:
    with pytest.raises(ValidationError, match="another window 'x'"):
        windows({"name": "x"}, {"name": "x"})
    with pytest.raises(ValidationError, match="#held/"):
        DiscordConfig.model_validate({"destinations": {"a#held/b": {"webhook_url": URL}}})
