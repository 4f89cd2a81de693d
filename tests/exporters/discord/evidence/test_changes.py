"""Deploys are seen in what resources say of themselves."""

from otel_discord.exporters.discord.evidence.changes import AWAY_NS, ChangeWatch
from otel_discord.exporters.discord.evidence.origin import origin_of
from otel_discord.testing.otlp import key_values

SECOND = 10**9


def seen(watch: ChangeWatch, at_s: float, version: str = "", service: str = "worker", **others: str) -> None:
    names = {
        "service.name": service,
        "service.version": version,
        **{k.replace("__", "."): v for k, v in others.items()},
    }
    watch.seen(origin_of(key_values({key: value for key, value in names.items() if value})), int(at_s * SECOND))


def told(watch: ChangeWatch) -> list[tuple[str, str, str, int]]:
    found = watch.between(0, 10**18, lambda _: True)
    return [(each.what, each.before, each.after, each.at_ns // SECOND) for each in found]


def test_a_start_of_ours_is_no_deploy() -> None:
    watch = ChangeWatch()
    seen(watch, 1, "1")
    seen(watch, 2, "1")
    seen(watch, 2, "7", service="cart")
    assert told(watch) == []


def test_a_new_version_is_one_change_while_it_is_rolled_out() -> None:
    watch = ChangeWatch()
    seen(watch, 1, "1")
    for second in range(10, 100, 2):
        seen(watch, second, "2")
        seen(watch, second + 1, "1")
    assert told(watch) == [("service.version", "1", "2", 10)]


def test_a_rollback_is_a_change_once_the_old_one_was_away() -> None:
    watch = ChangeWatch()
    seen(watch, 1, "1")
    away_s = AWAY_NS // SECOND
    for second in range(10, 20 + away_s, 10):
        seen(watch, second, "2")
    seen(watch, 30 + away_s, "1")
    seen(watch, 31 + away_s, "1")
    assert told(watch) == [("service.version", "2", "1", 30 + away_s), ("service.version", "1", "2", 10)]


def test_who_was_only_silent_has_not_changed() -> None:
    watch = ChangeWatch()
    seen(watch, 1, "1")
    seen(watch, 10_000, "1")
    assert told(watch) == []


def test_a_deploy_that_shows_in_several_attributes_is_told_by_the_best() -> None:
    watch = ChangeWatch()
    seen(watch, 1, "1.8.1", container__image__tag="a", vcs__ref__head__revision="f00")
    seen(watch, 5, "1.8.1", container__image__tag="b", vcs__ref__head__revision="f01")
    seen(watch, 9, "1.8.2", container__image__tag="b", vcs__ref__head__revision="f01")
    assert told(watch) == [("service.version", "1.8.1", "1.8.2", 9)]


def test_containers_of_one_service_are_told_apart() -> None:
    watch = ChangeWatch()
    for second in range(5):
        seen(watch, second, container__image__tag="web-1", k8s__container__name="web")
        seen(watch, second, container__image__tag="proxy-9", k8s__container__name="proxy")
    assert told(watch) == []


def test_it_is_bounded() -> None:
    watch = ChangeWatch()
    for number in range(2_000):
        seen(watch, number, str(number), service=f"job-{number % 700}")
        seen(watch, number, str(number))
    assert len(told(watch)) <= 200
    assert len(watch._seen) <= 500
    assert all(len(values) <= 16 for known in watch._seen.values() for values in known.values())
