"""``otel-discord test``: the tests beside templates and in the configuration."""

from pathlib import Path

import click

from otel_discord import __version__
from otel_discord.cli.examples import examples
from otel_discord.cli.exit_codes import FAILURE, OK
from otel_discord.cli.options import Sources, config_options


@click.command(epilog=examples("test --config config.yaml", "test --config config.yaml --junit results.xml"))
@config_options
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--junit", "junit_file", type=click.Path(dir_okay=False, path_type=Path), help="Write JUnit XML here.")
@click.option("--quiet", is_flag=True, help="Say only what failed.")
def test(sources: Sources, files: tuple[Path, ...], junit_file: Path | None, quiet: bool) -> int:
    """Run tests through the real pipelines; nothing is sent.

    Without FILES: the key `tests` of the configuration and of its templates. 1 where a test fails, or there is none.
    """
    from otel_discord.cli.preview_text import safe
    from otel_discord.service.preview.found_tests import find_tests
    from otel_discord.service.preview.rehearsal import Setting
    from otel_discord.service.preview.show import read_configuration
    from otel_discord.service.preview.verdict import junit, run_tests

    if not sources.configs:
        raise click.UsageError("tests need a configuration: --config FILE (`otel-discord init` writes one)")
    configuration, _ = read_configuration(sources.configs, sources.sets)
    verdicts = []
    for verdict in run_tests(Setting(configuration, __version__), find_tests(sources.configs, configuration, files)):
        verdicts.append(verdict)
        word = click.style("ok  ", fg="green") if verdict.is_good else click.style("FAIL", fg="red")
        if not (quiet and verdict.is_good):
            click.echo(f"{word} {verdict.test.place} {safe(verdict.test.name)}")
        for line in () if verdict.is_good else (*verdict.differences, *verdict.remarks):
            click.echo(f"     {safe(line)}")
    if junit_file is not None:
        try:
            junit_file.write_text(junit(verdicts), encoding="utf-8")
        except OSError as error:
            raise click.ClickException(f"{junit_file} cannot be written: {error.strerror}") from None
    failed = sum(not each.is_good for each in verdicts)
    if not verdicts:
        click.echo(
            "there are no tests: write some under the key `tests` of a template or of the configuration", err=True
        )
        return FAILURE
    click.echo(f"{len(verdicts) - failed} ok, {failed} failed in {sum(each.seconds for each in verdicts):.2f} s")
    return FAILURE if failed else OK
