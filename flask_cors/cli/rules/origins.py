"""Rules about ``origins``: entries that cannot match, and those that others can take over."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from ...origins import AllowedOrigins
from ...resources import literal_prefix
from ..finding import EXAMPLE, Finding, Level, changed, covers, finding_at
from ..site import Cover, Site
from ..source import as_python
from ..writing import Fix


def doubtful_origin(site: Site) -> Iterator[Finding]:
    """Origins that can never match, or that were corrected."""
    for cover in covers(site):
        origins = cover.policy.origins
        if not origins.warnings and not origins.patterns:
            continue
        for entry in origins.entries:
            level, text = _doubt(entry)
            if text:
                yield finding_at(cover, "doubtful-origin", level, f"{text}.", _mend_origin(site, cover, entry, text))


def _doubt(entry: Any) -> tuple[Level, str]:
    found = AllowedOrigins.parse([entry])
    if any(map(_matches_no_origin, found.patterns)):
        text = f"{as_python(entry)} can never match: an origin begins with its scheme and ends with host or port"
        return "error", text
    works = found.exact or found.wildcards or found.any_origin
    return ("warning" if works else "error"), "".join(found.warnings)


def _matches_no_origin(pattern: re.Pattern[str]) -> bool:
    if pattern.flags & ~re.UNICODE:  # they change how it is read
        return False
    beginning = literal_prefix(pattern.pattern)
    begins = "://" in beginning or any(known.startswith(beginning[:4]) for known in ("http://", "null"))
    return not begins or pattern.pattern.rstrip("$").endswith("/")


def _mend_origin(site: Site, cover: Cover, entry: Any, text: str) -> Fix:
    """Write what the sentence says; remove what it does not mend."""
    mended = [_mend_pattern(entry)] if text.endswith("ends with host or port") else _named_in(text)
    kept = [item for one in cover.policy.origins.entries for item in (mended if one == entry else [one])]
    if not kept:
        return Fix(text="Write the origins of your pages there.")
    return changed(site, cover, {"origins": tuple(dict.fromkeys(kept))})


def _mend_pattern(entry: Any) -> Any:
    """Return a pattern with a scheme at its beginning, and no slash at its end."""
    text = (entry.pattern if isinstance(entry, re.Pattern) else entry).removeprefix("^").removesuffix("$")
    regex = text.rstrip("/") if "://" in text else f"https://{text.strip('/')}"
    return re.compile(regex) if isinstance(entry, re.Pattern) else f"^{regex}$"


def _named_in(text: str) -> list[Any]:
    """Return what a sentence says to write."""
    code = re.search(r'write re\.compile\(r"(.*)"\)', text)
    if code:
        return [re.compile(code[1])]
    quoted = re.search(r"write (\[.*\]|'[^']*')", text)
    value = ast.literal_eval(quoted[1]) if quoted and EXAMPLE not in quoted[1] else []
    return value if isinstance(value, list) else [value]


def risky_origin(site: Site) -> Iterator[Finding]:
    """Origins that others can take over, with credentials."""
    for cover in covers(site):
        origins = cover.policy.origins
        risks = origins.credential_warnings() if cover.policy.supports_credentials else ()
        for risk in risks:
            if risk.startswith("re.compile("):  # a pattern, which `pattern_allows_more` finds
                continue
            safer = [_safer(one) if risk.startswith(repr(one)) else one for one in origins.entries]
            fix = changed(site, cover, {"origins": tuple(one for one in safer if one)}) if any(safer) else Fix()
            yield finding_at(cover, "risky-origin", "warning", f"{risk}.", fix)


def _safer(origin: Any) -> Any:
    return (
        "" if "://*." in str(origin) and not str(origin).startswith("http:") else str(origin).replace("http:", "https:")
    )
