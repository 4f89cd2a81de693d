"""Every rule about a form as two bodies, one just inside the limit and one just outside; for tests of clients too."""

from dataclasses import dataclass
from typing import Any, Final

Json = dict[str, Any]

_FIRE = "\U0001f525"  # four bytes, two UTF-16 units, one code point


def _embed(**parts: Any) -> Json:
    return {"embeds": [parts]}


def _field(name: str = "n", value: str = "v") -> Json:
    return _embed(fields=[{"name": name, "value": value}])


def _url_of(length: int) -> str:
    return "https://a.invalid/" + "x" * (length - 18)


def _embeds_of(*lengths: int) -> Json:
    return {"embeds": [{"description": "x" * length} for length in lengths]}


@dataclass(frozen=True, slots=True)
class Edge:
    """One limit; of ``outside`` Discord says ``code`` at ``path`` (code 50035), and nothing else."""

    rule: str
    inside: Json
    outside: Json
    path: str
    code: str

    def __str__(self) -> str:
        return f"{self.rule}:{self.path}"


_MAX, _BAD, _NEED = "BASE_TYPE_MAX_LENGTH", "BASE_TYPE_BAD_LENGTH", "BASE_TYPE_REQUIRED"
_SCHEME, _URL = "URL_TYPE_INVALID_SCHEME", "URL_TYPE_INVALID_URL"
_TIME = "DATE_TIME_TYPE_PARSE"
_IDS = [str(number) for number in range(101)]

EDGES: Final = [
    Edge("content_length", {"content": _FIRE * 2000}, {"content": _FIRE * 2001}, "content", _MAX),
    Edge("content_length", {"content": f" \n{'x' * 2000}\t "}, {"content": "x" * 2001}, "content", _MAX),
    Edge("embeds_count", _embeds_of(*[1] * 10), _embeds_of(*[1] * 11), "embeds", _MAX),
    Edge("embeds_total_length", _embeds_of(4096, 1904), _embeds_of(4096, 1905), "embeds", "MAX_EMBED_SIZE_EXCEEDED"),
    Edge("embed_title_length", _embed(title=_FIRE * 256), _embed(title=_FIRE * 257), "embeds.0.title", _MAX),
    Edge(
        "embed_description_length",
        _embed(description="é" * 4096),
        _embed(description="é" * 4097),
        "embeds.0.description",
        _MAX,
    ),
    Edge(
        "embed_fields_count",
        _embed(fields=[{"name": "n", "value": "v"}] * 25),
        _embed(fields=[{"name": "n", "value": "v"}] * 26),
        "embeds.0.fields",
        _MAX,
    ),
    Edge("embed_field_name_length", _field(name="n" * 256), _field(name="n" * 257), "embeds.0.fields.0.name", _MAX),
    Edge(
        "embed_field_value_length", _field(value="v" * 1024), _field(value="v" * 1025), "embeds.0.fields.0.value", _MAX
    ),
    Edge("embed_field_required", _field(value="\u200b"), _field(value="\u00a0 "), "embeds.0.fields.0.value", _NEED),
    Edge(
        "embed_field_required", _field(name="\u200b"), _embed(fields=[{"value": "v"}]), "embeds.0.fields.0.name", _NEED
    ),
    Edge(
        "embed_footer_length",
        _embed(footer={"text": "f" * 2048}),
        _embed(footer={"text": "f" * 2049}),
        "embeds.0.footer.text",
        _MAX,
    ),
    Edge(
        "embed_author_length",
        _embed(author={"name": "a" * 256}),
        _embed(author={"name": "a" * 257}),
        "embeds.0.author.name",
        _MAX,
    ),
    Edge(
        "embed_author_name_required",
        _embed(author={"name": "a"}),
        _embed(title="t", author={"url": "https://a.invalid"}),
        "embeds.0.author.name",
        _NEED,
    ),
    Edge(
        "embed_color_range",
        _embed(title="t", color=16777215),
        _embed(title="t", color=16777216),
        "embeds.0.color",
        "NUMBER_TYPE_MAX",
    ),
    Edge(
        "embed_color_range",
        _embed(title="t", color=0),
        _embed(title="t", color=-1),
        "embeds.0.color",
        "NUMBER_TYPE_MIN",
    ),
    Edge(
        "embed_color_range",
        _embed(title="t", color="5"),
        _embed(title="t", color="red"),
        "embeds.0.color",
        "NUMBER_TYPE_COERCE",
    ),
    Edge(
        "embed_timestamp",
        _embed(title="t", timestamp="2026-01-01T00:00:00.123456Z"),
        _embed(title="t", timestamp="2026-13-01T00:00:00Z"),
        "embeds.0.timestamp",
        _TIME,
    ),
    Edge(
        "embed_timestamp",
        _embed(title="t", timestamp="2026-01-01T00:00:00+00:00"),
        _embed(title="t", timestamp="2026-01-01T00:00:00.1234567890Z"),
        "embeds.0.timestamp",
        _TIME,
    ),
    Edge("embed_timestamp", _embed(title="t"), _embed(title="t", timestamp=""), "embeds.0.timestamp", _TIME),
    Edge("embed_empty", _embed(title="t", color=1), _embed(title=" ", color=1), "embeds.0.description", _NEED),
    Edge(
        "url_length", _embed(title="t", url=_url_of(2048)), _embed(title="t", url=_url_of(2049)), "embeds.0.url", _MAX
    ),
    Edge(
        "url_scheme",
        _embed(title="t", url="HTTP://a.invalid"),
        _embed(title="t", url="ftp://a.invalid"),
        "embeds.0.url",
        _SCHEME,
    ),
    Edge("url_scheme", _embed(title="t"), _embed(title="t", url=""), "embeds.0.url", _SCHEME),
    Edge("url_scheme", _embed(title="t"), _embed(title="t", url="attachment://a.png"), "embeds.0.url", _SCHEME),
    Edge(
        "url_scheme",
        _embed(image={"url": "https://a.invalid/a.png"}),
        _embed(image={"url": "file:///a.png"}),
        "embeds.0.image.url",
        _SCHEME,
    ),
    Edge(
        "url_form",
        _embed(title="t", url="https://a.invalid:80/?q#f"),
        _embed(title="t", url="https:///x"),
        "embeds.0.url",
        _URL,
    ),
    Edge(
        "url_form", _embed(title="t", url="http://[::1]/"), _embed(title="t", url="http://a b/"), "embeds.0.url", _URL
    ),
    Edge(
        "username_length",
        {"content": "x", "username": "u" * 80},
        {"content": "x", "username": "u" * 81},
        "username",
        _BAD,
    ),
    Edge("username_length", {"content": "x", "username": "u"}, {"content": "x", "username": " "}, "username", _BAD),
    Edge(
        "username_words",
        {"content": "x", "username": "disc ord"},
        {"content": "x", "username": "My DisCord"},
        "username",
        "USERNAME_INVALID_CONTAINS",
    ),
    Edge(
        "username_words",
        {"content": "x", "username": "clyd"},
        {"content": "x", "username": "Clyde!"},
        "username",
        "USERNAME_INVALID_CONTAINS",
    ),
    Edge(
        "username_here_everyone",
        {"content": "x", "username": "here we are"},
        {"content": "x", "username": "Here"},
        "username",
        "USERNAME_INVALID",
    ),
    Edge(
        "allowed_mentions_count",
        {"content": "x", "allowed_mentions": {"parse": [], "users": _IDS[:100]}},
        {"content": "x", "allowed_mentions": {"parse": [], "users": _IDS}},
        "allowed_mentions.users",
        _MAX,
    ),
    Edge(
        "allowed_mentions_unique",
        {"content": "x", "allowed_mentions": {"roles": ["1", "2"]}},
        {"content": "x", "allowed_mentions": {"roles": ["1", "1"]}},
        "allowed_mentions.roles.1",
        "SET_TYPE_ALREADY_CONTAINS_VALUE",
    ),
    Edge(
        "allowed_mentions_exclusive",
        {"content": "x", "allowed_mentions": {"parse": ["users"], "users": []}},
        {"content": "x", "allowed_mentions": {"parse": ["users"], "users": ["1"]}},
        "allowed_mentions",
        "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
    ),
    Edge(
        "flags_mask",
        {"content": "x", "flags": 1 << 12 | 1 << 2},
        {"content": "x", "flags": 1 << 6},
        "flags",
        "BASE_TYPE_CHOICES",
    ),
    Edge(
        "components_v2_exclusive",
        {"content": "x", "flags": 0},
        {"content": "x", "flags": 1 << 15},
        "content",
        "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
    ),
    Edge(
        "attachment_ids",
        {"content": "x", "attachments": []},
        {"content": "x", "attachments": [{"id": 0}]},
        "attachments.0.id",
        "MESSAGE_ATTACHMENT_NOT_FOUND",
    ),
]
"""The corpus."""
