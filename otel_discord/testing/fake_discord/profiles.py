"""Named sets of limits. Numbers are observed, not promised (discord/discord-api-docs#367, #1454, #4043)."""

from dataclasses import dataclass, replace

from otel_discord.testing.fake_discord.counters import Buckets, Shape


@dataclass(frozen=True, slots=True)
class Shift:
    """From its ``after``-th request on, a counter has another limit and its bucket another hash."""

    after: int
    buckets: Buckets


_FIVE_IN_TWO = Buckets(5, 2.0)
_THIRTY_A_MINUTE = Buckets(30, 60.0, "log")
_FIFTY_A_SECOND = Buckets(50, 1.0, "log")
_INVALID = Buckets(10_000, 600.0, "log")
_FIVE_IN_FIVE = Buckets(5, 5.0)
_FIVE_IN_FIFTEEN = Buckets(5, 15.0, "fixed")
_TEN_IN_FIVE = Buckets(10, 5.0)
_NEW_CHANNELS = Buckets(50, 600.0, "log")
_NEW_WEBHOOKS = Buckets(10, 600.0, "log")
_TWO_IN_TEN_MINUTES = Buckets(2, 600.0, "log")


@dataclass(frozen=True, slots=True)
class Profile:
    """Everything that decides a 429 and the headers that announce it. None switches a limit off."""

    execute: Buckets | None = _FIVE_IN_TWO
    """POST of one webhook."""
    others: Buckets | None = _FIVE_IN_TWO
    """Each other operation of one webhook (edit, delete, get), counted on its own."""
    channel: Buckets | None = _THIRTY_A_MINUTE
    """The hidden limit that all webhooks of a channel share; no header tells of it before it answers 429."""
    per_ip: Buckets | None = _FIFTY_A_SECOND
    """The global limit of requests without Authorization."""
    invalid: Buckets | None = _INVALID
    """401, 403 and 429 (shared ones excepted); then the address is banned."""
    per_bot: Buckets | None = _FIFTY_A_SECOND
    """The global limit of each bot's token."""
    bot_message: Buckets | None = _FIVE_IN_FIVE
    """POST of messages by a bot in one channel; they count to the channel's hidden limit too."""
    channel_edit: Buckets | None = _FIVE_IN_FIFTEEN
    """PATCH of one channel."""
    channel_name: Buckets | None = _TWO_IN_TEN_MINUTES
    """Hidden: PATCH of one channel that names ``name``."""
    channel_topic: Buckets | None = _TWO_IN_TEN_MINUTES
    """Hidden: PATCH of one channel that names ``topic``."""
    create_channel: Buckets | None = _NEW_CHANNELS
    """Hidden: new channels of one guild. Number assumed."""
    create_webhook: Buckets | None = _NEW_WEBHOOKS
    """Hidden: new webhooks of one guild. Number assumed."""
    bot_others: Buckets | None = _TEN_IN_FIVE
    """Each other operation of a bot in one channel or guild."""
    ban_s: float = 3600.0
    headers: bool = True
    """Whether answers other than 429 carry the bucket's headers."""
    reset_skew_s: tuple[float, ...] = (0.0,)
    """Added in turn to X-RateLimit-Reset, as a wrong clock would; Reset-After stays right."""
    shifts: tuple[Shift, ...] = ()
    edits_count_to_channel: bool = False
    """Not established whether they do; both are to be survived."""


def without_creation_limits(profile: Profile) -> Profile:
    """Return the profile without the hidden limits of new channels and webhooks."""
    return replace(profile, create_channel=None, create_webhook=None)


def shaped(profile: Profile, shape: Shape) -> Profile:
    """Return the profile with its webhook buckets counted in another window shape."""

    def turned(buckets: Buckets | None) -> Buckets | None:
        return buckets and replace(buckets, shape=shape)

    return replace(profile, execute=turned(profile.execute), others=turned(profile.others))


_DEFAULT = Profile()

PROFILES: dict[str, Profile] = {
    "default": _DEFAULT,
    "fixed": shaped(_DEFAULT, "fixed"),
    "log": shaped(_DEFAULT, "log"),
    "tiny": Profile(
        execute=Buckets(2, 1.0),
        others=Buckets(2, 1.0),
        channel=Buckets(5, 5.0, "log"),
        per_ip=Buckets(10, 1.0, "log"),
        invalid=Buckets(20, 10.0, "log"),
        per_bot=Buckets(20, 1.0, "log"),
        bot_message=Buckets(2, 1.0),
        channel_edit=Buckets(2, 1.0, "fixed"),
        channel_name=Buckets(1, 10.0, "log"),
        channel_topic=Buckets(1, 10.0, "log"),
        create_channel=Buckets(5, 10.0, "log"),
        create_webhook=Buckets(5, 10.0, "log"),
        bot_others=Buckets(5, 1.0),
        ban_s=5.0,
    ),
    "noheaders": replace(_DEFAULT, headers=False),
    "skewed": replace(_DEFAULT, reset_skew_s=(120.0, -120.0)),
    "shifty": replace(_DEFAULT, shifts=(Shift(7, Buckets(2, 1.0)), Shift(15, Buckets(3, 5.0, "fixed")))),
    "unlimited": Profile(
        execute=Buckets(1_000_000, 1.0),
        others=Buckets(1_000_000, 1.0),
        channel=None,
        per_ip=None,
        invalid=None,
        per_bot=None,
        bot_message=None,
        channel_edit=None,
        channel_name=None,
        channel_topic=None,
        create_channel=None,
        create_webhook=None,
        bot_others=None,
    ),
}
"""``default``, ``fixed`` and ``log`` window shapes, ``tiny`` for quick tests, ``noheaders``, ``skewed`` clock,
``shifty`` limits, ``unlimited``."""
