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
    ban_s: float = 3600.0
    headers: bool = True
    """Whether answers other than 429 carry the bucket's headers."""
    reset_skew_s: tuple[float, ...] = (0.0,)
    """Added in turn to X-RateLimit-Reset, as a wrong clock would; Reset-After stays right."""
    shifts: tuple[Shift, ...] = ()
    edits_count_to_channel: bool = False
    """Not established whether they do; both are to be survived."""


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
        ban_s=5.0,
    ),
    "noheaders": replace(_DEFAULT, headers=False),
    "skewed": replace(_DEFAULT, reset_skew_s=(120.0, -120.0)),
    "shifty": replace(_DEFAULT, shifts=(Shift(7, Buckets(2, 1.0)), Shift(15, Buckets(3, 5.0, "fixed")))),
    "unlimited": Profile(
        execute=Buckets(1_000_000, 1.0), others=Buckets(1_000_000, 1.0), channel=None, per_ip=None, invalid=None
    ),
}
"""``default``, ``fixed`` and ``log`` window shapes, ``tiny`` for quick tests, ``noheaders``, ``skewed`` clock,
``shifty`` limits, ``unlimited``."""
