"""The Luhn check of payment cards and other identification numbers. Source: ISO/IEC 7812-1, annex B."""

from otel_discord.ottl.errors import OttlError


def is_valid_luhn(number: str | None) -> bool:
    """Whether the last digit is the check digit of the others; spaces do not count, and no digits are no number.

    Raises:
        OttlError: nil, or anything but digits and spaces.
    """
    if number is None:
        raise OttlError("nil is no number")
    digits = number.replace(" ", "")
    if not digits:
        return False
    if not (digits.isascii() and digits.isdigit()):
        raise OttlError("only digits can be checked")
    doubled = (sum(divmod(int(digit) * 2, 10)) for digit in digits[-2::-2])
    plain = (int(digit) for digit in digits[::-2])
    return (sum(plain) + sum(doubled)) % 10 == 0
