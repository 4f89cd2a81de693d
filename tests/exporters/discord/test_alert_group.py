"""A group of alerts says what the newest events say, whatever came, how often and in which order."""

from dataclasses import replace
from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from otel_discord.exporters.discord.alerts.group import MAX_MEMBERS, AlertGroup, Arrival
from otel_discord.exporters.discord.alerts.member import slim
from otel_discord.exporters.discord.alerts.pacing import OLD_AFTER_NS, OLD_INTERVAL_S, edit_wait_s
from otel_discord.signals.alert_event import AlertEvent, AlertState
from tests.exporters.discord.alerting import at, firing, resolved, updated

NAMES = ("a", "b", "c")


def event(name: str, life: int, moment: int, state: AlertState, severity: str) -> AlertEvent:
    ended_ns = at(life * 100 + moment) if state is AlertState.RESOLVED else 0
    made = firing(life * 100, life * 100 + moment, state=state, severity=severity, ended_ns=ended_ns)
    return slim(replace(made, labels={"service.name": name}, fingerprint=name), 0)


EVENTS = st.builds(
    event,
    st.sampled_from(NAMES),
    st.integers(0, 3),
    st.integers(0, 50),
    st.sampled_from(AlertState),
    st.sampled_from(("warning", "critical")),
)


def age(told: AlertEvent) -> tuple[int, bool, int]:
    return told.started_ns, told.state is AlertState.RESOLVED, told.at_ns


class Channel:
    """Messages as folding makes them: an event goes where its alert is shown, else to the group, else to a new one."""

    def __init__(self) -> None:
        self.groups: list[AlertGroup] = []
        self.where: dict[str, int] = {}
        self.dropped = 0

    def hear(self, told: AlertEvent, *, is_told: bool) -> None:
        last = len(self.groups) - 1
        places = [self.where.get(told.identity, -1), *([last] if told.state is not AlertState.RESOLVED else [])]
        for place in places:
            if place >= 0 and self.groups[place].takes(told, is_told=is_told):
                self.groups[place] = self.groups[place].after(Arrival(told), is_told=is_told)
                self.where[told.identity] = place
                return
        if told.state is AlertState.RESOLVED:
            self.dropped += 1
            return
        self.groups.append(AlertGroup.opened_by(Arrival(told), 0))
        self.where[told.identity] = len(self.groups) - 1


@settings(max_examples=300)
@given(st.lists(st.tuples(EVENTS, st.booleans()), max_size=25))
def test_one_life_is_never_open_in_two_messages(events: list[tuple[AlertEvent, bool]]) -> None:
    channel = Channel()
    for told, is_told in events:
        channel.hear(told, is_told=is_told)
    lives = [
        (identity, member.event.started_ns)
        for group in channel.groups
        for identity, member in group.members.items()
        if not member.is_over
    ]
    assert len(lives) == len(set(lives))


@settings(max_examples=300)
@given(st.lists(EVENTS, min_size=1, max_size=20), st.randoms())
def test_what_is_told_twice_or_in_another_order_changes_nothing(events: list[AlertEvent], dice: object) -> None:
    first = slim(replace(firing(0, fingerprint="a"), severity="warning"), 0)

    def grown(order: list[AlertEvent]) -> AlertGroup:
        group = AlertGroup.opened_by(Arrival(first), 0)
        for told in order:
            group = group.after(Arrival(told), is_told=True)
        return group

    group = grown(events)
    other = grown([*reversed(events), *events, *reversed(events)])
    for name, member in group.members.items():
        newest = max(age(told) for told in (*events, first) if told.identity == name)
        assert age(member.event) == newest
        assert age(other.members[name].event) == newest
    assert group.is_over == all(member.is_over for member in group.members.values())
    assert other.is_over == group.is_over


@given(st.lists(EVENTS, min_size=1, max_size=20))
def test_a_group_is_stored_whole(events: list[AlertEvent]) -> None:
    group = AlertGroup.opened_by(Arrival(events[0], 1, ("route",)), 77)
    for told in events[1:]:
        group = group.after(Arrival(told), is_told=False)
    group = replace(group, origin_url="https://discord.com/channels/1/2/3", origin_ns=9, went_on=True, retold=True)
    assert AlertGroup.from_bytes(group.to_bytes()) == group


def test_damaged_groups_are_no_groups() -> None:
    assert AlertGroup.from_bytes(b"") is None
    assert AlertGroup.from_bytes(b"\xff\xff\xff") is None


def test_without_times_what_comes_later_is_newer() -> None:
    events = [
        slim(replace(firing(0, at_s), state=state, started_ns=0, ended_ns=0, fingerprint="a"), 0)
        for at_s, state in ((0, AlertState.FIRING), (5, AlertState.RESOLVED), (9, AlertState.FIRING))
    ]
    group = AlertGroup.opened_by(Arrival(events[0]), 0).after(Arrival(events[1]), is_told=True)
    assert group.is_over
    assert group.takes(events[1], is_told=True)
    assert not group.takes(events[2], is_told=True)


def test_an_end_before_the_beginning_is_heard_is_the_end() -> None:
    events = [slim(each, 0) for each in (firing(0), updated(0, 5), resolved(0, 9))]
    for order in permutations(events):
        group = AlertGroup.opened_by(Arrival(order[0]), 0)
        for told in order[1:]:
            group = group.after(Arrival(told), is_told=True)
        assert group.is_over


def test_what_a_later_event_leaves_out_is_still_known() -> None:
    group = AlertGroup.opened_by(Arrival(slim(firing(0), 0)), 0)
    bare = slim(replace(resolved(0, 60), threshold="", unit="", value=None, peak=None, summary="", labels={},
                        fingerprint=firing(0).identity), 0)  # fmt: skip
    (told,) = group.after(Arrival(bare), is_told=True).resolved
    assert (told.threshold, told.unit, told.peak, told.labels) == (
        "> 1000",
        "{job}",
        1410.0,
        {"service.name": "worker"},
    )


def test_a_full_group_takes_no_more() -> None:
    group = AlertGroup.opened_by(Arrival(slim(firing(0, fingerprint="0"), 0)), 0)
    for number in range(1, MAX_MEMBERS):
        group = group.after(Arrival(slim(firing(0, fingerprint=str(number)), 0)), is_told=True)
    assert not group.takes(slim(firing(0, fingerprint="one more"), 0), is_told=True)
    assert group.takes(slim(resolved(0, 9, fingerprint="7"), 0), is_told=True)


def test_edits_are_as_soon_as_what_they_tell_asks_for() -> None:
    def wait(now: AlertGroup, shown: AlertGroup | None, age_ns: int = 0) -> float:
        return edit_wait_s(shown, now, age_ns=age_ns, edit_interval_s=10, group_interval_s=60)

    one = AlertGroup.opened_by(Arrival(slim(firing(0, fingerprint="a"), 0)), 0)
    value = one.after(Arrival(slim(updated(0, 5, fingerprint="a", value=3.0), 0)), is_told=True)
    two = one.after(Arrival(slim(firing(0, fingerprint="b"), 0)), is_told=True)
    critical = one.after(Arrival(slim(firing(0, fingerprint="b"), 0), priority=1), is_told=True)
    worse = one.after(Arrival(slim(firing(0, fingerprint="b", severity="critical"), 0), priority=1), is_told=True)
    over = one.after(Arrival(slim(resolved(0, 9, fingerprint="a"), 0)), is_told=True)
    assert [wait(each, one) for each in (value, two, critical, worse, over)] == [10, 60, 10, 0, 0]
    assert wait(value, None) == 0
    assert wait(value, one, OLD_AFTER_NS + 1) == OLD_INTERVAL_S
    assert worse.is_worse
    assert not worse.worse(url="", told_ns=1).is_worse
