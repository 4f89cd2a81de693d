"""What is looked at before anything else: User-Agent, version and path, and whose token a request of a bot carries."""

from collections.abc import Callable

from otel_discord.testing.fake_discord.exchange import FakeRequest
from otel_discord.testing.fake_discord.form_errors import RefusedError, refusal
from otel_discord.testing.fake_discord.guilds import FakeBot
from otel_discord.testing.fake_discord.routes import Route
from otel_discord.testing.fake_discord.rules import Switches
from otel_discord.testing.fake_discord.state import State


def check_user_agent(request: FakeRequest, switches: Switches) -> None:
    """Check that a request says who sends it.

    Raises:
        RefusedError: 40333.
    """
    agent = request.headers.get("user-agent", "")
    if not agent or (agent.startswith("Python/3") and "aiohttp" in agent):
        raise refusal(switches.user_agent_status, 40333)


def check_route(route: Route, note: Callable[[str, str], None]) -> None:
    """Check version, path and method.

    Raises:
        RefusedError: 50041, 404 or 405.
    """
    if route.version in {3, 4, 5}:
        raise refusal(400, 50041)
    if not route.operation:
        if route.wrong_method:
            raise RefusedError(405, 0, "405: Method Not Allowed")
        raise RefusedError(404, 0, "404: Not Found")
    if route.legacy:
        note("unversioned", f"version {route.version or 'none'} in the path; send to /api/v10")


def bot_of(request: FakeRequest, state: State) -> FakeBot | None:
    """Return the bot whose token a request carries; None for none, or a wrong one."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return state.bots.get(token.strip()) if scheme == "Bot" else None
