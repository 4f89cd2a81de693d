"""Names of channels, webhooks, threads and categories, as Discord takes and keeps them. Pure functions.

What we send is what Discord stores: its own normalising (lower case, hyphens for blanks, one after another only once,
punctuation dropped) finds nothing left to change. Sources: https://docs.discord.com/developers/resources/channel and
resources/webhook#create-webhook.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable
from typing import Final

from otel_discord.discord_api import limits
from otel_discord.discord_api.bot.bot_api import CATEGORY, Channel
from otel_discord.extensions.run_channels.runs import RunKey
from otel_discord.templating.graphemes import ceil_boundary, floor_boundary
from otel_discord.templating.invisible import without_invisible

CHANNEL_NAME_CHARS: Final = 100
CHANNELS_PER_CATEGORY: Final = 50
CHANNELS_PER_GUILD: Final = 500
SHARED_WEBHOOK_NAME: Final = "Agent Runs"
"""The one webhook of a channel whose threads are runs."""

_MOST_NAMESAKES: Final = 1000
_KEPT_CATEGORIES: Final = frozenset(("Ll", "Lo", "Lm", "Nd", "Nl", "No", "Mn", "Mc"))
_DROPPED: Final = "'\"`´’‘“”"
_HYPHENS: Final = re.compile(r"-{2,}")
_BLANKS: Final = re.compile(r"\s+")
_FORBIDDEN_PARTS: Final = re.compile("|".join(limits.USERNAME_FORBIDDEN_PARTS), re.IGNORECASE)


def normalised(text: str) -> str:
    """Return a text as part of a text channel's name: lower case letters, digits, ``_`` and single hyphens."""
    text = unicodedata.normalize("NFC", without_invisible(unicodedata.normalize("NFC", text).lower()))
    kept = "".join(map(_kept, text))
    return _HYPHENS.sub("-", kept).strip("-")


def channel_name(key: RunKey, number: int = 1) -> str:
    """Return ``run-{taskId}-{attempt}-{shortId}``, from the second namesake on with ``-2`` behind it.

    At most 100 characters: what is too long is cut out of the middle of the task.
    """
    tail = "-".join(filter(None, (str(key.attempt), normalised(key.short_id))))
    if number > 1:
        tail = f"{tail}-{number}"
    task = _cut(normalised(key.task_id), CHANNEL_NAME_CHARS - len("run--") - len(tail))
    return "-".join(filter(None, ("run", task, tail)))


def free_channel_name(key: RunKey, taken: Collection[str]) -> str:
    """Return the first name for the run that is not among ``taken``.

    Raises:
        ValueError: a thousand namesakes are there.
    """
    for number in range(1, _MOST_NAMESAKES + 1):
        name = channel_name(key, number)
        if name not in taken:
            return name
    raise ValueError(f"{_MOST_NAMESAKES:,} channels have names like {channel_name(key)}")


def thread_name(key: RunKey) -> str:
    """Return the name of a run's thread or forum post: as a channel's, but with the letters as they were given."""
    tail = f"-{key.attempt}-{key.short_id}"
    task = _BLANKS.sub(" ", without_invisible(key.task_id)).strip()
    return f"run-{_cut(task, limits.THREAD_NAME_CHARS - len('run-') - len(tail), gap='…')}{tail}"


def webhook_names(short_id: str, run_id: str) -> tuple[str, ...]:
    """Return names for the run's webhook, to be tried in this order: ``Agent Run {shortId}``, and should Discord refuse
    that (its list changes), one without the caller's words, and one that says no more than what it is."""
    return (_webhook_name(f"Agent Run {short_id}"), _webhook_name(f"Agent Run {run_id}"), "Agent Run")


def category_name(base: str, number: int) -> str:
    """Return the name of the first, second … category: ``Agent Runs``, ``Agent Runs 2``."""
    return base if number == 1 else f"{base} {number}"


def category_number(name: str, base: str) -> int | None:
    """Return which one of ours a category of that name is, None where it is not."""
    plain, plain_base = _plain(name), _plain(base)
    if plain == plain_base:
        return 1
    number = plain.removeprefix(f"{plain_base} ")
    if number == plain or not re.fullmatch("[1-9][0-9]{0,2}", number) or number == "1":
        return None
    return int(number)


def own_categories(channels: Iterable[Channel], base: str) -> tuple[Channel, ...]:
    """Return the categories of that base name in their order; of namesakes the oldest is first."""
    numbered = [
        (number, int(channel.id), channel)
        for channel in channels
        if channel.type == CATEGORY and (number := category_number(channel.name, base)) is not None
    ]
    return tuple(channel for _, _, channel in sorted(numbered, key=lambda item: item[:2]))


def next_category_name(channels: Iterable[Channel], base: str) -> str:
    """Return the name of the category to be made when all of that base name are full: the lowest that is free."""
    used = {category_number(channel.name, base) for channel in channels if channel.type == CATEGORY}
    return category_name(base, next(number for number in range(1, len(used) + 2) if number not in used))


def _kept(char: str) -> str:
    if char in "-_" or unicodedata.category(char) in _KEPT_CATEGORIES:
        return char
    return "" if char in _DROPPED else "-"


def _cut(text: str, most_chars: int, *, gap: str = "-") -> str:
    """Return at most so many characters, whole ones of a reader, from both ends."""
    if len(text) <= most_chars:
        return text
    room = most_chars - len(gap)
    head = text[: floor_boundary(text, room - room // 2)].rstrip(" -")
    tail = text[ceil_boundary(text, len(text) - room // 2) :].lstrip(" -")
    return f"{head}{gap}{tail}"


def _webhook_name(name: str) -> str:
    """Return a name of which Discord has nothing to refuse: what it does not want to read gets a hyphen inside."""
    return _FORBIDDEN_PARTS.sub(lambda found: f"{found[0][:3]}-{found[0][3:]}", name)


def _plain(name: str) -> str:
    return _BLANKS.sub(" ", name).strip().casefold()
