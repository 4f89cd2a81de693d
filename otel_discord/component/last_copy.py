"""The mark of a log line that holds the last copy of somebody's data: it is written however often it repeats.

``logger.error("not delivered: %s", words, extra={LAST_COPY: True})``
"""

from typing import Final

LAST_COPY: Final = "otel_discord_last_copy"
