"""Which files a message has in Discord, and what an edit says of them. Pure.

An edit without ``attachments`` keeps all files, and ``attachment://name`` in it means a file that is there already
(hikari-py/hikari#713). A file that no embed shows any more appears above them (discord/discord-api-docs#1340), and
an edit with new files must name all that are to stay. So: as long as the files stay the same, an edit does not speak
of them; where one is replaced or goes, it names the others by their ids.

The ids are in Discord's answer: in ``attachments``; of files that an embed shows, in the addresses of the pictures
(discord/discord-api-docs#1340).
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from otel_discord.discord_api.models import FilePart, Message
from otel_discord.discord_api.webhook_url import is_snowflake
from otel_discord.exporters.discord.folding.note import PostedFile

_ADDRESS: Final = re.compile(r"https?://[^/?#]+/(?:ephemeral-)?attachments/\d{1,20}/(\d{1,20})/([^/?#]+)(?:[?#].*)?")
_CHART: Final = re.compile(r"(?:alert-)?chart(-\d+)?\.png")


def posted_files(answer: Any) -> tuple[PostedFile, ...]:
    """Return the files of a message as Discord's answer names them; none where it is not readable."""
    if not isinstance(answer, dict):
        return ()
    found: dict[str, str] = {}
    for item in _objects(answer.get("attachments")):
        found[str(item.get("filename") or "")] = str(item.get("id") or "")
    for embed in _objects(answer.get("embeds")):
        image = embed.get("image")
        address = _ADDRESS.fullmatch(str(image.get("url") or "")) if isinstance(image, dict) else None
        if address is not None:
            found.setdefault(address[2], address[1])
    return tuple(PostedFile(name, file_id) for name, file_id in found.items() if name and is_snowflake(file_id))


def pictures_shown(answer: Any) -> set[int]:
    """Return the places of the embeds that show a picture, as Discord's answer says."""
    embeds = _objects(answer.get("embeds")) if isinstance(answer, dict) else []
    return {place for place, embed in enumerate(embeds) if isinstance(embed.get("image"), dict)}


def with_files_of_edit(
    whole: Message, new: Sequence[FilePart], files: Sequence[PostedFile], *, is_certain: bool = True
) -> Message | None:
    """Return a message as an edit of it says it: only new files go along, and those that are gone are left out.

    Args:
        whole: with all files that it is to have; of those that are in Discord only the names count.
        new: those that go along.
        files: what is in Discord.
        is_certain: no other charts are there than ``files`` has.

    Returns:
        None where the ids of files that are to stay are not known, so that none can be replaced.
    """
    fresh = tuple(part for part in whole.files if any(part.open is each.open for each in new))
    fresh_names = {part.filename for part in fresh}
    staying = {part.filename for part in whole.files} - fresh_names
    gone = {each.filename for each in files if is_chart(each.filename) and each.filename not in staying}
    if not fresh and not gone and is_certain:
        return replace(whole, files=())
    if staying and not files:
        return None
    kept = tuple(each.id for each in files if each.filename not in gone | fresh_names)
    return replace(whole, files=fresh, kept_file_ids=kept)


def is_chart(filename: str) -> bool:
    """Return whether a file is named as charts are."""
    return _CHART.fullmatch(filename) is not None


def _objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
