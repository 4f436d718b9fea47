"""Rules about ``origins``: entries that cannot match, and those that others can take over."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from itertools import chain
from typing import Any

from ...origins import AllowedOrigins
from ...policy import Policy
from ...resources import literal_prefix
from ..advice import credential_risks
from ..finding import Finding, Level, covers, setting_finding
from ..site import Cover, Site
from ..source import as_python
from ..writing import Fix


def doubtful_origin(site: Site) -> Iterator[Finding]:
    """Origins that can never match, or that were corrected."""
    for cover in covers(site):
        origins = cover.policy.origins
        if not origins.warnings and not origins.patterns:
            continue
        if not origins.entries:  # origins=None
            yield _about_origins(site, cover, "doubtful-origin", "error", f"{origins.warnings[0]}.", ())
            continue
        doubts = {number: _doubt(entry) for number, entry in enumerate(origins.entries)}
        found = [(level, text) for level, text in doubts.values() if text]
        if found:
            level: Level = "error" if "error" in dict(found) else "warning"
            doubtful = {number for number, (_, text) in doubts.items() if text}
            text = " ".join(f"{text}." for _, text in found)
            yield _about_origins(site, cover, "doubtful-origin", level, text, doubtful)


def risky_origin(site: Site) -> Iterator[Finding]:
    """Origins that others can take over, with credentials."""
    for cover in covers(site):
        if cover.policy.supports_credentials:
            risks = {number: _risks(entry) for number, entry in enumerate(cover.policy.origins.entries)}
            risky = {number for number, risk in risks.items() if risk}
            if risky:
                text = " ".join(dict.fromkeys(f"{risk}." for risk in risks.values() if risk))
                yield _about_origins(site, cover, "risky-origin", "warning", text, risky)


def _about_origins(site: Site, cover: Cover, name: str, level: Level, text: str, which: Collection[int]) -> Finding:
    """Return a finding whose fix corrects some of the entries."""
    entries = cover.policy.origins.entries
    corrected = (
        correct(entry, credentials=cover.policy.supports_credentials) if number in which else [entry]
        for number, entry in enumerate(entries)
    )
    kept = tuple(dict.fromkeys(chain.from_iterable(corrected)))
    changes = {"origins": kept} if kept else {}
    found = setting_finding(site, cover, "origins", name, level, text, changes)
    return found if kept else replace(found, fix=Fix(text="Write the origins of your pages there."))


def correct(entry: Any, *, credentials: bool) -> list[Any]:
    """Return what to write in place of an entry: nothing, one entry, or several."""
    _, text = _doubt(entry)
    corrected = [entry]
    if text:
        corrected = [_correct_pattern(entry)] if text.endswith("ends with host or port") else _named_in(text)
    return list(filter(None, map(_safer, corrected))) if credentials else corrected


def corrected_origins(policy: Policy, *, credentials: bool) -> tuple[Any, ...]:
    """Return the entries of a policy as they should be written."""
    corrected = (correct(entry, credentials=credentials) for entry in policy.origins.entries)
    return tuple(dict.fromkeys(chain.from_iterable(corrected)))


def _risks(entry: Any) -> str:
    found = AllowedOrigins.parse([entry])
    return "" if found.patterns else ". ".join(credential_risks(found))  # patterns: `wideness` finds them


def _safer(entry: Any) -> Any:
    """Return an entry without risk with credentials; nothing for a name that anyone can get."""
    if not isinstance(entry, str) or not _risks(entry):
        return entry
    safer = entry.replace("http:", "https:")
    return "" if _risks(safer) else safer


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
    beginning = literal_prefix(pattern)
    begins = "://" in beginning or any(known.startswith(beginning[:4]) for known in ("http://", "null"))
    return not begins or pattern.pattern.rstrip("$").endswith("/")


def _correct_pattern(entry: Any) -> Any:
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
    value = ast.literal_eval(quoted[1]) if quoted else []
    return value if isinstance(value, list) else value.split(", ")
