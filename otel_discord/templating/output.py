"""What a rendered template says, before the limits of Discord are applied."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldOutput:
    """A name and a value of an embed."""

    name: str
    value: str
    inline: bool = False


@dataclass(frozen=True, slots=True)
class AttachmentOutput:
    """A text file that goes along."""

    filename: str
    text: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class ButtonOutput:
    """A button that opens an address: label ≤ 80, http(s) address ≤ 512 code points.

    ``emoji`` is one emoji, a server's own as ``name:id`` or ``a:name:id``, or "".
    """

    label: str
    url: str
    emoji: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateOutput:
    """One rendered template; "" and () are what it does not say. Texts are Markdown where Discord reads Markdown."""

    title: str = ""
    description: str = ""
    url: str = ""
    color: int | None = None
    show_time: bool = False
    author_name: str = ""
    author_url: str = ""
    author_icon_url: str = ""
    fields: tuple[FieldOutput, ...] = ()
    footer_text: str = ""
    footer_icon_url: str = ""
    image_url: str = ""
    thumbnail_url: str = ""
    content: str = ""
    attachments: tuple[AttachmentOutput, ...] = ()
    buttons: tuple[ButtonOutput, ...] = ()
    """At most 25, five a row."""
    username: str = ""
    """One that Discord takes, or ""."""
    avatar_url: str = ""
    thread_name: str = ""
