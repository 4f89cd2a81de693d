"""The life of a run: which act is next, when time alone makes one due, and what each act changes. Pure functions.

Who carries a run on repeats: ``run = settled(run, now)``, store it, do ``next_step``, apply the transition that belongs
to the step. A step whose result is stored is never due again, so a crash repeats at most the one that was under way.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, Self

from otel_discord.config import Secret
from otel_discord.extensions.run_channels.config import RunChannelsConfig
from otel_discord.extensions.run_channels.runs import Placement, Run, State

_HOUR_MS: Final = 3_600_000
_DAY_HOURS: Final = 24
OVERDUE_MS: Final = 600_000
"""What is not done so long after its time is worth a look by a person."""


class Step(StrEnum):
    """One act, with the transition that says it is done."""

    FIND_CATEGORY = "find_category"
    """:func:`with_category`. Of threads: the parent channel."""
    CREATE_CHANNEL = "create_channel"
    """:func:`with_channel`."""
    CREATE_WEBHOOK = "create_webhook"
    """:func:`with_webhook`. Of threads: the parent's, which all its runs share."""
    POST_HEADER = "post_header"
    """:func:`with_header`, also where it could not be posted."""
    BEGIN = "begin"
    """:func:`begun`."""
    DRAIN = "drain"
    """:func:`drained`, also where the time for it ran out."""
    TELL_OUTCOME = "tell_outcome"
    """:func:`outcome_told`, also where it could not be told."""
    DELETE_WEBHOOK = "delete_webhook"
    """:func:`webhook_deleted`. ``webhook_id`` may be empty: one that was made and never stored."""
    ARCHIVE = "archive"
    """:func:`archived`."""
    DELETE_CHANNEL = "delete_channel"
    """:func:`cleaned`. ``channel_id`` may be empty: one that was made and never stored, found by its marker."""
    FORGET = "forget"
    """The book forgets the run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the configuration says about every run's life."""

    deletes_after_retention: bool = True
    header_by_bot: bool = True
    """Else the run's webhook posts the header, and can edit it only while it lives."""
    unfinished_hours: int = 30 * _DAY_HOURS
    """A run that keeps nothing after its end (retention 0) and is never finalized ends after that time."""
    remembered_hours: int = 7 * _DAY_HOURS
    """How long a cleaned run is still known, so that a late finalize is answered."""

    @classmethod
    def of(cls, config: RunChannelsConfig) -> Self:
        """Return the policy of a configuration."""
        return cls(
            deletes_after_retention=config.after_retention == "delete",
            header_by_bot=config.header_embed,
            unfinished_hours=max(config.max_retention_hours, _DAY_HOURS),
        )


def settled(run: Run, now_ms: int, policy: Policy) -> Run:
    """Return the run as it is by now: what time alone changes, and what follows when all steps of a state are done."""
    if run.state in (State.CREATING, State.RUNNING) and now_ms >= ends_ms(run, policy):
        run = replace(run, state=State.FINISHING)
    if run.state is State.FINISHING and not run.channel_id:
        return replace(run, state=State.CLEANING)
    if run.state is State.FINISHING and _is_going(run, now_ms, policy) and run.drained and _webhook_is_done(run):
        run = replace(run, state=State.CLEANING)
    if run.state is State.ARCHIVED and now_ms >= run.expires_ms:
        if policy.deletes_after_retention:
            return replace(run, state=State.CLEANING)
        return cleaned(run, now_ms)
    return run


def next_step(run: Run, now_ms: int, policy: Policy) -> Step | None:
    """Return what is to be done now; None while there is nothing to do before :func:`due_at_ms`."""
    run = settled(run, now_ms, policy)
    match run.state:
        case State.CREATING:
            return _creating_step(run)
        case State.FINISHING:
            return _finishing_step(run, now_ms, policy)
        case State.CLEANING:
            return Step.DELETE_CHANNEL
        case State.CLEANED if now_ms >= due_at_ms(run, policy):
            return Step.FORGET
        case _:
            return None


def due_at_ms(run: Run, policy: Policy) -> int:
    """Return the wall time at which the run must be looked at again: 0 where it is due already.

    One that is being created is carried on by its request, and due when its time has come all the same.
    """
    match run.state:
        case State.CREATING | State.RUNNING:
            return ends_ms(run, policy)
        case State.ARCHIVED:
            return run.expires_ms
        case State.CLEANED:
            return run.cleaned_ms + policy.remembered_hours * _HOUR_MS
        case _:
            return 0


def is_overdue(run: Run, now_ms: int, policy: Policy) -> bool:
    """Return whether a run's time was over long ago and something of it is still to be done: Discord does not do it."""
    match run.state:
        case State.CREATING | State.RUNNING:
            was_due_ms = ends_ms(run, policy)
        case State.FINISHING:
            was_due_ms = run.finalized_ms or ends_ms(run, policy)
        case State.ARCHIVED | State.CLEANING:
            was_due_ms = max(run.expires_ms, run.finalized_ms, run.archived_ms)
        case _:
            return False
    return now_ms - was_due_ms >= OVERDUE_MS


def ends_ms(run: Run, policy: Policy) -> int:
    """Return the wall time at which a run ends that nobody finalizes."""
    return run.expires_ms if run.retention_hours else run.created_ms + policy.unfinished_hours * _HOUR_MS


def is_live(run: Run) -> bool:
    """Return whether telemetry goes to the run's webhook."""
    return run.state in (State.CREATING, State.RUNNING) and bool(run.webhook_id)


def with_category(run: Run, category_id: str) -> Run:
    """The category (of threads: the parent channel) is known; "" where it has to be found anew."""
    return replace(run, category_id=category_id)


def with_channel(run: Run, channel_id: str, channel_name: str, *, category_id: str = "") -> Run:
    """The channel or thread is there, under the category named or the one that was found."""
    return replace(run, channel_id=channel_id, channel_name=channel_name, category_id=category_id or run.category_id)


def with_webhook(run: Run, webhook_id: str, token: Secret) -> Run:
    """The webhook is there: from now on the run is live."""
    return replace(run, webhook_id=webhook_id, webhook_token=token)


def with_header(run: Run, message_id: str = "") -> Run:
    """The header was posted, or with "" could not be."""
    return replace(run, header_tried=True, header_message_id=message_id)


def begun(run: Run) -> Run:
    """Everything is there."""
    return replace(run, state=State.RUNNING) if run.state is State.CREATING else run


def finalized(run: Run, outcome: str, now_ms: int) -> Run:
    """Somebody says that the run has ended; of several words the first one holds."""
    if run.state not in (State.CREATING, State.RUNNING):
        return run
    return replace(run, state=State.FINISHING, outcome=outcome, finalized_ms=max(now_ms, run.created_ms))


def drained(run: Run) -> Run:
    """Nothing is on its way any more, or it had its time."""
    return replace(run, drained=True)


def webhook_deleted(run: Run) -> Run:
    """The webhook is gone; its token with it."""
    return replace(run, webhook_deleted=True, webhook_token=Secret(""))


def outcome_told(run: Run) -> Run:
    """The header says how it ended, or could not be made to."""
    return replace(run, outcome_told=True)


def archived(run: Run, now_ms: int, *, category_id: str = "") -> Run:
    """The channel is read only, in the archive."""
    return replace(
        run,
        state=State.ARCHIVED,
        archived_ms=max(now_ms, run.finalized_ms, run.created_ms),
        category_id=category_id or run.category_id,
    )


def hurried(run: Run) -> Run:
    """An archived run's channel goes before its time, since there is no room."""
    return replace(run, state=State.CLEANING) if run.state is State.ARCHIVED else run


def cleaned(run: Run, now_ms: int) -> Run:
    """Nothing is left to do: the channel was deleted, is gone, or stays for good. From any state."""
    if run.state is State.CLEANED:
        return run
    return replace(
        run,
        state=State.CLEANED,
        webhook_deleted=True,
        webhook_token=Secret(""),
        cleaned_ms=max(now_ms, run.archived_ms, run.finalized_ms, run.created_ms),
    )


def _creating_step(run: Run) -> Step:
    if not run.channel_id:
        return Step.CREATE_CHANNEL if run.category_id else Step.FIND_CATEGORY
    if not run.webhook_id:
        return Step.CREATE_WEBHOOK
    return Step.BEGIN if run.header_tried else Step.POST_HEADER


def _finishing_step(run: Run, now_ms: int, policy: Policy) -> Step:
    if not run.drained:
        return Step.DRAIN
    tells = bool(run.header_message_id) and not run.outcome_told and not _is_going(run, now_ms, policy)
    if tells and not policy.header_by_bot and not run.webhook_deleted:
        return Step.TELL_OUTCOME
    if not _webhook_is_done(run):
        return Step.DELETE_WEBHOOK
    if tells and (policy.header_by_bot or run.placement is not Placement.CHANNEL):
        return Step.TELL_OUTCOME
    return Step.ARCHIVE


def _webhook_is_done(run: Run) -> bool:
    """Return whether the run's own webhook is gone; that of a thread's parent stays."""
    return run.webhook_deleted or run.placement is not Placement.CHANNEL


def _is_going(run: Run, now_ms: int, policy: Policy) -> bool:
    """Return whether the channel is to be deleted now, so that nothing in it is worth a request."""
    return policy.deletes_after_retention and now_ms >= run.expires_ms
