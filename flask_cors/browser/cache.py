"""The preflight cache (#cors-preflight-cache)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal

from .safelists import is_non_wildcard_header

#: What a preflight allows: ``("method", "PUT")`` or ``("header", "x-lower-case")``.
Grant = tuple[Literal["method", "header"], str]
CacheKey = tuple[str, str]
_Entry = tuple[CacheKey, bool, Grant]


class PreflightCache:
    """The cached permissions: one entry for each method or header name, with the time when it expires.

    *key* is the serialized origin and the URL; one page has one network partition. Renewing an entry restarts its time.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._expiry: dict[_Entry, float] = {}

    def allows(self, key: CacheKey, credentials: bool, grant: Grant) -> bool:
        """Whether an entry matches (#concept-cache-match-method or #concept-cache-match-header)."""
        return bool(self._matches(key, credentials, grant))

    def store(self, key: CacheKey, credentials: bool, grants: Iterable[Grant], max_age: int) -> None:
        """Renew the entries that match, create the others (#cors-preflight-fetch-0, steps 7.12 to 7.15)."""
        for grant in grants:
            entries = self._matches(key, credentials, grant) or [(key, credentials, grant)]
            self._expiry.update(dict.fromkeys(entries, self._clock() + max_age))

    def clear(self, key: CacheKey) -> None:
        """Delete all entries of *key* (#concept-cache-clear)."""
        self._expiry = {entry: expiry for entry, expiry in self._expiry.items() if entry[0] != key}

    def _matches(self, key: CacheKey, credentials: bool, grant: Grant) -> list[_Entry]:
        """Find entries (#concept-cache-match); an entry with credentials also matches without, not vice versa."""
        kind, name = grant
        flags = [True] if credentials else [True, False]
        entries: list[_Entry] = [(key, flag, grant) for flag in flags]
        # The standard forgets that * is only a name in a preflight with credentials; browsers do not.
        if not credentials and not (kind == "header" and is_non_wildcard_header(name)):
            entries.append((key, False, (kind, "*")))
        return [entry for entry in entries if entry in self._expiry and self._clock() < self._expiry[entry]]
