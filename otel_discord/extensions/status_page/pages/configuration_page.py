"""The configuration in force without its secrets, and what became of each reload. Pure."""

from collections.abc import Sequence

from otel_discord.component.service_view import ReloadNote
from otel_discord.extensions.status_page.pages.frame import section
from otel_discord.extensions.status_page.pages.overview_page import reloads
from otel_discord.extensions.status_page.pages.words import text


def configuration_page(configuration: str, notes: Sequence[ReloadNote], now_s: float) -> str:
    """Return what changes of the page."""
    shown = f'<pre class="code" tabindex="0" aria-label="Configuration"><code>{text(configuration)}</code></pre>'
    return section("Reloads", reloads(notes, now_s), id_="reloads") + section("In force", shown, id_="yaml")
