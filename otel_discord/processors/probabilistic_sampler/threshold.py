"""Thresholds and randomness of consistent sampling: 56 bits each; what is random enough passes.

Source of the rules: OpenTelemetry specification, "TraceState: Probability Sampling", and W3C Trace Context level 2. An
item is kept where its randomness is at or above the threshold; 0 keeps all, :data:`NEVER` none.
"""

import re
import struct
from typing import Final

DIGITS: Final = 14
NEVER: Final = 1 << 56
ALWAYS: Final = 0
LEAST_PROBABILITY: Final = 2.0**-56

_HEX: Final = re.compile(r"[0-9a-fA-F]+", re.ASCII)


def threshold_of(probability: float, precision: int) -> int:
    """Return the threshold for a probability of at most 1, in ``precision`` significant hexadecimal digits."""
    if probability >= 1:
        return ALWAYS
    if probability < LEAST_PROBABILITY:
        return NEVER
    rejected = 1 - probability
    while rejected * 16 < 1 and precision < DIGITS:
        rejected *= 16
        precision += 1
    exact = NEVER - round(probability * NEVER)
    shift = 4 * (DIGITS - precision)
    return min((exact + (1 << shift >> 1)) >> shift << shift, NEVER - 1)


def probability_of(threshold: int) -> float:
    """Return the share that a threshold keeps."""
    return (NEVER - threshold) / NEVER


def threshold_text(threshold: int) -> str:
    """Return the threshold in hexadecimal without trailing zeros, "0" for everything."""
    return f"{threshold:0{DIGITS}x}".rstrip("0") or "0"


def parse_threshold(text: str) -> int:
    """Return the threshold of a text.

    Raises:
        ValueError: not 1 to 14 hexadecimal digits.
    """
    if len(text) > DIGITS or not _HEX.fullmatch(text):
        raise ValueError("a threshold that is not 1 to 14 hexadecimal digits")
    return int(text, 16) << 4 * (DIGITS - len(text))


def randomness_text(randomness: int) -> str:
    """Return randomness as 14 hexadecimal digits."""
    return f"{randomness:0{DIGITS}x}"


def parse_randomness(text: str) -> int:
    """Return the randomness of a text.

    Raises:
        ValueError: not 14 hexadecimal digits.
    """
    if len(text) != DIGITS or not _HEX.fullmatch(text):
        raise ValueError("randomness that is not 14 hexadecimal digits")
    return int(text, 16)


def single_precision(value: float) -> float:
    """Return the value as 32 bits hold it: percentages are such, and shares must be the same as in the Collector."""
    try:
        return float(struct.unpack("<f", struct.pack("<f", value))[0])
    except OverflowError:
        return float("inf")
