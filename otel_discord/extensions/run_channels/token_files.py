"""Tokens, and those of them that stand in files, which are read again within a second of a change."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, TypeAlias

from otel_discord.component import StartError
from otel_discord.extensions.run_channels.config import TokenConfig
from otel_discord.extensions.run_channels.token_text import unfit_token
from otel_discord.extensions.run_channels.tokens import KnownTokens, same_tokens

CHECK_INTERVAL_S: Final = 0.5
MOST_FILE_BYTES: Final = 4096

_Mark: TypeAlias = tuple[int, int, int]


class TokenFiles:
    """What the configuration says under ``tokens``; ``key_path`` is where that is."""

    def __init__(self, configs: Sequence[TokenConfig], key_path: str) -> None:
        self._configs = configs
        self._key_path = key_path
        self._texts: dict[str, str] = {}
        self._seen: dict[str, _Mark | str] = {}

    def load(self) -> KnownTokens:
        """Read all files; return the tokens.

        Raises:
            StartError: a file cannot be read, a token is none or too short, two are the same.
        """
        for index, config in enumerate(self._configs):
            key_path = f"{self._key_path}::{index}"
            if config.token is not None and not config.token_file:
                key_path, text = f"{key_path}::token", config.token.reveal().strip()
            else:
                key_path = f"{key_path}::token_file"
                text = read_secret_file(config.token_file, key_path)
                self._seen[config.name] = _mark_of(config.token_file)
            if wrong := unfit_token(text):
                raise StartError(f"{key_path}: the token {wrong}")
            self._texts[config.name] = text
        if same := same_tokens(self._pairs()):
            raise StartError(f"{self._key_path}: {same[0]} and {same[1]} are the same token; nobody could say who asks")
        return KnownTokens(self._pairs())

    @asynccontextmanager
    async def kept_fresh(self, use: Callable[[KnownTokens], None], logger: logging.Logger) -> AsyncIterator[None]:
        """Look after the files while the block runs; ``use`` is called with what is true after a change."""
        if not any(config.token_file for config in self._configs):
            yield
            return
        watching = asyncio.create_task(self._watch(use, logger), name=f"{self._key_path} files")
        try:
            yield
        finally:
            watching.cancel()
            await asyncio.wait({watching})
            if not watching.cancelled():
                watching.result()  # it never ends by itself but by a fault of ours, which must be seen

    async def _watch(self, use: Callable[[KnownTokens], None], logger: logging.Logger) -> None:
        while True:
            await asyncio.sleep(CHECK_INTERVAL_S)
            if await asyncio.to_thread(self._look, logger):
                use(KnownTokens(self._pairs()))

    def _look(self, logger: logging.Logger) -> bool:
        """Read files that have changed; return whether a token did. Each fault is said once."""
        has_changed = False
        for config in self._configs:
            if not config.token_file:
                continue
            mark = _mark_of(config.token_file)
            if mark == self._seen.get(config.name):
                continue
            self._seen[config.name] = mark
            try:
                text = read_secret_file(config.token_file, f"{self._key_path} {config.name}")
            except StartError as error:
                logger.warning("%s; the token read before stays valid", error)
                continue
            if text == self._texts.get(config.name):
                continue
            has_changed = True
            self._texts[config.name] = "" if unfit_token(text) else text
            if wrong := unfit_token(text):
                logger.warning("the token %s %s", config.name, wrong)
            elif same := same_tokens(self._pairs()):
                self._texts[config.name] = ""
                logger.warning("the tokens %s and %s are the same; %s lets nobody in", *same, config.name)
            else:
                logger.info("the token %s was read again", config.name)
        return has_changed

    def _pairs(self) -> list[tuple[TokenConfig, str]]:
        return [(config, self._texts.get(config.name, "")) for config in self._configs]


def read_secret_file(path: str, key_path: str) -> str:
    """Return what a file holds, without blanks around it; no error repeats any of it.

    Raises:
        StartError: it cannot be read, or is no text of one line.
    """
    try:
        with Path(path).open("rb") as file:
            content = file.read(MOST_FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", "") or "no such path"
        raise StartError(f"{key_path}: cannot read {path}: {why}") from None
    try:
        text = content.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        raise StartError(f"{key_path}: {path} is not text") from None
    if len(content) > MOST_FILE_BYTES or "\n" in text:
        raise StartError(f"{key_path}: {path} holds more than one line; write the token, and nothing else")
    return text


def _mark_of(path: str) -> _Mark | str:
    try:
        status = Path(path).stat()
    except (OSError, ValueError):
        return "missing"
    return status.st_mtime_ns, status.st_size, status.st_ino
