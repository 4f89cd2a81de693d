"""What creating and editing a message share, whoever writes it."""

from otel_discord.testing.fake_discord import limits_of_discord as limits
from otel_discord.testing.fake_discord.form_body import Body
from otel_discord.testing.fake_discord.form_errors import refusal
from otel_discord.testing.fake_discord.form_files import Upload
from otel_discord.testing.fake_discord.form_message import MessageForm
from otel_discord.testing.fake_discord.state import FakeFile, FakeMessage, State


def stored(state: State, wall_s: float, upload: Upload) -> FakeFile:
    """Return an uploaded file with an id of its own."""
    file_id = state.snowflakes.next(wall_s)
    return FakeFile(file_id, upload.filename, upload.title, upload.description, upload.data, upload.content_type)


def apply_edit(state: State, wall_s: float, message: FakeMessage, body: Body, form: MessageForm) -> None:
    """Change what an edit names; of the files only those stay that ``attachments`` lists.

    Raises:
        RefusedError: 30015 for too many files, 50006 where nothing would be left; nothing changed.
    """
    content = form.content if "content" in body.json else message.content
    embeds = form.embeds if "embeds" in body.json else message.embeds
    components = form.components if "components" in body.json else message.components
    keep = form.attachments.keep
    kept = [file for file in message.files if keep is None or file.id in keep]
    if len(kept) + len(form.attachments.uploads) > limits.FILES:
        raise refusal(400, 30015)
    if not (content or embeds or components or kept or form.attachments.uploads):
        raise refusal(400, 50006)
    message.content, message.embeds, message.components = content, embeds, components
    message.flags = message.flags if form.flags is None else form.flags
    message.files = kept + [stored(state, wall_s, upload) for upload in form.attachments.uploads]
