"""Tokens that can be told by their own shape, whoever's."""

import base64
import binascii
from itertools import pairwise
from typing import Final

from otel_discord.redaction.finding import BOUNDARY as B
from otel_discord.redaction.finding import Category, Pattern, cut, found_by, found_by_any
from otel_discord.redaction.randomness import has_digit, looks_random
from otel_discord.redaction.vendor_tokens import VENDOR

_DOT: Final = r"(?:\.|%2[eE])"
_SLASH: Final = r"(?:/+|\\+/|%2[fF]|%252[fF]|\\+u002[fF])"


def _decoded(segment: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(segment[: len(segment) // 4 * 4])
    except (binascii.Error, ValueError):  # pragma: no cover - the expression lets only that alphabet through
        return b""


def _is_jwt(text: str) -> bool:
    first = text.replace("%2E", ".").replace("%2e", ".").split(".")[0]
    header = _decoded(first)
    return any(name in header for name in (b'"alg"', b'"typ"', b'"enc"', b'"kid"', b'"cty"', b'"jku"', b'"x5t"'))


def _has_digit_and_upper(text: str) -> bool:
    return any(c.isdigit() for c in text) and any(c.isupper() for c in text)


def _is_mixed(text: str) -> bool:
    return any(map(str.isdigit, text)) and any(map(str.isupper, text)) and any(map(str.islower, text))


def _is_aws_secret(text: str) -> bool:
    """Whether 40 characters of base64 look drawn by lot: many changes between kinds of characters."""
    kinds = ["u" if c.isupper() else "l" if c.islower() else "d" if c.isdigit() else "s" for c in text]
    changes = sum(a != b for a, b in pairwise(kinds))
    return changes >= 15 and {"u", "l", "d"} <= set(kinds)


def _token(name: str, summary: str, kind: str, triggers: tuple[str, ...], *expressions: str) -> Pattern:
    finders = [found_by(each, kind) for each in expressions]
    finders += [found_by(cut(each), kind, has_digit) for each in expressions]
    return Pattern(name, Category.CREDENTIALS, summary, found_by_any(*finders), triggers, (kind,))


JWT: Final = Pattern(
    name="jwt",
    category=Category.CREDENTIALS,
    summary="JSON Web Tokens, signed, encrypted, unsigned or cut",
    find=found_by(
        rf"{B}(?P<s>(?:eyJ|eyAi|ewog|ewoi|ewoJ|ew0K|eyAg)[A-Za-z0-9_=-]{{9,}}(?:{_DOT}[A-Za-z0-9_=-]*){{0,4}})",
        "jwt",
        _is_jwt,
    ),
    triggers=("eyJ", "eyAi", "eyAg", "ewog", "ewoi", "ewoJ", "ew0K"),
    shown=("jwt",),
)
AWS: Final = Pattern(
    name="aws",
    category=Category.CREDENTIALS,
    summary="AWS access key ids (`AKIA…`, `ASIA…`), secret access keys, Bedrock keys, signatures of presigned URLs",
    find=found_by_any(
        found_by(
            rf"{B}(?P<s>(?:AKIA|ASIA|ABIA|ACCA|AGPA|AIDA|AIPA|ANPA|ANVA|APKA|AROA|ASCA)[A-Z0-9]{{16}})",
            "aws-key-id",
            not_before="[A-Za-z0-9]",
        ),
        found_by(
            r"(?:\A|[^A-Za-z0-9/+=_.-])(?P<s>[A-Za-z0-9/+]{40})",
            "aws-secret-key",
            _is_aws_secret,
            r"[A-Za-z0-9/+=_-]",
        ),
        found_by(rf"{B}(?P<s>(?:AKIA|ASIA)[A-Z0-9]{{8,15}}\z)", "aws-key-id", has_digit),
        found_by(r"(?:AKIA|ASIA)[A-Z0-9]{16}\W{1,3}(?P<s>[A-Za-z0-9/+]{8,})", "aws-secret-key", looks_random),
        found_by(
            r"(?i:secret.?(?:access.?)?key)\W{1,3}(?P<s>[A-Za-z0-9/+]{8,})\z",
            "aws-secret-key",
            _is_mixed,
        ),
        found_by(rf"{B}(?P<s>ABSK[A-Za-z0-9+/]{{40,}}={{0,2}})", "aws-secret-key"),
        found_by(
            r"(?i:[?&;]|%26|\\u0026)(?i:X-Amz-Signature|X-Amz-Security-Token|X-Amz-Credential)(?:=|%3[dD])(?P<s>[^\s&\"'<>]+)",
            "signature",
        ),
    ),
    triggers=("a[kscgirbp][ipcdonk]a", "secret.?(?:access.?)?key", "an[pv]a", "[A-Za-z0-9/+]{40}", "absk", "x-amz-"),
    shown=("aws-key-id", "aws-secret-key", "signature"),
)
GCP: Final = _token(
    "gcp", "Google API keys (`AIza…`), "
    "OAuth access and refresh tokens and client secrets; a service account's key is a "
    "`private_key`", "google-key",
    ("aiza", r"ya29\.", "gocspx-", "1//0"),
    rf"{B}(?P<s>AIza[0-9A-Za-z_-]{{30,}})", rf"{B}(?P<s>ya29\.[0-9A-Za-z_.-]{{20,}})",
    rf"{B}(?P<s>GOCSPX-[0-9A-Za-z_-]{{20,}})", rf"{B}(?P<s>1//0[0-9A-Za-z_-]{{30,}})",
)  # fmt: skip
AZURE: Final = _token(
    "azure", "signatures of shared access (SAS), client secrets; keys of connection strings are under `key_value`",
    "azure-key", ("sig", "q~"),
    r"(?:[?&;\s]|\A|%26|\\+u0026|&amp;)sig(?:=|%3[dD])(?P<s>[A-Za-z0-9%+/=_-]{16,})",
    rf"{B}(?P<s>[A-Za-z0-9_.~-]{{3}}[0-9]Q~[A-Za-z0-9_.~-]{{31,34}})",
)  # fmt: skip
GITHUB: Final = _token(
    "github", "GitHub tokens: `ghp_`, `gho_`, `ghu_`, `ghs_`, `ghr_`, `github_pat_`", "github-token",
    ("gh[pousr]_", "github_pat_"),
    rf"{B}(?P<s>gh[pousr]_[A-Za-z0-9_]{{16,}})", rf"{B}(?P<s>github_pat_[A-Za-z0-9_]{{16,}})",
)  # fmt: skip
GITLAB: Final = _token(
    "gitlab", "GitLab tokens: `glpat-`, `gldt-`, `glrt-`, `glcbt-` and their kin", "gitlab-token",
    ("gl[a-z]{2,6}-", "gr1348941"),
    rf"{B}(?P<s>gl(?:pat|oas|dt|rtr|rt|cbt|ptt|ft|imt|agent|soat|ffct|wt)-[A-Za-z0-9_.-]{{16,}})",
    rf"{B}(?P<s>GR1348941[A-Za-z0-9_-]{{16,}})",
)  # fmt: skip
SLACK: Final = _token(
    "slack", "Slack tokens (`xoxb-` and kin, `xapp-`) and webhook URLs", "slack-token", ("xox[a-z]", "xapp-",
    "hooks.slack"),
    rf"{B}(?P<s>xox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{{8,}})", rf"{B}(?P<s>xapp-[0-9]-[A-Za-z0-9-]{{8,}})",
    rf"hooks\.slack(?:-gov)?\.com{_SLASH}(?:services|workflows|triggers){_SLASH}(?P<s>[A-Za-z0-9_/%\\-]{{8,}})",
    rf"hooks\.slack(?:-gov)?\.com{_SLASH}(?:services|workflows|triggers){_SLASH}(?P<s>[A-Za-z0-9_/%\\-]+\z)",
)  # fmt: skip
STRIPE: Final = _token(
    "stripe", "Stripe's secret and restricted keys and webhook secrets", "stripe-key", ("[sr]k_(?:live|test)",
    "whsec_"),
    rf"{B}(?P<s>[sr]k_(?:live|test)_[A-Za-z0-9]{{10,}})",
    rf"{B}(?P<s>[sr]k_(?:live|test)_[A-Za-z0-9]{{3,}}(?:\z|(?:\.{{3}}|…)[A-Za-z0-9]*))",
    rf"{B}(?P<s>whsec_[A-Za-z0-9+/=]{{16,}})",
)  # fmt: skip
NPM: Final = _token("npm", "npm tokens", "npm-token", ("npm_",), rf"{B}(?P<s>npm_[A-Za-z0-9]{{30,}})")
PYPI: Final = _token("pypi", "PyPI tokens", "pypi-token", ("pypi-",), rf"{B}(?P<s>pypi-[A-Za-z0-9_-]{{40,}})")
SENDGRID: Final = _token(
    "sendgrid",
    "SendGrid keys",
    "sendgrid-key",
    (r"sg\.",),
    rf"{B}(?P<s>SG\.[A-Za-z0-9_-]{{16,}}\.[A-Za-z0-9_-]{{16,}})",
    rf"{B}(?P<s>SG\.[A-Za-z0-9_-]{{8,}}(?:\.[A-Za-z0-9_-]*)?(?:\z|(?:\.{{3}}|…)[A-Za-z0-9_-]*))",
)
TELEGRAM: Final = Pattern(
    name="telegram",
    category=Category.CREDENTIALS,
    summary="tokens of Telegram bots",
    find=found_by(
        rf"(?:{B}|bot)(?P<s>[0-9]{{6,12}}(?::|%3[aA])[A-Za-z0-9_-]{{34,36}})", "telegram-token", _has_digit_and_upper
    ),
    triggers=(r"[0-9](?::|%3a)[A-Za-z0-9_-]{30}",),
    shown=("telegram-token",),
)
SK_KEY: Final = Pattern(
    name="sk_key",
    category=Category.CREDENTIALS,
    summary="keys that begin with `sk-`, as those of OpenAI and Anthropic",
    find=found_by(rf"{B}(?P<s>sk-[A-Za-z0-9_-]{{16,}})", "api-key", has_digit),
    triggers=("sk-",),
    shown=("api-key",),
)
DISCORD: Final = Pattern(
    name="discord",
    category=Category.CREDENTIALS,
    summary="tokens of Discord bots and users, and the token in webhook URLs: any host, any version of the API",
    find=found_by_any(
        found_by(
            rf"(?i:webhooks|interactions){_SLASH}[0-9]{{5,20}}{_SLASH}(?P<s>[A-Za-z0-9_.%-]{{16,}})", "discord-webhook"
        ),
        found_by(
            rf"{B}(?P<s>[A-Za-z0-9_-]{{23,30}}{_DOT}[A-Za-z0-9_-]{{6,7}}{_DOT}[A-Za-z0-9_-]{{27,45}})",
            "discord-token",
            _has_digit_and_upper,
            "[A-Za-z0-9_-]",
        ),
        found_by(rf"{B}(?P<s>mfa\.[A-Za-z0-9_-]{{60,}})", "discord-token"),
    ),
    triggers=("webhooks", "interactions", r"(?:\.|%2e)[A-Za-z0-9_-]{6,7}(?:\.|%2e)", r"mfa\."),
    shown=("discord-webhook", "discord-token"),
)

TOKENS: Final = (
    JWT, AWS, GCP, AZURE, GITHUB, GITLAB, SLACK, STRIPE, NPM, PYPI, SENDGRID, TELEGRAM, SK_KEY, DISCORD, VENDOR,
)  # fmt: skip
