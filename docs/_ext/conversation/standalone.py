"""``python -m conversation.standalone``: draw the picture of README, which has its style sheet inside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.transcripts.pages import blocks

from .calls import hold_talks, parse_call
from .drawing import draw

ROOT = Path(__file__).parents[3]
README, PICTURE = ROOT / "README.rst", ROOT / "docs" / "readme.svg"
STYLE = Path(__file__).with_name("static") / "conversation.css"
ORIGINS = ("https://evil.example", "https://app.example")
#: The colours that the manual's theme gives the variables of the style sheet, light and dark.
LIGHT = {
    "color-foreground-primary": "#1f2328",
    "color-foreground-secondary": "#59636e",
    "color-foreground-border": "#818b98",
    "color-background-primary": "#ffffff",
    "color-background-secondary": "#f6f8fa",
    "conversation-allowed": "#1a6b30",
    "conversation-blocked": "#b3261e",
}
DARK = {
    "color-foreground-primary": "#f0f6fc",
    "color-foreground-secondary": "#b1bac4",
    "color-foreground-border": "#7d8590",
    "color-background-primary": "#0d1117",
    "color-background-secondary": "#161b22",
    "conversation-allowed": "#5fd37c",
    "conversation-blocked": "#ff9c94",
}


def readme_picture(readme: str) -> str:
    """Draw what a page of another origin and a listed page get from the first app of README."""
    [source, *_] = [block.source for block in blocks(README, readme) if block.language == "python"]
    namespace: dict[str, Any] = {"__name__": "readme"}
    exec(compile(source, README, "exec", dont_inherit=True), namespace)  # noqa: S102 - this project's own
    calls = [parse_call("GET http://127.0.0.1:5000/cart", origin) for origin in ORIGINS]
    picture = draw(hold_talks(namespace["app"], calls, None), "readme", "A page is blocked, another is allowed")
    return picture.replace("><", f"><style>{_style()}</style><", 1).replace("><", ">\n<") + "\n"


def _style() -> str:
    _, first, others = STYLE.read_text().partition(".conversation-picture {")
    return f"{_rule(LIGHT)}\n@media (prefers-color-scheme: dark) {{ {_rule(DARK)} }}\n{first}{others}"


def _rule(colours: dict[str, str]) -> str:
    variables = " ".join(f"--{name}: {colour};" for name, colour in colours.items())
    return f"svg {{ {variables} background: var(--color-background-primary); }}"


if __name__ == "__main__":
    PICTURE.write_text(readme_picture(README.read_text()))
