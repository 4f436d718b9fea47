"""The manual in Chromium: what axe, the width of a phone, the copy buttons and the keyboard find on its pages."""

import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from flask import Flask
from selenium.webdriver import Keys

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
#: What is wider than its place. Output in columns may scroll; on a phone, so may a table.
WIDE = """() => [...document.querySelectorAll("html, body *")].filter(one => {
    const scrolls = one.localName === "html" || /auto|scroll/.test(getComputedStyle(one).overflowX);
    const mayScroll = one.matches(innerWidth < 400 ? ".columns, .table-wrapper" : ".columns");
    return scrolls && !mayScroll && one.scrollWidth > one.clientWidth;
}).map(one => `wide: ${one.outerHTML.split("\\n")[0]}`)"""
COPY = """() => [...document.querySelectorAll(".highlight-console")].map(block => {
    let copied;
    document.execCommand = () => { copied = document.activeElement.value; };
    block.querySelector("button.copybtn").click();
    return [block.querySelector("pre").textContent, copied];
})"""
#: What the keyboard must reach; and where it is, and whether a frame shows that in sight.
REACHABLE = """() => [...document.querySelectorAll("a[href], button, input, summary, [tabindex]")]
    .filter(one => one.checkVisibility({visibilityProperty: true})).map(one => one.outerHTML)"""
FOCUSED = """() => {
    const focused = document.activeElement;
    const shown = focused.matches(".toctree-checkbox") ? focused.nextElementSibling : focused;
    const {outlineStyle, outlineWidth, opacity} = getComputedStyle(shown);
    const {left, right, top, bottom} = shown.getClientRects()[0];
    const x = (Math.max(left, 0) + Math.min(right, innerWidth)) / 2;
    const y = (Math.max(top, 0) + Math.min(bottom, innerHeight)) / 2;
    const isInSight = shown.contains(document.elementFromPoint(x, y));
    const isSeen = isInSight && outlineStyle !== "none" && parseFloat(outlineWidth) >= 2 && opacity === "1";
    return [focused === document.body ? "" : focused.outerHTML, isSeen];
}"""
CURRENT_IS_SHOWN = """() => {
    const link = document.querySelector(".sidebar-tree .current-page > a");
    const {left, top, bottom} = link.getBoundingClientRect();
    return top >= 0 && bottom <= innerHeight && link.contains(document.elementFromPoint(left + 5, (top + bottom) / 2));
}"""
TITLE_FITS = """() => {
    const [header, title] = [".mobile-header", ".mobile-header .brand"].map(one => document.querySelector(one));
    const [{top, bottom}, inner] = [header, title].map(one => one.getBoundingClientRect());
    return top <= inner.top && inner.top < inner.bottom && inner.bottom <= bottom;
}"""
PLANTED = """<!doctype html><html lang=en><title>Planted</title><main><h1>Planted</h1><img src=data:,><p>Text</p>
<a href=#a>Seen</a> <a href=#b tabindex=-1>Unreached</a> <a href=#c style="outline: none">Unseen</a>
<pre tabindex=0 style="overflow-x: auto; width: 9em">A line that is too long.</pre></main>
<style>@media (prefers-color-scheme: dark) and (width < 400px) {p {color: #999}}
:focus {outline: 2px solid}</style></html>"""


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the manual, and put a page of mistakes among its pages."""
    html = tmp_path_factory.mktemp("manual")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "-b", "html", "-d", str(tmp_path_factory.mktemp("doctrees"))]
    subprocess.run([*command, DOCS, html], check=True, timeout=120)
    (html / "planted.html").write_text(PLANTED)
    return html


@pytest.fixture(scope="module")
def site(html: Path) -> Iterator[str]:
    with serving(Flask("manual", static_folder=html, static_url_path="")) as port:
        yield f"http://{HOST}:{port}"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    with chromium(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


def test_nothing_is_serious_or_wide_and_a_copy_button_copies_the_commands(
    html: Path, site: str, browser: Chromium
) -> None:
    """On any page, wide or narrow, light or dark; the commands without prompt and response."""
    findings, copied = [], []
    pages = [str(page.relative_to(html)) for page in html.rglob("*.html")]
    for page in pages:
        browser.open(f"{site}/{page}")
        copied += browser.run(COPY)
        browser.run("source => { window.eval(source); }", AXE)
        for view, rules in VIEWS.items():
            browser.resize(*view)
            findings += [f"{page} {view}: {found}" for found in browser.run(FIND, rules) + browser.run(WIDE)]
    assert len(pages) > len(list(DOCS.glob("*/*.rst")))
    image, wide = 'image-alt: <img src="data:,">', 'wide: <pre tabindex="0" style="overflow-x: auto; width: 9em">'
    assert [finding.split(">")[0] + ">" for finding in findings] == [
        f"planted.html (1280, 'light'): {image}",
        f"planted.html (1280, 'light'): {wide}",
        f"planted.html (1280, 'dark'): {wide}",
        f"planted.html (390, 'light'): {image}",
        f"planted.html (390, 'light'): {wide}",
        "planted.html (390, 'dark'): color-contrast: <p>",
        f"planted.html (390, 'dark'): {wide}",
    ]
    assert len(copied) > 80
    for text, command in copied:
        assert command == "\n".join(re.findall(r"^\$ ((?:.*\\\n)*.*)", text, re.MULTILINE))


@pytest.mark.parametrize("page", ["index", "how-to/credentials", "search", "genindex", "404"])
def test_the_title_fits_into_the_header_of_a_phone(page: str, site: str, browser: Chromium) -> None:
    browser.resize(390)
    browser.open(f"{site}/{page}.html")
    assert browser.run(TITLE_FITS) is True
    browser.run("title => { document.querySelector('.mobile-header .brand').textContent = title; }", "Flask-Cors " * 9)
    assert browser.run(TITLE_FITS) is False


# The keyboard


def walk(browser: Chromium) -> tuple[set[str], set[str]]:
    """Press Tab until the page ends; return what was not reached, and what was focused without being seen."""
    waiting: list[str] = browser.run(REACHABLE)
    reached: set[str] = set()
    unseen: set[str] = set()
    for _ in range(len(waiting) + 10):
        browser.press(Keys.TAB)
        focused, is_seen = browser.run(FOCUSED)
        if not focused:
            return {*waiting} - reached, unseen
        reached.add(focused)
        if not is_seen:
            unseen.add(focused)
    pytest.fail(f"the keyboard does not leave {focused}")


@pytest.mark.parametrize("page", ["index", "how-to/credentials", "explanation/browser", "search", "genindex"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_keyboard_reaches_everything_and_shows_where_it_is(
    page: str, width: int, site: str, browser: Chromium
) -> None:
    browser.resize(width)
    browser.open(f"{site}/{page}.html")
    assert walk(browser) == (set(), set())


def test_what_the_keyboard_does_not_reach_or_show_is_noticed(site: str, browser: Chromium) -> None:
    unreached, unseen = '<a href="#b" tabindex="-1">Unreached</a>', '<a href="#c" style="outline: none">Unseen</a>'
    browser.open(f"{site}/planted.html")
    assert walk(browser) == ({unreached}, {unseen})
    browser.open(f"{site}/planted.html")
    browser.run("() => { document.onkeydown = event => event.preventDefault(); document.links[0].focus(); }")
    with pytest.raises(pytest.fail.Exception, match="does not leave <a"):
        walk(browser)


def test_the_side_bar_shows_the_current_page_and_the_first_tab_skips_to_the_content(
    site: str, browser: Chromium
) -> None:
    browser.resize(1280)
    for page in ("tutorial/installation", "how-to/with-other-extensions", "reference/changelog"):
        browser.open(f"{site}/{page}.html")
        assert browser.run(CURRENT_IS_SHOWN) is True
    browser.open(f"{site}/how-to/index.html")
    for key in (Keys.TAB, Keys.ENTER, Keys.TAB):
        browser.press(key)
    assert browser.run("() => document.activeElement.closest('article') !== null")
