"""Passwords on command lines: an option's value, and what is written into a program that asks for a password."""

from typing import Final

from otel_discord.redaction.finding import BOUNDARY, Category, Pattern, found_by, found_by_any
from otel_discord.redaction.placeholders import is_placeholder


def _is_password(value: str) -> bool:
    return not is_placeholder(value)


_BARE: Final = r"(?P<s>[^\s\"'\\]+)"
_QUOTED: Final = (r"\\*\"(?P<s>[^\"\\\n]+)", r"\\*'(?P<s>[^'\\\n]+)")
"""A quoted value may hold spaces."""
_BEFORE_PASSWORD: Final = (
    rf"{BOUNDARY}(?:curl|wget|http)\b[^\n]{{0,400}}?\s(?:-[A-Za-z]{{0,6}}u|--user|--proxy-user|-U)[ =]?",
    rf"{BOUNDARY}sshpass\s+-p\s*",
    rf"{BOUNDARY}mysql(?:dump|admin|sh|import|check|show)?\s[^\n]{{0,200}}?\s-p",
    (
        rf"{BOUNDARY}(?:sqlcmd\s[^\n]{{0,200}}?\s-P|redis-cli\s[^\n]{{0,200}}?\s(?:-a|--pass)"
        r"|ldap(?:search|modify|add|whoami|delete|passwd|compare)\s[^\n]{0,200}?\s-w"
        r"|(?:az|docker|podman|nerdctl|buildah|oc|helm|skopeo|crane|oras)"
        r"\s+(?:registry\s+)?login\s(?:[^\n]{0,200}?\s)??-p"
        r"|htpasswd\s+-\S*b\S*\s+\S+\s+\S+|-pass(?:in|out)\s+pass:|mosquitto_(?:pub|sub)\s[^\n]{0,200}?\s-P"
        r"|snmp[a-z]+\s[^\n]{0,200}?\s-[cAX]|net\s+use\s[^\n]{0,200}?\s(?:\\\\\S+|[A-Za-z]:)\s+(?:\\\\\S+\s+)?"
        r""
        r"|(?:sqlplus|expdp|impdp|sqlldr)\s(?:-\S+\s+)*[\w$#]+/"
        r"|(?:useradd|usermod)\s[^\n]{0,200}?\s-p|smbclient\s[^\n]{0,200}?-U\s*[^\s%]+%"
        r"|(?:zip|7z|unzip)\s[^\n]{0,200}?\s-[pP])\s*"
    ),
)
_ASKS: Final = (
    r"(?:passwd|chpasswd|smbpasswd|kinit|su|cryptsetup|gpg|sudo\s+-\S*S|vncpasswd|htpasswd|pdbedit|openssl|faillock"
    r"|wpa_passphrase|(?:docker|podman|nerdctl|helm|az|oc|gh|gcloud|skopeo|crane|oras)\s[^\n|]{0,200}?"
    r"(?:login|auth|secret)|kubectl\s[^\n|]{0,200}?secret|\S+\s[^\n|]{0,200}?(?:stdin|passphrase-f[di]|pinentry)"
    r"|base64)\b"
)
"""Programs that read a password."""
_PIPED: Final = rf"{BOUNDARY}(?:echo|printf)(?:\s+-[neE]+)*(?:\s+[\"']%s(?:\\+n)?[\"'])?\s+"
_INTO: Final = rf"[\"']?\s*\|\s*(?:sudo\s+(?:-[A-Z]\S*\s+)?)?(?:/\S+/)?{_ASKS}"


def _values(before: str, after: str = "") -> tuple[str, ...]:
    return tuple(f"{before}{value}{after}" for value in (rf"\\*[\"']?{_BARE}", *_QUOTED))


COMMAND_LINE: Final = Pattern(
    name="command_line",
    category=Category.CREDENTIALS,
    summary="passwords of `curl -u user:…`, `sshpass -p …`, `mysql -p…`, `redis-cli -a …`, `sqlcmd -P …`, "
    "`ldapsearch -w …`, `docker login -p …` and the like, and of `echo … \\| passwd`",
    find=found_by_any(
        *(
            found_by(f"{before}\\\\*[\"']?{user}{value}", "password", _is_password)
            for before, user in [(_BEFORE_PASSWORD[0], r"[^\s:\"']+:")]
            for value in (_BARE, r"(?P<s>[^\s\"'][^\"'\n]*)[\"']")
        ),
        *(found_by(each, "password", _is_password) for before in _BEFORE_PASSWORD[1:] for each in _values(before)),
        *(found_by(each, "password", _is_password) for each in _values(_PIPED, _INTO)),
        found_by(
            rf"{BOUNDARY}{_ASKS}[^\n|<]{{0,200}}<<<\s?[\"']?(?P<s>[^\s\"'][^\"'\n]*)", "password", _is_password
        ),
    ),
    triggers=(
        r"curl\s", r"wget\s", r"http\s", "sshpass", r"mysql[a-z]*\s", r"sqlcmd\s", r"redis-cli\s", r"ldap[a-z]+\s",
        r"login\s", r"htpasswd\s", r"-pass(?:in|out)\s", r"\becho\s", r"printf\s", "<<<",
        r"snmp[a-z]+\s", r"\bnet\s+use\s",
        "sqlplus", "sqlldr", r"(?:ex|im)pdp\s", r"mosquitto_[ps]ub",
        r"user(?:add|mod)\s", r"smbclient\s", r"\b(?:un)?zip\s", r"\b7z\s",
    ),
    shown=("password",),
)  # fmt: skip
