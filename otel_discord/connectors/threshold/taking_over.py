"""Lets alerts that another replica told of go on here, judged by what comes here. Pure.

Only what fires there is taken over: the rest begins again where its data comes. An alert that is not known here goes on
as firing and ends as any: by a value that is a good one, or by silence, which counts from now. One that is known here
is as it is here; but where only the other replica told of it, its end will be told.
"""

from collections.abc import Iterator, Mapping

from otel_discord.connectors.threshold.book import OUTLIVED, Book, Entry, Key
from otel_discord.connectors.threshold.evaluation import let_go
from otel_discord.connectors.threshold.rules import Rule
from otel_discord.connectors.threshold.state import Policy, fit, worse_of


def take_over(left: Book, book: Book, rules: Mapping[str, Rule], now_ns: int) -> Iterator[Key]:
    """Put what another replica left into the book; yield the alerts that are not as they were.

    Done twice it changes nothing more, as long as the alerts go on.
    """
    for key, entry in left.entries():
        alert = entry.alert
        if not alert.told and not alert.is_active:
            continue
        rule = rules.get(key.rule)
        own = book.of_rule(key.rule).get(key.labels)
        if rule is None:
            target = key  # is told to be over, as its rule is not there
        elif [name for name, _ in key.labels] != [*rule.group_by] or _is_another(own, entry):
            target = Key(f"{key.rule}{OUTLIVED}", key.labels)
        else:
            fit(alert, rule.policy)
            if own is not None:
                if _join(own, entry, rule.policy, now_ns):
                    book.touch(key)
                    yield key
                continue
            alert.seen_ns = max(alert.seen_ns, now_ns)
            target = key
        if target.labels not in book.of_rule(target.rule):
            book.add(target, entry)
            yield target


def _is_another(own: Entry | None, left: Entry) -> bool:
    """Return whether it was told with other labels than ours, so that who shows it takes them for two alerts."""
    return own is not None and bool(own.alert.told and left.alert.told) and own.extra != left.extra


def _join(own: Entry, left: Entry, policy: Policy, now_ns: int) -> bool:
    """Let one alert be both; return whether it has changed."""
    mine, theirs = own.alert, left.alert
    before = mine.stage()
    if not mine.is_active:
        is_known_to_be_well = own.holds
        let_go(own, now_ns)
        if not is_known_to_be_well:
            mine.levels, mine.is_silent = theirs.levels, theirs.is_silent
    if theirs.told and not mine.told:
        mine.told, mine.told_level = theirs.told, theirs.told_level
        mine.told_silent, mine.told_ns = theirs.told_silent, theirs.told_ns
        mine.started_ns, own.extra = theirs.started_ns, left.extra
    elif theirs.told:
        # Of two lives of one alert the later one is shown, and only its end ends it.
        mine.started_ns = max(mine.started_ns, theirs.started_ns)
    if mine.is_active:
        mine.started_ns = mine.started_ns or theirs.started_ns
        mine.peak = worse_of(mine.peak, theirs.peak, policy.worse)
    return mine.stage() != before
