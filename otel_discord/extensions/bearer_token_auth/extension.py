"""The extension: holds the tokens, looks after their file, says yes or no."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, TypeAlias

from otel_discord.component import Host, Settings, StartError
from otel_discord.extensions.bearer_token_auth.config import BearerTokenAuthConfig
from otel_discord.extensions.bearer_token_auth.tokens import TokenSet, token_of

FILE_CHECK_INTERVAL_S: Final = 1.0
MOST_FILE_BYTES: Final = 1024 * 1024

_FileMark: TypeAlias = tuple[int, int, int]


class BearerTokenAuth:
    """An :class:`~otel_discord.component.Authenticator`. The tokens' file is read outside of requests."""

    def __init__(self, settings: Settings, config: BearerTokenAuthConfig) -> None:
        self._logger = settings.logger
        self._config = config
        self._header = config.header.lower()
        self._tokens = TokenSet(token.reveal() for token in (config.token, *config.tokens))
        self._mark: _FileMark | None = None

    def authenticate(self, headers: Mapping[str, str]) -> bool:
        """Return whether the header holds one of the tokens. Nothing of a refused header is logged."""
        given = token_of(headers.get(self._header, ""), self._config.scheme)
        return given is not None and given in self._tokens

    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:  # noqa: ARG002  nothing is asked of the house
        """Read the file, if there is one, and look for changes while the block runs.

        Raises:
            StartError: the file cannot be read or holds no token.
        """
        if not self._config.filename:
            yield
            return
        if self._config.token or self._config.tokens:
            self._logger.warning("filename is set: token and tokens are not used")
        await self._open_file()
        watcher = asyncio.create_task(self._watch(), name="bearer_token_auth file")
        try:
            yield
        finally:
            watcher.cancel()
            await asyncio.wait({watcher})

    async def _open_file(self) -> None:
        try:
            self._mark, self._tokens = await asyncio.to_thread(_read, self._config.filename)
        except (OSError, ValueError) as error:
            raise StartError(f"filename: cannot read {self._config.filename}: {_why(error)}") from None
        if not len(self._tokens):
            raise StartError(f"filename: {self._config.filename} holds no token; write one a line")

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(FILE_CHECK_INTERVAL_S)
            try:
                if await asyncio.to_thread(_mark_of, self._config.filename) == self._mark:
                    continue
                self._mark, self._tokens = await asyncio.to_thread(_read, self._config.filename)
            except (OSError, ValueError) as error:
                self._logger.warning(
                    "the file of tokens cannot be read; those read before stay valid", extra={"error": _why(error)}
                )
                continue
            if len(self._tokens):
                self._logger.info("tokens were read again", extra={"tokens": len(self._tokens)})
            else:
                self._logger.warning("the file of tokens holds none any more; nobody is let in")


def _read(path: str) -> tuple[_FileMark, TokenSet]:
    mark = _mark_of(path)  # before the content: a change in between is seen at the next look
    with Path(path).open("rb") as file:
        content = file.read(MOST_FILE_BYTES + 1)
    if len(content) > MOST_FILE_BYTES:
        raise ValueError("it is larger than 1 MiB")
    return mark, TokenSet(content.decode().splitlines())


def _mark_of(path: str) -> _FileMark:
    status = Path(path).stat()
    return status.st_mtime_ns, status.st_size, status.st_ino


def _why(error: OSError | ValueError) -> str:
    """Return the reason without any of the file's content."""
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8 text"
    return error.strerror or type(error).__name__ if isinstance(error, OSError) else str(error)
