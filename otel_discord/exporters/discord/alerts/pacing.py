"""How soon a message that shows alerts is edited. Pure.

That an alert is over, or something critical, is shown at once; other members as often as groups are told; values as
often as any message is edited, and seldom once Discord caps the edits of the message (30046).
"""

from typing import Final

from otel_discord.exporters.discord.alerts.group import AlertGroup

OLD_AFTER_NS: Final = 3_600 * 10**9
"""Edits of messages older than an hour are capped."""
OLD_INTERVAL_S: Final = 900.0
LONGEST_PUT_OFF_S: Final = 3_600.0
MOST_TURNS: Final = 24
"""So often an edit is tried that says no more than that its alert goes on elsewhere."""


def edit_wait_s(
    shown: AlertGroup | None, now: AlertGroup, *, age_ns: int, edit_interval_s: float, group_interval_s: float
) -> float:
    """Return how long after its last change a message may be edited.

    Args:
        shown: what the message says; None where that is not known.
        now: what it should say.
        age_ns: of the message.
        edit_interval_s: between two edits of any message.
        group_interval_s: between two tellings of who belongs to a group.
    """
    if now.is_over or now.is_worse or shown is None:
        return 0.0
    if {event.identity for event in shown.firing} != {event.identity for event in now.firing}:
        known_priority = shown.priority
        return edit_interval_s if now.priority > known_priority else max(edit_interval_s, group_interval_s)
    return living_edit_wait_s(age_ns, edit_interval_s)


def living_edit_wait_s(age_ns: int, edit_interval_s: float) -> float:
    """Return how long after its last change a message of this age may be edited, where nothing in it is urgent."""
    return max(edit_interval_s, OLD_INTERVAL_S) if age_ns > OLD_AFTER_NS else edit_interval_s


def capped_wait_s(times: int) -> float:
    """Return how long no edit is tried once Discord took none for the ``times``-th time in a row (30046)."""
    return min(LONGEST_PUT_OFF_S, OLD_INTERVAL_S * float(1 << min(times - 1, 8)))
