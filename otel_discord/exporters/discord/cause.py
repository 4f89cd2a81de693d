"""Why cards end undelivered, as a value."""

from dataclasses import dataclass

from otel_discord.discord_api.outcome_types import FieldError, Outcome, Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why cards end undelivered: our word for it, and Discord's own."""

    reason: str
    detail: str = ""
    status: int = 0
    code: int = 0
    errors: tuple[FieldError, ...] = ()
    attempts: int = 0

    @classmethod
    def of(cls, outcome: Outcome, reason: str, attempts: int) -> "Cause":
        """Return the cause that an answer gives."""
        return cls(
            reason=str(reason),
            detail=getattr(outcome, "detail", ""),
            status=getattr(outcome, "status", 0),
            code=getattr(outcome, "code", 0),
            errors=outcome.errors if isinstance(outcome, Refused) else (),
            attempts=attempts,
        )
