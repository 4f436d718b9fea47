r"""Origins of other owners that resemble those for which a pattern is meant. One that is allowed shows a gap.

>>> find_lookalike(r"https://.*example\.com", re.compile(r"https://.*example\.com").fullmatch)
'https://evil-example.com'

Pure: strings in, strings out.
"""

import re
from collections.abc import Callable, Iterator
from itertools import islice

from ..origins import AllowedOrigins, compile_pattern

# The name that an attacker has registered begins with "evil". A name below "example.com" does not.
_REGISTERED = re.compile(r"evil-?[a-z0-9][a-z0-9-]*(\.(ac|co|com|gov|net|org))?\.[a-z]+(:8)?$|\.evil$")
_OPTIONAL = r"(?:\\.|\[[^]]*\]|\([^()]*\)|[^\\()\[\]?*+{}|])\?|(?:\\d|\[0-9\])\*"
_ENDLESS = r"(?:\.|\\[wSD]|\[[^]]*\])\*\??\$?$"  # a repeat at the end
_GROUP_OF_CHOICES = r"\((?:\?[^:>()]*[:>]?)?([^()|]*\|[^()]*)\)"
_MOST_CHOICES = 30
_EXPONENTIAL = re.compile(r"[+*?}]\)+[+*{]")  # a repeat of a repeat: to match it could take hours


def find_lookalike(pattern: str, allow: Callable[[str], object]) -> str:
    """Return the first lookalike that *allow* allows, or ``""``.

    :param pattern: a regular expression, or a part of an origin.
    """
    return "" if _EXPONENTIAL.search(pattern) else next(filter(allow, _lookalikes(pattern)), "")


def matches_something(pattern: str) -> bool:
    """Tell whether each choice of a pattern matches an origin, as far as samples show; they leave out how often.

    :raises ValueError: for an invalid pattern.
    """
    loose = re.sub(r"\{[\d,]+\}", "+", re.sub(r"^(?!http)[a-z-]+(?=://)", "https", pattern))  # as samples have it
    allow = AllowedOrigins.parse([compile_pattern(loose)]).allow
    choices = islice(_choices(loose), _MOST_CHOICES)
    return not _EXPONENTIAL.search(loose) and all(any(map(allow, _samples(choice))) for choice in choices)


def _samples(pattern: str) -> Iterator[str]:
    yield from (_sample(part, name) for part in _parts(pattern) for name in ("a", "", "8"))


def _lookalikes(pattern: str) -> Iterator[str]:
    samples = [_sample(part, name) for part in _parts(pattern) for name in ("", "evil-", "evil")]
    yield from filter(_REGISTERED.search, samples)
    for origin in samples:
        yield f"{origin}.evil.net".replace("-.", ".")
    for origin in samples:
        for dot in re.finditer(r"(?<=[a-z0-9])\.(?!evil)(?=.*[a-z][a-z-]*$)", origin):
            yield f"{origin[: dot.start()]}x{origin[dot.end() :]}"


def _parts(pattern: str) -> Iterator[str]:
    """Yield a pattern as it is, then without what is optional; then each of its choices in the same way."""
    for choice in (pattern, *islice(_choices(pattern), _MOST_CHOICES)):
        yield choice
        yield re.sub(r"\([^()]*\)\?", "", choice)
        yield re.sub(_ENDLESS, "", re.sub(_OPTIONAL, "", choice))


def _choices(pattern: str) -> Iterator[str]:
    """Yield what is left of a pattern if each of its groups is one of its choices."""
    waiting = [pattern]
    while waiting:
        text = waiting.pop()
        group = re.search(_GROUP_OF_CHOICES, text)
        if group is None:
            yield from text.split("|")
        else:
            before, after = text[: group.start()], text[group.end() :]
            waiting += [f"{before}(?:{choice}){after}" for choice in reversed(group[1].split("|"))]


def _sample(pattern: str, name: str) -> str:
    """Return an origin like those that a pattern matches, with *name* in the place of letters that vary."""
    text = re.sub(r"\((\.|\\w)\)(?=[*+{])", r"\1", pattern.replace("[.]", r"\."))  # (.)* is .*
    text = re.sub(r"\\d|\[0-9\]", "8", text)
    text = re.sub(r"\\[wWDS]|\[.[^]]*\]|\.(?=[*+{])", name, text)
    for _ in range(5):  # groups in groups: the first choice of each
        text = re.sub(r"\((?:\?[^:>()]*[:>]?)?([^()|]*)[^()]*\)", r"\1", text)
    text = re.sub(r"\\[AbBZ]?|[\^$*+?]|\{.*?\}", "", text).partition("|")[0]
    scheme, separator, host = text.rpartition("://")
    return f"{'http' if scheme == 'http' else 'https'}://{host if separator else name + host}"
