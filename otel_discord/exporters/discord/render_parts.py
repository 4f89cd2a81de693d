"""What a card wants of the message that shows it: a sender's name and picture, a post's title, buttons. Pure.

Cards that want different things never share a message.
"""

from dataclasses import dataclass
from typing import Final

from otel_discord.discord_api.models import LinkButton
from otel_discord.exporters.discord.render_fit import web_address
from otel_discord.templating.output import TemplateOutput


@dataclass(frozen=True, slots=True)
class Parts:
    """What a template says of the whole message; "" and () are what it leaves to the destination."""

    username: str = ""
    avatar_url: str = ""
    thread_name: str = ""
    """Title of the forum post; without effect where the destination is no forum."""
    buttons: tuple[LinkButton, ...] = ()


NO_PARTS: Final = Parts()


def parts_of(output: TemplateOutput) -> Parts:
    """Return what a template's output says of the message."""
    if not (output.username or output.avatar_url or output.thread_name or output.buttons):
        return NO_PARTS
    buttons = tuple(
        LinkButton(each.label, url, each.emoji) for each in output.buttons if (url := web_address(each.url))
    )
    return Parts(output.username, web_address(output.avatar_url), output.thread_name, buttons)
