"""Whether a transaction can be had at all: a pool that gives a connection for one statement only is of no use."""

from typing import Final

import psycopg

from otel_discord.component.errors import StartError
from otel_discord.extensions.db_storage.connections import Connections, NoConnectionError

_REFUSAL: Final = "08P01"  # protocol_violation; PgBouncer says so of BEGIN


async def refuse_pooled_statements(connections: Connections) -> None:
    """Begin a transaction and end it. A server that is away is met by whoever asks next.

    Raises:
        StartError: somebody between here and the server does not let transactions begin.
    """
    try:
        async with connections.one() as connection:
            await connection.execute("BEGIN", prepare=False)
            await connection.execute("ROLLBACK", prepare=False)
    except NoConnectionError:
        return
    except psycopg.Error as error:
        if error.sqlstate == _REFUSAL:
            raise StartError(
                f"datasource: {error}: set PgBouncer's pool_mode to transaction (or session) for this database"
            ) from error
