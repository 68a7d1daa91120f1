"""Where a JSON value ends that cannot be read, so that what follows it can."""

from __future__ import annotations

import re

NOT_YET, NOWHERE = -1, -2
"""More of the text must be seen; however much is seen, it is not plain."""
# Behind a text comes a sign: else one of the two quotation marks is not one of a pair.
_PARTS = re.compile(r'"(?:[^"\\\n]|\\.)*+"(?=\s*[,:\]}])|[\[\]{},]')
_CLOSES = {"]": "[", "}": "{"}
_SEEN_BEHIND = 1 << 16  # so that no text between is cut by the window
_NEXT_LINE = re.compile(r"\n(?=\x1e?\{)")


def element_end(text: str, at: int, is_all: bool) -> int:
    """Where a damaged element of a list ends: before the comma or bracket that follows it.

    It begins at `at`. Returns the place in `text`, NOT_YET or NOWHERE. `is_all`: nothing follows.
    """
    opened: list[str] = []
    for found in _PARTS.finditer(text, at):
        part = found[0]
        if part in _CLOSES and _CLOSES[part] in opened:
            while opened.pop() != _CLOSES[part]:
                pass
        elif part in _CLOSES.values():
            opened.append(part)
        elif part == "]" or (part == "," and not opened):  # of the list itself
            if not is_all and found.start() + _SEEN_BEHIND >= len(text):
                break
            return NOWHERE if opened else found.start()
    return NOWHERE if is_all else NOT_YET


def line_end(text: str, at: int, is_all: bool) -> int:
    """Where a damaged line ends: before the next one that begins an object, or with all there is.

    Arguments and result as for `element_end`.
    """
    found = _NEXT_LINE.search(text, at)
    return found.start() if found else len(text) if is_all else NOT_YET
