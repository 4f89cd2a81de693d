"""Which webhook posts to which channel, and one budget for each channel.

Until its channel is known a webhook has a budget of its own.
"""

from collections import OrderedDict

from otel_discord.discord_api.ratelimit.channel_budget import ChannelBudget
from otel_discord.discord_api.ratelimit.settings import LimiterSettings

_SWEPT_AT_ONCE = 4


class Channels:
    """Budgets by webhook; what nobody has used for long is forgotten, a few entries with each use."""

    def __init__(self, settings: LimiterSettings) -> None:
        self._limit = settings.channel_messages_per_minute
        self._margin_s = settings.margin_s
        self._idle_s = settings.idle_channel_s
        self._by_webhook: OrderedDict[str, ChannelBudget] = OrderedDict()
        self._by_channel: OrderedDict[str, ChannelBudget] = OrderedDict()
        self._parts: dict[str, int] = {}

    def of(self, webhook_id: str, now: float) -> ChannelBudget:
        """Return the budget that a webhook's messages count in."""
        budget = self._by_webhook.get(webhook_id)
        if budget is None:
            budget = self._by_webhook[webhook_id] = ChannelBudget(None, self._limit, self._margin_s)
        budget.used_at = now
        self._by_webhook.move_to_end(webhook_id)
        if budget.channel_id is not None:
            self._by_channel.move_to_end(budget.channel_id)
        self._sweep(now)
        return budget

    def glance(self, webhook_id: str) -> ChannelBudget:
        """Return a webhook's budget, or a fresh one; nothing is kept by that, nor kept from being forgotten."""
        return self._by_webhook.get(webhook_id) or ChannelBudget(None, self._limit, self._margin_s)

    def learn(self, webhook_id: str, channel_id: str, now: float) -> tuple[ChannelBudget, ChannelBudget] | None:
        """Return the old and the new budget of a webhook, None if it was known to be in that channel."""
        before = self.of(webhook_id, now)
        if before.channel_id == channel_id:
            return None
        budget = self._by_channel.get(channel_id)
        if budget is None:
            budget = ChannelBudget(channel_id, self._limit_of(channel_id), self._margin_s)
            self._by_channel[channel_id] = budget
        self._by_webhook[webhook_id] = budget
        budget.used_at = now
        self._by_channel.move_to_end(channel_id)
        return before, budget

    def share(self, channel_id: str, parts: int) -> ChannelBudget | None:
        """Keep to one of so many parts of a channel's budget, 1 for all of it; return its budget if that changes."""
        before = self._limit_of(channel_id)
        if parts > 1:
            self._parts[channel_id] = parts
        else:
            self._parts.pop(channel_id, None)
        budget, limit = self._by_channel.get(channel_id), self._limit_of(channel_id)
        if budget is None or limit == before:
            return None
        budget.set_limit(limit)
        return budget

    def users(self) -> list[tuple[ChannelBudget, list[str]]]:
        """Return each budget with the webhooks that count in it; those used last come last."""
        webhook_ids: dict[int, tuple[ChannelBudget, list[str]]] = {}
        for webhook_id, budget in self._by_webhook.items():
            webhook_ids.setdefault(id(budget), (budget, []))[1].append(webhook_id)
        return sorted(webhook_ids.values(), key=lambda user: user[0].used_at)

    def known(self) -> list[ChannelBudget]:
        """Return the budgets of channels whose id is known."""
        return list(self._by_channel.values())

    def __len__(self) -> int:
        return len(self._by_webhook) + len(self._by_channel)

    def _limit_of(self, channel_id: str) -> int:
        return max(1, self._limit // self._parts.get(channel_id, 1)) if self._limit else 0

    def _sweep(self, now: float) -> None:
        for entries in (self._by_webhook, self._by_channel):
            for _ in range(_SWEPT_AT_ONCE):
                if not entries:
                    break
                key, budget = next(iter(entries.items()))
                if budget.used_at > now - self._idle_s:
                    break
                if budget.is_idle(now):
                    del entries[key]
                else:
                    entries.move_to_end(key)
