"""A pattern in place of one that allows too much."""

from __future__ import annotations

import re


def narrowed(pattern: re.Pattern[str]) -> re.Pattern[str]:
    r"""Return a pattern that allows a part of what *pattern* does: its names whole, and nothing behind them.

    >>> narrowed(re.compile("https://.*app.example.com.*")).pattern
    'https://(.+\\.)?app\\.example\\.com(:\\d+)?'
    """
    regex = re.sub(r"(?<=[\w)*-])\.(?=[a-z(])", r"\.", pattern.pattern)  # a dot between names is a dot
    regex = re.sub(r"(?:\.\*|\(\.\*\)\??|(?:\.|\\w|\[[^]]*\])\*\\\.\?)(?=[a-z])", r"(.+\.)?", regex)
    regex = re.sub(r"(:\?\\d[*+])?(/\??)?\.\*(\$?)$", r"(:\\d+)?\3", regex)
    if "://" not in regex:
        regex = re.sub(r"^(\^?)(?=\(\.\+)", r"\1https://", regex)
    return re.compile(regex, pattern.flags)
