"""What the engine says inside an application: one line a change of state, in other words; the rest is counted.

The service's operator wants a line for each record that ends undelivered. In an application that would be the error log
once more, between its own lines.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable
from typing import Final

_KEPT: Final = "not delivered, kept as a dead letter"
_LEFT_AT_THE_END: Final = "records could not be sent before the end"
_UNWRITABLE: Final = "dead letters cannot be written"
_TRY: Final = "trying again"
_NOT_THROUGH: Final = frozenset(("connection", "timeout"))
_SOON_S: Final = 60.0
"""The engine takes up to a minute until it speaks of an outage; whoever has just set this up looks at once."""
_EACH_TRY: Final = frozenset((_TRY, "trying a simpler form", "Discord asks to wait"))
_HOW_TO_LIFT: Final = "Put a working URL into OTEL_EXPORTER_DISCORD_WEBHOOK_URL (or webhook_url) and start anew."
_GONE: Final = "nothing more is sent to Discord%s. %s %s"
_UNREACHABLE: Final = "Discord cannot be reached%s; what is logged waits and is sent when it can be"
_SPOOL: Final = "with OTEL_EXPORTER_DISCORD_SPOOL_DIRECTORY they would wait on disk for the next start"
_NO_SPOOL: Final = "the spool directory cannot be written%s; what cannot be sent is lost"
_SHUTDOWN: Final = "shutdown"
_IN_WORDS: Final = {_SHUTDOWN: "the program ended before"}
_MOST_REASONS: Final = 32


class Quiet(logging.Filter):
    """A filter for the engine's logger.

    Lines about a single record are counted by reason, for :meth:`summary`; those about each attempt are left out; the
    same line comes at most once in ``repeat_s``, but for those that tell of a change of state.
    """

    def __init__(self, *, repeat_s: float = 60.0, clock: Callable[[], float] = time.monotonic) -> None:
        from otel_discord.component.last_copy import LAST_COPY  # brings what only the sender's thread should import
        from otel_discord.exporters.discord.dead_letters.notice import OF_THE_RECORD

        super().__init__()
        self._for_good = frozenset((*map(str, OF_THE_RECORD), "expired"))
        self._last_copy = LAST_COPY
        self._repeat_s = repeat_s
        self._clock = clock
        self._lost: Counter[str] = Counter()
        self._kept: Counter[str] = Counter()
        self._said: dict[str, float] = {}
        self._trouble = ""
        self._has_spool = True
        self._failed_s: float | None = None
        self._told_early_s: float | None = None

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the line is to be shown; its words may be others than the engine's."""
        template = str(record.msg)
        is_last_copy = hasattr(record, self._last_copy)
        if is_last_copy or template.startswith(_KEPT):
            self._count(record, is_kept=not is_last_copy)
            return False
        if template in _EACH_TRY or _LEFT_AT_THE_END in template:
            self._trouble = _why(record) if template in _EACH_TRY else self._trouble
            return template == _TRY and self._fails_again(record)
        if template.startswith(_UNWRITABLE):  # what it says of the log is not so here
            error, self._has_spool = record.args, False
            record.msg, record.args = _NO_SPOOL, (f" ({error[0]})" if isinstance(error, tuple) and error else "",)
            return self._is_new(_UNWRITABLE)
        if hasattr(record, "goes_to"):  # the webhook is gone: the advice, then how to lift it
            advice = record.args[0] if isinstance(record.args, tuple) and record.args else ""
            record.msg, record.args = _GONE, (_why(record), advice, _HOW_TO_LIFT)
            return True
        if hasattr(record, "cooldown_s"):
            record.msg, record.args = _UNREACHABLE, (_why(record),)
            told_s, self._told_early_s = self._told_early_s, None
            return told_s is None or self._clock() - told_s > _SOON_S
        if hasattr(record, "waiting"):  # it can be reached again
            return True
        return record.levelno < logging.WARNING or self._is_new(record.getMessage() if template == "%s" else template)

    def summary(self) -> str:
        """Return what was not delivered since the last call, as one sentence; "" if there is nothing to say."""
        (lost, self._lost), (kept, self._kept) = (self._lost, Counter()), (self._kept, Counter())
        sentences = []
        for_good = Counter({reason: kept.pop(reason) for reason in list(kept) if reason in self._for_good})
        if kept:
            sentences.append(f"{_records(kept)} not delivered and {_wait(kept)} for the next start: {_reasons(kept)}")
        if for_good:
            sentences.append(f"{_records(for_good)} not delivered and will not be sent again: {_reasons(for_good)}")
        if lost:
            advice = f"; {_SPOOL}" if _SHUTDOWN in lost and self._has_spool else ""
            sentences.append(f"{_records(lost)} not delivered: {_reasons(lost)}{advice}")
        if self._trouble and (_SHUTDOWN in lost or _SHUTDOWN in kept):
            sentences.append(f"the last try failed{self._trouble}")
        return "; ".join(sentences)

    def _count(self, record: logging.LogRecord, *, is_kept: bool) -> None:
        counts = self._kept if is_kept else self._lost
        reason = str(getattr(record, "reason", "") or "unknown")
        records = getattr(record, "records", 1)
        counts[reason if reason in counts or len(counts) < _MOST_REASONS else "other"] += (
            records if isinstance(records, int) else 1
        )

    def _fails_again(self, record: logging.LogRecord) -> bool:
        """Return whether to say already now that Discord cannot be reached: two tries in a row did not get through."""
        if str(getattr(record, "reason", "")) not in _NOT_THROUGH:
            return False
        now_s = self._clock()
        failed_s, self._failed_s = self._failed_s, now_s
        if failed_s is None or now_s - failed_s > _SOON_S or not self._is_new(_UNREACHABLE):
            return False
        self._told_early_s = now_s
        record.msg, record.args = _UNREACHABLE, (_why(record),)
        return True

    def _is_new(self, template: str) -> bool:
        now_s = self._clock()
        said_s = self._said.get(template)
        if said_s is not None and now_s - said_s < self._repeat_s:
            return False
        self._said = {text: at_s for text, at_s in self._said.items() if now_s - at_s < self._repeat_s}
        self._said[template] = now_s
        return True


def _why(record: logging.LogRecord) -> str:
    """Return `` (connection: Connection refused)``, of what the engine has put beside its words."""
    reason, detail = (str(getattr(record, name, "") or "").replace("_", " ") for name in ("reason", "detail"))
    status = str(getattr(record, "status", 0) or "")
    first = "" if status and status in detail else status or reason
    parts = [part for part in (first, detail) if part]
    return f" ({': '.join(parts)})" if parts else ""


def _records(counts: "Counter[str]") -> str:
    number = counts.total()
    return f"{number:,} record was" if number == 1 else f"{number:,} records were"


def _wait(counts: "Counter[str]") -> str:
    return "waits in the spool" if counts.total() == 1 else "wait in the spool"


def _reasons(counts: "Counter[str]") -> str:
    return ", ".join(
        f"{_IN_WORDS.get(reason) or reason.replace('_', ' ')} ({number:,})" for reason, number in counts.most_common()
    )
