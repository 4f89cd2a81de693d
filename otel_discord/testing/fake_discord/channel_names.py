"""What Discord makes of the name of a text channel; the exact rule is not published.

discord/discord-api-docs#1646, discord-jda/JDA#1124, Yes-Theory-Fam/yesbot-ts#971
"""

import re
from typing import Final

_DROPPED: Final = re.compile(r"""[!"#$%&'()*+,./:;<=>?@\[\\\]^`{|}~]""")
_SPACE: Final = re.compile(r"\s")
_DASHES: Final = re.compile(r"-{2,}")


def text_channel_name(name: str) -> str:
    """Return a name in lower case, white space as ``-``, runs of it as one, without some punctuation."""
    dashed = _SPACE.sub("-", _DROPPED.sub("", name.strip().lower()))
    return _DASHES.sub("-", dashed).strip("-")
