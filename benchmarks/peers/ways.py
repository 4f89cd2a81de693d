"""Who takes part: where each runs, how its messages are read, and what it is not made for."""

from dataclasses import dataclass
from typing import Final, Literal

Place = Literal["application", "service", "alertmanager"]
"""Where records are held until Discord has them."""
Reading = Literal["counts", "records", "alerts"]
"""``counts``: an embed says ``×N``. ``records``: a message for each record. ``alerts``: a line for each problem."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One column of nobody's choosing: default settings, as its own README shows them."""

    name: str
    title: str
    place: Place = "application"
    reading: Reading = "records"
    package: str = ""
    """On the package index; empty is ours or the system's."""
    answers_late: bool = False
    """Whether a call returns before Discord has answered: what is missing may still come."""
    sleeps: bool = False
    """Whether it sleeps out limits in the caller's thread."""
    remark: str = ""

    @property
    def is_ours(self) -> bool:
        return self.reading == "counts"


WAYS: Final = (
    Way(
        name="service",
        title="**ours**: service over OTLP",
        place="service",
        reading="counts",
        answers_late=True,
        remark="queue in memory, as by default; the application has the OpenTelemetry SDK and its OTLP/HTTP exporter",
    ),
    Way(name="SDK", title="**ours**: SDK exporter", reading="counts", answers_late=True),
    Way(name="DiscordHandler", title="**ours**: DiscordHandler", reading="counts", answers_late=True),
    Way(
        name="alertmanager, one rule",
        title="Alertmanager, one rule",
        place="alertmanager",
        reading="alerts",
        answers_late=True,
        remark=(
            "made for states that Prometheus reports again and again, not for events: it waits for a group "
            "(`group_wait`, 30 s), counts no records, and tries what it gave up again after `group_interval` (5 m). "
            "What ends with it Prometheus would tell it again. Here alerts are posted to its API as of one rule, the "
            "problem being a label: one group, one message"
        ),
    ),
    Way(
        name="alertmanager, a rule each",
        title="Alertmanager, a rule each",
        place="alertmanager",
        reading="alerts",
        answers_late=True,
        remark="the same with an `alertname` for each problem, by which the `group_by` of its README makes groups",
    ),
    Way(
        name="apprise",
        title="apprise",
        package="apprise",
        remark="made for a hundred services and single notifications; it has no queue, and says False for what failed",
    ),
    Way(
        name="discord-webhook",
        title="discord-webhook",
        package="discord-webhook",
        remark="a client of webhooks, no queue; what Discord answered is the caller's business",
    ),
    Way(
        name="discord-webhook, retry",
        title="discord-webhook, `rate_limit_retry=True`",
        package="discord-webhook",
        sleeps=True,
        remark="sleeps in the caller's thread; for 429 alone",
    ),
    Way(
        name="python-logging-discord-handler",
        title="python-logging-discord-handler",
        package="python-logging-discord-handler",
        sleeps=True,
        remark="made for a few records of small programs: it posts in the caller's thread, under the handler's lock",
    ),
)
