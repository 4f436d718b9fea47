"""The page of errors and warnings has every message of the package, so that each is found by its words."""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from flask_cors.cli.outside import BEFORE_CORS
from tests.tables import words

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "reference" / "messages.rst").read_text()
SOURCES = {str(path.relative_to(ROOT / "flask_cors")): path.read_text() for path in ROOT.glob("flask_cors/**/*.py")}
#: Of these, each text is a message; of the command, what it raises. The findings of ``check`` have a page of their own.
TELLING = [
    *words("options.py origins.py resources.py extension.py decorator.py _state.py _middleware.py"),
    *words("testing.py cli/advice.py cli/denied.py"),
    *(name for name in SOURCES if name.startswith("browser/") and name != "browser/differences.py"),
]
COMMAND = [name for name in SOURCES if name.startswith("cli/") and name not in TELLING]
#: Lists of names, and the head of a transcript.
OTHERS = ("evil shop", "com net org", "--- ")


def messages(sources: Iterable[str], kind: type[ast.AST] = ast.Module) -> list[re.Pattern[str]]:
    """Return patterns for the texts of three or more words in all parts of that kind."""
    parts = [part for source in sources for part in ast.walk(ast.parse(source)) if isinstance(part, kind)]
    texts = {text for part in parts for text in texts_in(part) if len(re.findall("[A-Za-z]{2,}(?= )", text)) > 2}
    return [pattern_of(text) for text in sorted(texts) if not text.startswith(OTHERS)]


def texts_in(part: ast.AST) -> Iterator[str]:
    """Yield string literals, without docstrings; ``{}`` stands for what an f-string fills in."""
    if isinstance(part, ast.JoinedStr):
        yield "".join(str(value.value) if isinstance(value, ast.Constant) else "{}" for value in part.values)
        return
    if isinstance(part, ast.Constant) and isinstance(part.value, str):
        yield part.value
    for child in ast.iter_child_nodes(part):
        if not (isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)):
            yield from texts_in(child)


def pattern_of(text: str) -> re.Pattern[str]:
    return re.compile(".+".join(map(re.escape, re.split(r"\{\w*\}|%[sr]", text.strip()))))


def missing(page: str, patterns: list[re.Pattern[str]]) -> list[str]:
    return [pattern.pattern for pattern in patterns if not pattern.search(page)]


def ids(sources: Iterable[str]) -> Iterator[str]:
    """Yield the ids of causes and notes; one that an f-string completes ends at its first brace."""
    for call in (node for source in sources for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)):
        if isinstance(call.func, ast.Name) and call.func.id in ("Cause", "Note"):
            for keyword in (one for one in call.keywords if one.arg == "id"):
                yield from (text.partition("{")[0] for text in texts_in(keyword.value))


def rows(page: str) -> dict[str, str]:
    """Find the ids on the page, and the text of each."""
    return dict(re.findall(r"^``([a-z_-]+)``\n   ``(.+)``\n   \*Fix", page, re.MULTILINE))


def test_every_error_and_warning_is_on_the_page() -> None:
    core = messages(SOURCES[name] for name in TELLING)
    command = messages((SOURCES[name] for name in COMMAND), ast.Raise)
    assert (len(core) > 100, len(command) > 20) == (True, True)
    assert missing(PAGE, core + command) == []


def test_every_cause_and_note_is_on_the_page_with_its_text() -> None:
    known = {*BEFORE_CORS, *ids(SOURCES[name] for name in COMMAND)}
    found = rows(PAGE)
    assert {re.sub("(?<=^policy-lacks-).*", "", name) for name in found} == known
    texts = messages(SOURCES.values())
    unknown = [text for text in found.values() if not any(one.search(text) for one in texts)]
    assert unknown == []


def test_a_message_that_is_not_on_the_page_is_noticed() -> None:
    planted = 'def f(x):\n    "A docstring is no message."\n    raise ValueError(f"{x!r} is a new mistake; write 1")'
    assert missing(PAGE, messages([planted], ast.Raise)) == [r".+\ is\ a\ new\ mistake;\ write\ 1"]
    cause = 'Cause(id="a" if x else "b", text="")\nNote(id=f"c-{x}", text="")'
    assert [*ids([cause])] == ["a", "b", "c-"]
    assert len(missing(PAGE.replace(" must be a bool", ""), messages([SOURCES["options.py"]]))) == 1
