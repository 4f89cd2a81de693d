"""Few open files are a warning with the cure."""

import resource

import pytest

from otel_discord.service.open_files import warn_of_few_files


@pytest.mark.parametrize(("limit", "is_said"), [(64, True), (1024, False), (resource.RLIM_INFINITY, False)])
def test_said_where_it_is_low(
    limit: int, is_said: bool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (limit, limit))
    warn_of_few_files()
    assert ("only 64 files may be open at once" in caplog.text) == is_said
