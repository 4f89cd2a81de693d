"""Which destinations one shard has to work on together: fallbacks, one webhook, one channel. Pure."""

from collections.abc import Mapping, Sequence

from otel_discord.exporters.discord.destinations import Destination


def groups_of(destinations: Sequence[Destination], channels: Mapping[str, str]) -> list[list[str]]:
    """Return the names in groups, each in the order of the configuration.

    Args:
        destinations: all of them.
        channels: the channel that each posts to, by its name, as far as that is known.
    """
    heads: dict[str, str] = {item.name: item.name for item in destinations}

    def head_of(name: str) -> str:
        while heads[name] != name:
            heads[name] = heads[heads[name]]
            name = heads[name]
        return name

    first_with: dict[tuple[str, str], str] = {}
    for item in destinations:
        joined = [first_with.setdefault(("webhook", item.webhook.id), item.name)]
        if channel := channels.get(item.name):
            joined.append(first_with.setdefault(("channel", channel), item.name))
        if item.fallback in heads:
            joined.append(item.fallback)
        for other in joined:
            heads[head_of(item.name)] = head_of(other)
    groups: dict[str, list[str]] = {}
    for item in destinations:
        groups.setdefault(head_of(item.name), []).append(item.name)
    return list(groups.values())


def torn_apart(groups: Sequence[Sequence[str]], shard_of: Mapping[str, int]) -> list[list[str]]:
    """Return the groups that are in several shards, since they were placed before they were known to be one."""
    return [list(group) for group in groups if len({shard_of[name] for name in group}) > 1]


def channel_shares(channels: Mapping[str, str], shard_of: Mapping[str, int]) -> dict[str, int]:
    """Return which channels several shards post to, and how many: each may use that part of the channel's budget."""
    shards: dict[str, set[int]] = {}
    for name, channel in channels.items():
        shards.setdefault(channel, set()).add(shard_of[name])
    return {channel: len(found) for channel, found in shards.items() if len(found) > 1}
