"""The manual in Chromium: axe finds nothing serious on any page, and a copy button copies the commands alone."""

import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import pytest
from flask import Flask

from tests.browser.chromium import Chromium, chromium
from tests.transcripts.servers import HOST, serving

DOCS = Path(__file__).parents[2] / "docs"
AXE = (files("axe_core_python") / "axe.min.js").read_text()
#: The rules that axe tries in each view, or all; light and dark differ in their colours alone.
VIEWS: dict[tuple[int, str], list[str]] = {
    (width, scheme): rules for width in (1280, 390) for scheme, rules in (("light", []), ("dark", ["color-contrast"]))
}
FIND = """async rules => {
    const options = {resultTypes: ["violations"], iframes: false, preload: false};
    if (rules.length) options.runOnly = rules;
    const serious = (await axe.run(options)).violations.filter(({impact}) => /serious|critical/.test(impact));
    return serious.flatMap(({id, nodes}) => nodes.map(({html}) => `${id}: ${html}`));
}"""
COPY = """() => [...document.querySelectorAll(".highlight-console")].map(block => {
    let copied;
    document.execCommand = () => { copied = document.activeElement.value; };
    block.querySelector("button.copybtn").click();
    return [block.querySelector("pre").textContent, copied];
})"""
PLANTED = """<!doctype html><html lang=en><title>Planted</title><main><h1>Planted</h1><img src=data:,><p>Text</p></main>
<style>@media (prefers-color-scheme: dark) and (width < 400px) {p {color: #999}}</style></html>"""


@dataclass(frozen=True)
class Visit:
    """What axe finds on a page, and the text of each console block beside what its button copies."""

    findings: list[str]
    copied: list[tuple[str, str]]


def visit(urls: list[str], profile: Path) -> list[Visit]:
    visits = []
    with chromium(profile) as browser:
        for url in urls:
            browser.open(url)
            visits.append(Visit(list(find(browser, url.rpartition("/")[2])), browser.run(COPY)))
    return visits


def find(browser: Chromium, page: str) -> Iterator[str]:
    browser.run("source => { window.eval(source); }", AXE)
    for view, rules in VIEWS.items():
        browser.emulate(*view)
        yield from (f"{page} {view}: {finding}" for finding in browser.run(FIND, rules))


@pytest.fixture(scope="module")
def visits(tmp_path_factory: pytest.TempPathFactory) -> list[Visit]:
    """Build the manual, put a page of mistakes before its pages, and visit all with two browsers."""
    html = tmp_path_factory.mktemp("manual")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "-b", "html", "-d", str(tmp_path_factory.mktemp("doctrees"))]
    subprocess.run([*command, DOCS, html], check=True, timeout=120)
    pages = ["planted.html", *sorted(str(path.relative_to(html)) for path in html.rglob("*.html"))]
    (html / "planted.html").write_text(PLANTED)
    with serving(Flask("manual", static_folder=html, static_url_path="")) as port, ThreadPoolExecutor() as pool:
        urls = [f"http://{HOST}:{port}/{page}" for page in pages]
        profiles = [tmp_path_factory.mktemp("profile") for _ in range(2)]
        halves = pool.map(visit, [urls[::2], urls[1::2]], profiles)
        return [page for half in halves for page in half]


def test_axe_finds_nothing_serious_on_any_page_wide_or_narrow_light_or_dark(visits: list[Visit]) -> None:
    assert len(visits) > len(list(DOCS.glob("*/*.rst")))
    assert [finding for page in visits for finding in page.findings] == [
        "planted.html (1280, 'light'): image-alt: <img src=\"data:,\">",
        "planted.html (390, 'light'): image-alt: <img src=\"data:,\">",
        "planted.html (390, 'dark'): color-contrast: <p>Text</p>",
    ]


def test_a_copy_button_copies_the_commands_without_prompt_and_response(visits: list[Visit]) -> None:
    blocks = [block for page in visits for block in page.copied]
    assert len(blocks) > 80
    for text, copied in blocks:
        assert copied == "\n".join(re.findall(r"^\$ ((?:.*\\\n)*.*)", text, re.MULTILINE))
