"""When checks of a webhook are worth a word: once a way, not for one bad answer, not while messages arrive."""

from otel_discord.exporters.discord.watching.findings import FAILURES_IN_A_ROW, RECHECK_S, Finding, News


def missed(finding: Finding, at_ns: int, last_sent_ns: int = 0) -> tuple[Finding, News]:
    return finding.missed(at_ns, 1.0, last_sent_ns=last_sent_ns)


def test_down_is_told_once_and_so_is_the_return() -> None:
    finding, news = Finding(), []
    for number in range(10):
        finding, new = missed(finding, number)
        news.append(new)
    assert news == [News.DOWN if number == FAILURES_IN_A_ROW - 1 else News.NOTHING for number in range(10)]
    finding, new = finding.found(11, 0.1, label="x", name="n", channel_id="1")
    assert new is News.BACK
    finding, new = finding.found(12, 0.1, label="x", name="n", channel_id="1")
    assert new is News.NOTHING


def test_a_return_before_it_was_told_is_not_told() -> None:
    finding, _ = missed(Finding(), 1)
    _, news = finding.found(2, 0.1, label="", name="", channel_id="")
    assert news is News.NOTHING


def test_messages_that_arrive_meanwhile_say_that_it_works() -> None:
    finding = Finding()
    for number in range(1, 20):
        finding, news = missed(finding, 10 * number, last_sent_ns=10 * number - 1)
        assert news is News.NOTHING


def test_after_a_failure_it_is_looked_at_sooner() -> None:
    finding, _ = missed(Finding(), 1)
    assert finding.next_in_s(900, 0.5) == RECHECK_S
    assert 0.9 * 900 <= Finding().next_in_s(900, 0.0) <= Finding().next_in_s(900, 0.999) <= 1.1 * 900
