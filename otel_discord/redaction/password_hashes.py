"""Hashes of passwords as they are stored: bcrypt, Argon2, crypt(3), PBKDF2, scrypt, LDAP. Weak ones can be undone."""

from typing import Final

from otel_discord.redaction.finding import Category, Pattern, found_by, found_by_any

_D: Final = r"(?:\$\$?|%24|\\+\$)"
"""A dollar; doubled, escaped and percent-encoded as well."""
_SALT: Final = r"[./A-Za-z0-9]"
_FORMS: Final = (
    rf"{_D}2[abxy]?{_D}[0-9]{{2}}{_D}{_SALT}{{8,}}",  # bcrypt
    rf"{_D}argon2(?:id|i|d){_D}[^\s\"'`<>;]{{8,}}",
    rf"{_D}(?:5|6){_D}(?:rounds=[0-9]+{_D})?{_SALT}{{1,16}}{_D}{_SALT}{{8,}}",  # SHA-256 and SHA-512
    rf"{_D}(?:1|apr1|md5){_D}{_SALT}{{1,16}}{_D}{_SALT}{{16,}}",
    rf"{_D}(?:y|gy|7){_D}{_SALT}{{1,16}}{_D}{_SALT}{{4,}}(?:{_D}{_SALT}*)?",  # yescrypt
    rf"{_D}(?:pbkdf2(?:-[a-z0-9]+)?|scrypt|bcrypt-sha256|sha1|P|H|S){_D}[./A-Za-z0-9=,$+-]{{16,}}",
    r"pbkdf2(?:_sha[0-9]+|:sha[0-9]+:[0-9]+)\$[./A-Za-z0-9+=$]{16,}",
    r"scrypt:[0-9]+:[0-9]+:[0-9]+\$[./A-Za-z0-9+=$]{16,}",
    r"SCRAM-SHA-(?:1|256|512)\$[0-9]+:[./A-Za-z0-9+=:$]{16,}",
    r"\{(?:S?SHA(?:256|384|512)?|S?MD5|CRYPT|PBKDF2[A-Z0-9-]*|ARGON2)\}[^\s\"'<>;,]{8,}",
)
PASSWORD_HASH: Final = Pattern(
    name="password_hash",
    category=Category.CREDENTIALS,
    summary="hashes of passwords: bcrypt, Argon2, crypt's (`$6$…`, `$1$…`, `$y$…`), PBKDF2, scrypt, SCRAM, "
    "`{SSHA}…`",
    find=found_by_any(
        found_by(rf"(?P<s>{'|'.join(_FORMS)})", "hash"),
    ),
    triggers=(
        rf"{_D}(?:2[abxy]?|argon2i?d?|[1567y]|gy|apr1|md5|pbkdf2[-a-z0-9]*|scrypt|bcrypt-sha256|sha1|p|h|s){_D}",
        r"pbkdf2[:_]", "scrypt:[0-9]", "scram-sha-", r"\{s?sha[0-9]*\}|\{s?md5\}|\{crypt\}|\{pbkdf2|\{argon2",
    ),
    shown=("hash",),
)  # fmt: skip
