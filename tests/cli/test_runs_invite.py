"""`otel-discord runs invite` prints the link that brings the bot in."""

import pytest

from otel_discord.cli.commands import run_command_line

pytestmark = pytest.mark.usefixtures("clean_environment")


@pytest.mark.parametrize(
    ("options", "permissions"),
    [
        (["--minimal"], 536871952),
        ([], 536988688),
        (["--minimal", "--overwrites"], 805309456),
        (["--overwrites"], 805424144),
        (["--overwrites", "--threads"], 805424144 + (1 << 34) + (1 << 35) + (1 << 38)),
    ],
    ids=str,
)
def test_invite_prints_the_link(options: list[str], permissions: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["runs", "invite", "--application-id", "112233445566778899", *options]) == 0
    said = capsys.readouterr()
    link = f"https://discord.com/oauth2/authorize?client_id=112233445566778899&scope=bot&permissions={permissions}"
    assert said.out.strip() == link
    assert "Manage Webhooks" in said.err
    assert ("Manage Roles" in said.err) == ("--overwrites" in options)
    assert ("Send Messages" in said.err) == (options != ["--minimal"])


@pytest.mark.parametrize("arguments", [["my-app"], ["1&scope=x"], ["112233445566778899", "--minimal", "--threads"]])
def test_invite_of_nobody_is_refused(arguments: list[str]) -> None:
    assert run_command_line(["runs", "invite", "--application-id", *arguments]) == 2
