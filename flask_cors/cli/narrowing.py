"""A pattern in place of one that allows too much."""

from __future__ import annotations

import re


def narrowed(pattern: re.Pattern[str]) -> re.Pattern[str]:
    r"""Return a pattern that allows a part of what *pattern* does: its names whole, and nothing behind them.

    >>> narrowed(re.compile("https://.*app.example.com.*")).pattern
    'https://(.+\\.)?app\\.example\\.com(:\\d+)?'
    """
    regex = escape_dots(pattern.pattern)
    regex = re.sub(r"(?:(?<!\\)\.\*|\(\.\*\)\??|(?:\.|\\w|\[[^]]*\])\*\\\.\?)(?=[a-z])", r"(.+\.)?", regex)
    regex = re.sub(r"(?<!\\)(:\?\\d[*+])?(\\?/\??)?(?<!\\)\.\*(\$?)$", r"(:\\d+)?\3", regex)
    if "://" not in regex:
        regex = re.sub(r"^(\^?)(?=\(\.\+)", r"\1https://", regex)
    try:
        return re.compile(regex, pattern.flags)
    except re.error:
        return pattern


def escape_dots(pattern: str) -> str:
    r"""Write a backslash before each dot between names, where a dot is meant.

    >>> escape_dots("https://[a-z]+.app.example.*")
    'https://[a-z]+\\.app\\.example.*'
    """
    return re.sub(r"(?<=[\w)\]}*+?-])\.(?=[a-z()[])", r"\.", pattern)
