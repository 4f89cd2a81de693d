"""The message of a run in a short form that people write: for the samples of a preview. Pure."""

from pydantic import Field

from otel_discord.component.destination_source import RunCard, Tally
from otel_discord.config import Duration, StrictModel


class ShortRun(StrictModel):
    """A run as it is at one time; its message is made at the first of them and edited at each later one."""

    name: str
    state: str = "running"
    """``running``, ``succeeded``, ``failed``, ``cancelled``, ``finished``, ``expired``."""
    outcome: str = ""
    after: Duration = 0.0
    """Time since the one before it."""
    lasted: Duration = 0.0
    """How long ago it began."""
    kept: Duration = 24 * 3600.0
    """From its beginning on its channel stays so long."""
    parameters: dict[str, str] = Field(default_factory=dict)
    records: int = 0
    warnings: int = 0
    errors: int = 0
    steps: int = 0
    last_step: str = ""
    last_error: str = ""

    def card(self, now_unix_s: float) -> RunCard:
        """Return it as the exporter is given it."""
        started_unix_s = now_unix_s - self.lasted
        return RunCard(
            run_id="7f3kq2m4xwc5d6ja",
            name=self.name,
            state=self.state,
            outcome=self.outcome,
            started_unix_s=started_unix_s,
            ended_unix_s=None if self.state == "running" else now_unix_s,
            expires_unix_s=started_unix_s + self.kept,
            parameters=self.parameters,
            tally=Tally(
                records=self.records,
                warnings=self.warnings,
                errors=self.errors,
                steps=self.steps,
                last_step=self.last_step,
                last_error=self.last_error,
            ),
        )
