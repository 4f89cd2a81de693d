"""No setting, and nothing said of one, shows a webhook or a token."""

from typing import Any

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from otel_discord.sdk.settings import SettingsError, read_settings
from tests.sdk.told import TOKEN, URL, variables


def test_settings_do_not_show_their_webhook() -> None:
    assert TOKEN not in repr(read_settings({"webhook_url": URL, "proxy_url": f"http://u:{TOKEN}@proxy:1"}, {}))


@drawn(
    st.dictionaries(
        st.sampled_from(["min_severity", "timeout", "username", "render", "routes", "max_mib", "config", "nonsense"]),
        st.sampled_from([URL, TOKEN, [URL], {"preset": URL}, {"roles": TOKEN}, [{"condition": URL}], "${env:HOOK}"]),
        min_size=1,
    )
)
def test_no_error_tells_a_token(arguments: dict[str, Any]) -> None:
    told = ""
    try:
        read_settings({"webhook_url": URL, **arguments}, {"HOOK": URL})
    except SettingsError as error:
        told = str(error)
    assert not any(TOKEN[start : start + 8] in told for start in range(len(TOKEN) - 7))


@pytest.mark.parametrize(
    "pasted", [TOKEN, URL, URL.partition("://")[2], URL.partition("/webhooks/")[2], f"{TOKEN} ", f"token={TOKEN}"]
)
@pytest.mark.parametrize("key", ["WEBHOOK_URL_FILE", "CONFIG", "SPOOL_DIRECTORY", "MIN_SEVERITY", "TIMEOUT", "PRESET"])
def test_a_secret_in_the_wrong_place_is_not_repeated(key: str, pasted: str) -> None:
    told = ""
    try:
        read_settings({}, variables(**{key: pasted}))
    except SettingsError as error:
        told = str(error)
    assert TOKEN not in told
    assert told
