"""Which requests are let through to the pages, whoever sends them. Pure.

Against pages of other sites: a name that an attacker points at this machine (DNS rebinding) is refused, and a form or
an embedded request of another origin as well.
"""

import hmac
import ipaddress
from collections.abc import Collection
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from otel_discord.extensions.status_page.exchange import Answer, Ask, text_answer

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'none'; object-src 'none'; frame-ancestors 'none'; form-action 'self'; base-uri 'none'"
)
SAFE_HEADERS: Final = {  # a stricter Referrer-Policy would have browsers hide the origin of our own forms
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
"""On every answer."""
_OWN: Final = frozenset({"same-origin", "none"})


def host_refusal(ask: Ask, own_names: Collection[str]) -> Answer | None:
    """Return the refusal of a request under a name that is none of ours; None where it is.

    Addresses are always ours: an attacker needs a name to point somewhere else.
    """
    name = host_name(ask.headers.get("host", ""))
    if name in {"localhost", *own_names} or _is_address(name):
        return None
    return text_answer(
        HTTPStatus.MISDIRECTED_REQUEST,
        "This page is not served under that name. Use localhost, or add the name to allowed_hosts of status_page.",
    )


def origin_refusal(ask: Ask) -> Answer | None:
    """Return the refusal of what another site's page sends; links to here from elsewhere are fine."""
    site = ask.headers.get("sec-fetch-site", "")
    follows_link = ask.method == "GET" and ask.headers.get("sec-fetch-mode") == "navigate"
    if site and site not in _OWN and not follows_link:
        return text_answer(HTTPStatus.FORBIDDEN, "Refused: the request comes from another site's page.")
    origin = ask.headers.get("origin", "")
    if ask.method != "GET" and origin and urlsplit(origin).netloc.lower() != ask.headers.get("host", "").lower():
        return text_answer(HTTPStatus.FORBIDDEN, "Refused: the request comes from another site's page.")
    return None


def form_refusal(ask: Ask, form_token: str) -> Answer | None:
    """Return the refusal of a form that no page of ours has given out."""
    if hmac.compare_digest(ask.form.get("form_token", "").encode("utf-8", "replace"), form_token.encode()):
        return None
    return text_answer(
        HTTPStatus.FORBIDDEN, "Refused: this form is of an older page. Go back, load the page again, and retry."
    )


def host_name(host: str) -> str:
    """Return the name of a ``Host`` header without its port, in lower case."""
    try:
        return (urlsplit(f"//{host}").hostname or "").lower().rstrip(".")
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
