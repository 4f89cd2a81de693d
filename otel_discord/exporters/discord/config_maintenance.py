"""What a user writes under ``maintenance``: windows in which messages are held, dropped or come without a ping."""

from datetime import datetime, time
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from otel_discord.config import StrictModel
from otel_discord.exporters.discord.mutes.mute import MAX_COMMENT_CHARS, MAX_NAME_CHARS, Action, Mute, Which
from otel_discord.exporters.discord.mutes.periods import DAYS, SECOND_NS, Never, Once, Period, Weekly, When
from otel_discord.exporters.discord.quiet_hours import zone_named

_DAY_CHARS: Final = 3


def _day(value: object) -> str:
    day = str(value).strip().lower()[:_DAY_CHARS]
    if day not in DAYS:
        raise ValueError(f"must be a day of the week: {', '.join(DAYS)}")
    return day


Day = Annotated[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], BeforeValidator(_day)]


class ScheduleConfig(StrictModel):
    """When it comes again."""

    days: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    """Days on which it begins."""
    from_: str = Field(alias="from", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    """Begin, as in `22:00`."""
    to: str = Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    """End, as in `06:00`; where it is not later than the begin, on the next day."""
    time_zone: str = "UTC"
    """As in `Europe/Berlin`; its clocks count, also when they are changed."""

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, name: str) -> str:
        zone_named(name)
        return name

    def when(self) -> When:
        """Return it as mutes know it."""
        days = frozenset(DAYS.index(day) for day in self.days)
        return Weekly(days, time.fromisoformat(self.from_), time.fromisoformat(self.to), zone_named(self.time_zone))


class MaintenanceConfig(StrictModel):
    """One maintenance window."""

    name: str = Field(min_length=1, max_length=MAX_NAME_CHARS)
    """How it is announced, and what `otel-discord maintenance start|end` calls it."""
    matchers: tuple[str, ...] = ()
    """Which records, all of these: `service.name=shop`, `severity<ERROR`, `host.name=~web-.*`. None: every record."""
    condition: str = ""
    """The same in OTTL, in addition."""
    schedule: ScheduleConfig | None = None
    """Every week. Without it and without `from`: only by `otel-discord maintenance start`."""
    from_: str = Field(default="", alias="from")
    """Begin, once: `2026-12-24T18:00`."""
    until: str = ""
    """End, once."""
    time_zone: str = "UTC"
    """Of `from` and `until`, where they name no offset."""
    action: Action = Action.HOLD
    """hold: they come afterwards; drop: they are only counted; no_ping: they come and ping nobody."""
    destinations: tuple[str, ...] = ()
    """Names of the destinations that are concerned; empty: all."""
    critical: bool = False
    """true: what is critical is held or dropped as well; else it comes, without a ping, unless a matcher names it."""
    comment: str = Field(default="", max_length=MAX_COMMENT_CHARS)
    """What for; stands in the announcement."""

    @model_validator(mode="before")
    @classmethod
    def _times_as_text(cls, data: Any) -> Any:
        """Take a time that YAML has made an object of for the text that it was."""
        if isinstance(data, dict):
            return {key: each.isoformat() if isinstance(each, datetime) else each for key, each in data.items()}
        return data

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, name: str) -> str:
        zone_named(name)
        return name

    @model_validator(mode="after")
    def _can_be_carried_out(self) -> "MaintenanceConfig":
        self.mute()
        return self

    def mute(self) -> Mute:
        """Return it as a mute.

        Raises:
            ValueError: a matcher, the condition or a time is none, or the times do not fit together.
        """
        return Mute(
            id=self.name,
            name=self.name,
            which=Which.of(self.matchers, (self.condition,) if self.condition else ()),
            when=self._when(),
            action=self.action,
            destinations=frozenset(self.destinations),
            critical=self.critical,
            comment=self.comment,
        )

    def _when(self) -> When:
        if self.schedule is not None:
            if self.from_ or self.until:
                raise ValueError("takes schedule, or from and until, not both")
            return self.schedule.when()
        if not self.from_ and not self.until:
            return Never()
        if not self.from_ or not self.until:
            raise ValueError("from and until belong together")
        start_ns, end_ns = self._instant_ns("from", self.from_), self._instant_ns("until", self.until)
        if end_ns <= start_ns:
            raise ValueError("until must be later than from")
        return Once(Period(start_ns, end_ns))

    def _instant_ns(self, key: str, text: str) -> int:
        try:
            instant = datetime.fromisoformat(text)
        except ValueError:
            raise ValueError(f"{key}: {text!r} is no time; write it as in 2026-12-24T18:00") from None
        if instant.tzinfo is None:
            instant = instant.replace(tzinfo=zone_named(self.time_zone))
        return int(instant.timestamp()) * SECOND_NS
