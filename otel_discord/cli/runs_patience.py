"""Asking again as the service says, until a deadline; and what a command ends with when that was no use."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final, TypeVar

import click

from otel_discord.cli.runs_answers import Answer, NoAnswerError, exit_code, pause_s, words

T = TypeVar("T")
Ask = Callable[[float], Awaitable[Answer]]
"""Asks once, within so many seconds."""
_LEAST_REQUEST_S: Final = 1.0


class RefusedError(click.ClickException):
    """What was asked was not done; ``exit_code`` says whether another try may help."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.exit_code = code  # type: ignore[misc]  # click has it on the class


def say_aside(text: str) -> None:
    """Tell a person something that is no result."""
    click.echo(text, err=True)


async def ask_patiently(
    ask: Ask,
    *,
    holds: str,
    wait_s: float,
    timeout_s: float,
    say: Callable[[str], None] = say_aside,
    dice: random.Random | None = None,
) -> Answer:
    """Return a good answer; ask again while the service says that this may help.

    Repeating is harmless: a create returns the run that it has made, a finalize of one that has ended is no error.

    Args:
        ask: one request.
        holds: a name that every good answer has; one without is not of this API.
        wait_s: no new try begins later than that; 0: there is one try.
        timeout_s: for each request.
        say: is told why it waits.
        dice: spreads clients.

    Raises:
        RefusedError: there was no good answer.
    """
    dice = dice or random.Random()  # noqa: S311 - spreads clients, hides nothing
    clock = asyncio.get_running_loop()
    ends_at_s = clock.time() + wait_s
    tries = 0
    while True:
        tries += 1
        left_s = ends_at_s - clock.time()
        try:
            reply: Answer | NoAnswerError = await ask(
                timeout_s if tries == 1 else min(timeout_s, max(left_s, _LEAST_REQUEST_S))
            )
        except NoAnswerError as error:
            reply = error
        if isinstance(reply, Answer) and reply.is_good and holds in reply.body:
            return reply
        pause = pause_s(reply, tries, dice.random())
        if pause is None or clock.time() + pause >= ends_at_s:
            raise RefusedError(words(reply), exit_code(reply))
        say(f"{words(reply)}\nTrying again in {pause:.0f} s.")
        await asyncio.sleep(pause)


def carry_out(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's asynchronous part.

    Raises:
        RefusedError: there is no answer.
    """
    try:
        return asyncio.run(work)
    except NoAnswerError as error:
        raise RefusedError(words(error), exit_code(error)) from None
