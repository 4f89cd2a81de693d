"""The form for a token. Pure."""

from otel_discord.extensions.status_page.pages.words import text


def login_page(form_token: str, wrong: str = "") -> str:
    """Return a document; ``wrong`` says why the last try did not let in."""
    sign = f'<p class="notice bad" role="alert">{text(wrong)}</p>' if wrong else ""
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" '
        'content="dark light"><title>Sign in · otel-discord</title><link rel="icon" href="/static/icon.svg">'
        '<script src="/static/theme.js"></script><link rel="stylesheet" href="/static/status.css"></head>'
        f'<body class="login"><main id="main"><h1>otel-discord</h1>{sign}<form class="card" method="post" '
        f'action="/login"><input type="hidden" name="form_token" value="{text(form_token)}"><p>'
        '<label for="token">Token</label><input id="token" name="token" type="password" required autofocus '
        'autocomplete="current-password" maxlength="4096"></p><p><button>Sign in</button></p></form>'
        '<p class="hint">The token of this page’s authenticator. Scripts send it in a header instead.</p></main>'
        "</body></html>"
    )
