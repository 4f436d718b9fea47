"""The playground in real browsers: each mistake and its fix, links, keys, sizes, and what is kept out."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import Keys

from examples.playground.rehearsal import Part, rehearse
from examples.playground.scenarios import SCENARIOS
from tests.browser.chromium import Chromium
from tests.browser.page import Browser
from tests.browser.test_manual import AXE, FIND
from tests.tables import table

ROOT = Path(__file__).parents[2]
PLACES = {"page": "the page", "browser": "the browser", "server": "the server"}
PRESETS = {preset["id"]: preset for preset in SCENARIOS}

CHOOSE = """async id => {
    const select = document.getElementById("scenario");
    select.value = id;
    const filled = new Promise(resolve => addEventListener("hashchange", () => setTimeout(resolve), {once: true}));
    for (const type of ["input", "change"]) select.dispatchEvent(new Event(type, {bubbles: true}));
    await filled;
}"""
TYPE = """(id, text) => {
    const field = document.getElementById(id);
    field.value = text;
    field.dispatchEvent(new Event("input", {bubbles: true}));
}"""
#: Wait until nothing is being sent, and for a verdict; return what the visitor sees.
SEE = """async (verdict) => {
    const $ = id => document.getElementById(id);
    const text = id => $(id).hidden ? "" : $(id).textContent.trim();
    const end = performance.now() + 20000;
    const isDone = () => !document.querySelector("[aria-busy]") && (!verdict || text("verdict") === verdict);
    while (!isDone() && performance.now() < end) await new Promise(resolve => setTimeout(resolve, 10));
    return {
        verdict: text("verdict"), browser: text("browser"), rule: $("standard").querySelector("a")?.textContent ?? "",
        differs: text("differs"), orders: text("orders"), lesson: text("lesson"),
        steps: [...document.querySelectorAll("#steps summary")].map(step => step.textContent),
        pictured: document.querySelectorAll("#drawing svg [data-step]").length,
        mistakes: text("mistakes"), python: text("python"), canFix: !$("fix").disabled,
    };
}"""
FIELDS = """() => {
    const fields = "#form :is(input:not([type]), select, textarea):not(#scenario, #add, #pasted)";
    return Object.fromEntries([...document.querySelectorAll(fields)].map(({id, value}) => [id, value]));
}"""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Run the playground as a visitor does, and end it with Ctrl-C."""
    command = [sys.executable, "examples/playground"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            printed = process.stdout.readline() if process.stdout else ""
            found = re.search(r"http://[^/]+/", printed)
            assert found, printed
            yield found[0]
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(10) == 0


@dataclass
class Visitor:
    """Someone before the page of the playground."""

    browser: Browser
    address: str

    def open(self, fragment: str = "") -> None:
        self.browser.open("about:blank")  # with another fragment alone, the page would not load again
        self.browser.open(self.address + fragment)

    def choose(self, scenario: str) -> None:
        self.browser.run(CHOOSE, scenario)

    def type(self, field: str, text: str) -> None:
        self.browser.run(TYPE, field, text)

    def press(self, button: str) -> None:
        self.browser.run("id => document.getElementById(id).click()", button)

    def see(self, verdict: str = "") -> dict[str, Any]:
        seen: dict[str, Any] = self.browser.run(SEE, verdict)
        return seen

    def send(self, scenario: str = "") -> dict[str, Any]:
        """Send it for real, after the choice of a scenario if one is given."""
        if scenario:
            self.choose(scenario)
        self.press("send")
        return self.see()


@pytest.fixture
def visitor(browser: Browser, address: str) -> Visitor:
    visitor = Visitor(browser, address)
    browser.resize(1440)
    visitor.open()
    return visitor


def rehearsed(scenario: str, part: Part = "mistake") -> list[str]:
    """Return the steps of the picture in the manual, as the list in the page has them."""
    return [
        f"{PLACES[step['from']]} → {PLACES[step['to']]}: {step['label']}"
        + " not sent" * (step["kind"] == "not-sent")
        + "decided here" * step["decided"]
        for step in rehearse(PRESETS[scenario], part)["steps"]
    ]


def sent(seen: dict[str, Any]) -> list[str]:
    """Return the methods of the requests on the wire, as the list of steps tells them."""
    found = [re.match(r"the browser → the server: ([A-Z]+)\b(?! not sent)", step) for step in seen["steps"]]
    return [step[1] for step in found if step]


CAME = "Blocked. The response came; the page may not read it."
DENIED = "Blocked. The browser sent a preflight first, the server denied it, and the request was never sent."
THROWN = "Nothing was sent: fetch() itself rejects this call."
REJECTED = "Flask-Cors rejects this policy. Nothing was sent."
READS = "The page reads the response."
#: What else the result tells.
TELLS = {
    "authorization": ("differs", "Your browser does not follow the standard here"),
    "done-anyway": ("orders", "Orders placed or changed at the server: 1. The page was blocked"),
    "no-policy": ("browser", "That is all that the page's script learns."),
    "hidden-header": ("browser", "none beyond the usual ones"),
}


@table(
    "scenario, verdict, requests, rule",
    ("no policy", "no-policy", CAME, "GET", "CORS check, step 2"),
    ("another port", "port", CAME, "GET", "CORS check, step 2"),
    ("JSON", "json", DENIED, "OPTIONS", "CORS-preflight fetch, step 7.7"),
    ("a method", "method", DENIED, "OPTIONS", "CORS-preflight fetch, step 7.5"),
    ("cookies", "cookies", CAME, "GET", "CORS check, step 4"),
    ("a header to read", "hidden-header", READS, "GET", "CORS check, step 5"),
    ("a login", "login", DENIED, "OPTIONS", "CORS-preflight fetch, step 7"),
    ("Authorization", "authorization", READS, "OPTIONS GET", "CORS-preflight fetch, step 7.6"),
    ("a cached preflight", "cached-preflight", READS, "OPTIONS PUT", "CORS check, step 5"),
    ("an order that is placed", "done-anyway", CAME, "POST", "CORS check, step 2"),
)
def test_a_mistake_fails_as_its_story_tells_and_its_fix_works(
    visitor: Visitor, scenario: str, verdict: str, requests: str, rule: str
) -> None:
    seen = visitor.send(scenario)
    assert (seen["verdict"], sent(seen), seen["lesson"]) == (verdict, requests.split(), "")
    place, text = TELLS.get(scenario, ("verdict", verdict))
    assert text in seen[place]
    assert bool(seen["differs"]) == (scenario == "authorization")
    assert seen["rule"].endswith(rule)
    expected = rehearsed(scenario)
    assert seen["steps"] == expected if not seen["differs"] else seen["steps"][:3] == expected[:3]
    assert seen["pictured"] == len(seen["steps"])
    visitor.press("fix")
    fixed = visitor.send()
    assert (fixed["verdict"], fixed["differs"], fixed["canFix"]) == (READS, "", False)
    assert PRESETS[scenario]["lesson"].replace("`", "") in fixed["lesson"]


def test_a_cached_preflight_outlives_the_policy(visitor: Visitor) -> None:
    for _ in range(3):  # Firefox sends the first preflight that a new profile caches once more
        visitor.send("cached-preflight")
        visitor.press("more")
        seen = visitor.send()
        if not seen["differs"]:
            break
    assert (seen["verdict"], seen["differs"], sent(seen)) == (READS, "", ["PUT"])
    assert seen["steps"] == rehearsed("cached-preflight", "more")


OWN = "#policy=cors&cors.origins"


@table(
    "fragment, verdict, rule",
    ("a sandboxed page", f"{OWN}=*&from=null", READS, "CORS check, step 3"),
    ("another site", f"{OWN}=%7Bother-page%7D&from=localhost", READS, "CORS check, step 5"),
    ("a redirect to another server", f"{OWN}=*&path=/moved", READS, "CORS check, step 3"),
    ("a second header", f"{OWN}=%7Bpage%7D&front=proxy", CAME, "CORS check, step 4"),
    ("a forbidden method", f"{OWN}=*&method=TRACE", THROWN, "new Request(), step 25.2"),
    ("credentials with the star", f"{OWN}=*&cors.supports_credentials=True", REJECTED, ""),
)
def test_more_to_try(visitor: Visitor, fragment: str, verdict: str, rule: str) -> None:
    visitor.open(fragment)
    seen = visitor.send()
    assert (seen["verdict"], seen["differs"]) == (verdict, "")
    assert seen["rule"].endswith(rule)


# -- What a visitor types, pastes, copies and links --------------------------------------------------------

LINK = (
    "#policy=cors&cors.origins=%7Bother-page%7D&cors.supports_credentials=True&front=login&from=localhost&method=PUT"
    "&path=%2Forders%2F7&headers=X-A%3A+1%0AX-B%3A+2&body=tea&credentials=include"
)
LINKED = {"policy": "cors", "option-origins": "{other-page}", "option-supports_credentials": "True", "front": "login"}
LINKED |= {"from": "localhost", "method": "PUT", "path": "/orders/7", "headers": "X-A: 1\nX-B: 2", "body": "tea"}
LINKED |= {"credentials": "include"}


def test_a_link_fills_the_fields_and_sends_nothing(visitor: Visitor) -> None:
    visitor.open(LINK)
    assert visitor.browser.run(FIELDS) == LINKED
    assert visitor.see()["steps"] == []
    visitor.type("body", "two teas")
    assert visitor.browser.run("() => location.hash") == LINK.replace("body=tea", "body=two+teas")
    visitor.browser.run("fragment => { location.hash = fragment; }", "#scenario=json")
    assert visitor.browser.run(FIELDS)["method"] == "POST"
    for wrong in (
        "scenario=no-such-thing",
        "policy=maybe&cors.no_such_option=1",
        "policy=cors&from=nowhere&method=%00",
    ):
        visitor.open(f"#{wrong}")
        assert visitor.see()["verdict"] == "What happens here"


def test_buttons_copy_the_link_the_line_of_python_and_the_command(visitor: Visitor) -> None:
    visitor.browser.run("() => { navigator.clipboard.writeText = async text => { window.copied = text; }; }")
    visitor.choose("json")
    visitor.type("origin", "https://mine.example")
    visitor.send()
    copied = {"copy-link": f"{visitor.address}#scenario=json"}
    copied |= {"copy-python": 'CORS(app, origins="https://mine.example")'}
    copied |= {"copy-command": "flask --app app cors explain http://127.0.0.1:"}
    for button, text in copied.items():
        visitor.press(button)
        assert str(visitor.browser.run("() => window.copied")).startswith(text)
        assert visitor.browser.run("() => document.getElementById('copied').textContent").startswith("Copied: ")


CHROMIUM = (
    "Access to fetch at 'http://127.0.0.1:5051/orders' from origin 'http://127.0.0.1:5050' has been blocked by CORS "
    "policy: No 'Access-Control-Allow-Origin' header is present on the requested resource."
)


PASTED = {"CORS(app, origins='https://a.example')": ("option-origins", "https://a.example")}
PASTED |= {"@cross_origin(max_age=5)\ndef v(): ...": ("option-max_age", "5"), CHROMIUM: ("path", "/orders")}


def test_a_pasted_line_or_message_fills_the_fields(visitor: Visitor) -> None:
    for text, (field, value) in PASTED.items():
        visitor.choose("method")
        visitor.type("pasted", text)
        visitor.press("fill")
        visitor.see()
        assert visitor.browser.run(FIELDS)[field] == value


IMAGE = "<img src=x onerror=alert(1)>"
MARKUP = {"option-origins": IMAGE, "headers": f"X-A: {IMAGE}", "path": "/<svg onload=alert(1)>", "origin": f'">{IMAGE}'}
MARKUP |= {"body": "</script><script>alert(1)</script>"}


@pytest.mark.parametrize("field", MARKUP)
def test_markup_stays_text(visitor: Visitor, field: str) -> None:
    elements = "() => document.querySelectorAll('img, iframe[srcdoc], script, [onerror], [onload]').length"
    visitor.choose("json")
    before = visitor.browser.run(elements)
    visitor.type(field, MARKUP[field])
    visitor.send()
    assert visitor.browser.run(elements) == before


def test_a_mistake_or_a_correction_of_the_policy_is_told_below_it(visitor: Visitor) -> None:
    visitor.choose("method")
    visitor.type("option-methods", "GET PUT")
    seen = visitor.send()
    assert (seen["verdict"], "GET PUT" in seen["mistakes"]) == (REJECTED, True)
    visitor.choose("port")
    visitor.type("option-origins", "https://app.example/")
    assert "\n# " in visitor.send()["python"]


# -- Keyboard, sizes, colours ------------------------------------------------------------------------------

FOCUSED = "() => document.activeElement.id"


def tab_to(visitor: Visitor, element: str) -> None:
    for _ in range(40):
        visitor.browser.press(Keys.TAB)
        if visitor.browser.run(FOCUSED) == element:
            return
    raise AssertionError(f"Tab does not reach {element}")


def press_focused(browser: Browser) -> None:
    """Press Enter on a button. In Firefox, buttons take keys in an active window only; a headless one is not."""
    if isinstance(browser, Chromium):
        browser.press(Keys.ENTER)
    else:
        browser.run("() => document.activeElement.click()")


def test_the_keyboard_alone_sends_and_fixes(visitor: Visitor) -> None:
    visitor.open("#scenario=json")
    tab_to(visitor, "send")
    press_focused(visitor.browser)
    assert visitor.see(DENIED)["verdict"] == DENIED
    visitor.browser.press(Keys.TAB)
    press_focused(visitor.browser)
    assert visitor.browser.run(FOCUSED) == "send"
    visitor.browser.press(Keys.CONTROL, Keys.ENTER)
    assert visitor.see(READS)["verdict"] == READS
    tab_to(visitor, "copy-link")


def test_arrow_keys_walk_the_steps(visitor: Visitor) -> None:
    count = len(visitor.send("json")["steps"])
    walked = []
    for key in (Keys.RIGHT, Keys.RIGHT, Keys.LEFT, *[Keys.RIGHT] * count):
        visitor.browser.press(key)
        are_open = visitor.browser.run("() => [...document.querySelectorAll('#steps details')].map(step => step.open)")
        walked.append(are_open.index(True))
    assert walked == [0, 1, 0, *range(1, count), count - 1]


@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_scrolls_sideways_and_axe_finds_nothing_serious(visitor: Visitor, width: int) -> None:
    visitor.browser.resize(width)
    visitor.send()
    assert (visitor.browser.run(FOCUSED) == "verdict") is (width == 390)  # a phone shows it
    visitor.browser.run(f"() => {{ {AXE} }}")
    found = axe(visitor, width)
    for scenario in ("login", "json", "port", "authorization"):
        visitor.send(scenario)
        assert visitor.browser.run("() => document.documentElement.scrollWidth - innerWidth") <= 0
        visitor.browser.press(Keys.RIGHT)
        found += axe(visitor, width)
        visitor.press("fix")
        visitor.send()
        found += axe(visitor, width)
    assert found == []


def axe(visitor: Visitor, width: int) -> list[str]:
    """Return what axe finds; in Chromium, which can be told the scheme, in light and dark."""
    found: list[str] = visitor.browser.run(FIND, [])
    if isinstance(visitor.browser, Chromium):
        visitor.browser.resize(width, "dark")
        found += visitor.browser.run(FIND, ["color-contrast"])
        visitor.browser.resize(width)
    return found


# -- Whom the frame serves ---------------------------------------------------------------------------------

TALK = """async (kind, url, called) => {
    const wait = (resolve, result) => setTimeout(resolve, 1000, result);
    const frame = document.createElement("iframe");
    const target = kind === "frame" ? document.body.appendChild(frame).contentWindow : window.open(url);
    frame.src = url;
    await new Promise(resolve => { frame.onload = resolve; wait(resolve); });
    const {port1: port, port2} = new MessageChannel();
    const reply = new Promise(resolve => {
        port.onmessage = ({data}) => resolve(data.error ?? "a response");
        wait(resolve, "no response");
    });
    target.postMessage({type: "call"}, "*", [port2]);
    port.postMessage({url: called, init: {}});
    const result = await reply;
    if (kind === "window") target.close();
    return result;
}"""


def test_the_frame_serves_no_other_page_and_calls_the_server_of_the_playground_only(
    visitor: Visitor, origin: str
) -> None:
    called = f"{visitor.address}runner", f"{visitor.address}setup"
    reply = visitor.browser.run(TALK, "frame", *called)
    assert reply == "This frame calls the server of the playground only."
    visitor.browser.open(f"{origin}/")
    assert [visitor.browser.run(TALK, kind, *called) for kind in ("frame", "window")] == ["no response"] * 2
