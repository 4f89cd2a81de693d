"""Who hears how a bot's requests fare: numbers alone, no ids and no words of Discord's."""

from typing import Final, Protocol

from otel_discord.discord_api.bot.answers import Denied, Failed, Full, Invalid, Limited, NotThere

OUTCOMES: Final = ("done", "not_there", "denied", "full", "invalid", "rate_limited", "failed", "turned_away")
"""``rate_limited`` is a 429, ``turned_away`` a request that was never sent as it would have had to wait too long."""


class BotObserver(Protocol):
    """Called on the event loop. Quick; it raises nothing."""

    def asked(self, outcome: str) -> None:
        """One attempt has its answer, or none came; ``outcome`` is one of :data:`OUTCOMES`."""
        ...

    def waited(self, duration_s: float) -> None:
        """A request has waited so long in all for its turn, 429s among that."""
        ...


class NobodyObserves:
    """For bots that nobody counts."""

    def asked(self, outcome: str) -> None:
        """Nothing."""

    def waited(self, duration_s: float) -> None:
        """Nothing."""


def outcome_of(result: object) -> str:
    """Return the word for what came of one attempt."""
    match result:
        case NotThere():
            return "not_there"
        case Denied():
            return "denied"
        case Full():
            return "full"
        case Invalid():
            return "invalid"
        case Limited():
            return "rate_limited"
        case Failed():
            return "failed"
        case _:
            return "done"
