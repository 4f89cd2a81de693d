"""Runs tests through a configuration, and says how they ended: as lines, and as JUnit XML."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from otel_discord.service.preview.found_tests import FoundTest
from otel_discord.service.preview.rehearsal import Setting, rehearse
from otel_discord.service.preview.whereabouts import whereabouts


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one test ended."""

    test: FoundTest
    differences: Sequence[str]
    seconds: float
    remarks: Sequence[str] = ()
    """Where its records went; of use where it failed."""

    @property
    def is_good(self) -> bool:
        """Whether all was as expected."""
        return not self.differences


def run_tests(setting: Setting, tests: Sequence[FoundTest]) -> Iterator[Verdict]:
    """Yield the verdicts one by one.

    Raises:
        StartError: a component does not start.
    """
    for test in tests:
        begun_s = time.perf_counter()
        outcome = rehearse(setting, test.scenario)
        differences = test.expectation.differences(outcome)
        yield Verdict(test, differences, time.perf_counter() - begun_s, [*whereabouts(outcome), *outcome.notes])


def junit(verdicts: Sequence[Verdict]) -> str:
    """Return the verdicts in the form that CI servers read."""
    suite = ET.Element(
        "testsuite",
        name="otel-discord",
        tests=str(len(verdicts)),
        failures=str(sum(not each.is_good for each in verdicts)),
        errors="0",
        time=f"{sum(each.seconds for each in verdicts):.3f}",
    )
    for each in verdicts:
        case = ET.SubElement(
            suite,
            "testcase",
            classname=each.test.file,
            name=_printable(each.test.name),
            file=each.test.file,
            line=str(each.test.line),
            time=f"{each.seconds:.3f}",
        )
        if not each.is_good:
            failure = ET.SubElement(case, "failure", message=_printable(each.differences[0]))
            failure.text = _printable("\n".join([*each.differences, *each.remarks]))
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _printable(text: str) -> str:
    """Return a text without what XML cannot say."""
    return "".join(char if char in "\n\t" or char >= " " else "�" for char in text)
