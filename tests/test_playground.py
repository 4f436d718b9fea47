"""The playground without a browser: its limits and guards, what a visitor may type and paste, and each scenario."""

import json
import re
import signal
import subprocess
import sys
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import Client, TestResponse

from examples.playground import serving
from examples.playground.addresses import Addresses
from examples.playground.paste import read_policy
from examples.playground.patterns import pattern_mistake
from examples.playground.rehearsal import environ_of
from examples.playground.runs import Shop
from examples.playground.scenarios import SCENARIOS
from examples.playground.site import make_site
from flask_cors.browser import Browser, Outcome, Request, Response
from flask_cors.cli.console import WORDINGS
from flask_cors.options import NAMES, build_resources, parse_keywords
from tests.tables import examples, lines, table, words

ROOT = Path(__file__).parents[1]
ADDRESSES = Addresses(5050, 5051)
CALL: dict[str, Any] = {**SCENARIOS[0]["call"]}
PLAN: dict[str, Any] = {"options": {"origins": "{page}"}, "front": "", "call": CALL}
STARTS = "The CORS playground is at (http://127.0.0.1:[0-9]+)/ - press Ctrl-C to end it.\n"


class Visitor:
    """The page of the playground, with a model of a browser in place of a real one."""

    def __init__(self) -> None:
        shop = Shop(ADDRESSES)
        self._shop = Client(shop)
        self._site = make_site(ADDRESSES, shop).test_client()
        self._pages: dict[str, Browser] = {}
        self.setup = self.block("/")

    def get(self, path: str, host: str = "127.0.0.1:5050") -> TestResponse:
        """Load a file."""
        return self._site.get(path, headers={"Host": host}, buffered=True)

    def block(self, path: str) -> dict[str, Any]:
        """Return the data in a page."""
        found = re.search('<script type="application/json" id="setup">(.*?)</script>', self.get(path).text)
        data: dict[str, Any] = json.loads(found[1] if found else "")
        return data

    def post(self, path: str, data: Any = None, **headers: str) -> TestResponse:
        """Send what the page sends, and other *headers*."""
        usual = {"Host": "127.0.0.1:5050", "Origin": ADDRESSES.page, "Content-Type": "application/json"}
        text = data if isinstance(data, str) else json.dumps(data)
        all_headers = {**usual, "X-Playground-Token": self.setup["token"], **headers}
        return self._site.post(path, data=text, headers=all_headers)

    def fetch(self, request: Request, **more: Any) -> Response:
        """Let the shop respond."""
        found = self._shop.open(**{**environ_of(request), **more})
        return Response(found.status_code, tuple(found.headers), body=found.data)

    def send(self, fields: Any) -> tuple[dict[str, Any], Outcome, dict[str, Any]]:
        """Plan, call and judge, as *Send it for real* does."""
        call = {**CALL, **fields["call"]}
        plan: Any = self.post("/plan", {**PLAN, **fields, "call": call}).json
        page = self._pages.setdefault(call["from"], Browser(ADDRESSES.origins[call["from"]], self.fetch))
        options = {"method": call["method"], "headers": call["headers"], "credentials": call["credentials"]}
        outcome = page.fetch(plan["url"], body=call["body"], **options)
        judged: Any = self.post("/judge", {"run": plan["run"], "url": plan["url"], "readable": outcome.allowed}).json
        return plan, outcome, judged


visitor = Visitor()

# The scenarios -------------------------------------------------------------------------------------------------------


def step_of(words: str) -> str:
    """Write a step of the standard in full."""
    return words.replace("preflight", "#cors-preflight-fetch-0 step").replace("check", "#cors-check step")


def policies(options: dict[str, Any]) -> Any:
    return build_resources(parse_keywords(ADDRESSES.fill(options), "CORS()", "resources")).rules


@lines(
    "name, step, cause",
    """
    no-policy         check 2        no-cors
    port              check 2        policy-lacks-origins
    json              preflight 7.7  policy-lacks-headers
    method            preflight 7.5  policy-lacks-methods
    cookies           check 4        policy-lacks-origins
    hidden-header     check 5
    login             preflight 7    preflight-refused
    authorization     preflight 7.6  policy-lacks-headers
    cached-preflight  check 5
    done-anyway       check 2        policy-lacks-origins
    """,
)
def test_a_mistake_is_decided_by_a_step_and_its_fix_is_advised(name: str, step: str, cause: str) -> None:
    [scenario] = [dict(scenario) for scenario in visitor.setup["presets"] if scenario["id"] == name]
    _, outcome, judged = visitor.send(scenario)
    assert (outcome.step, judged["model"]["step"]) == (step_of(step),) * 2
    assert (judged["model"]["cause"] or {"id": ""})["id"] == cause
    if "why_not" not in scenario:
        assert policies(judged["change"]["options"]) == policies(scenario["fix"]["options"])
        assert f"+{judged['change']['python']}" in judged["change"]["diff"].split("\n")
    plan, outcome, judged = visitor.send({**scenario, **scenario["fix"]})
    assert (outcome.allowed, judged["model"]["allowed"], judged["change"]) == (True, True, None)
    assert read_policy(plan["python"]).options == ADDRESSES.fill(scenario["fix"]["options"])


@table(
    "fields, step, cause",
    ("a proxy adds a second header", {"front": "proxy"}, "#cors-check step 4", "changed-on-the-way"),
    ("a sandboxed page", {"call": {"from": "null"}}, "#cors-check step 2", "origin-null"),
    ("a redirect to another server", {"call": {"path": "/moved"}}, "#cors-check step 2", "redirect"),
    ("a method that fetch refuses", {"call": {"method": "TRACE"}}, "#dom-request step 25.2", "page-makes-no-call"),
    ("a path without a policy", {"options": {"resources": "/me"}}, "#cors-check step 2", "not-covered"),
)
def test_other_mistakes(fields: dict[str, Any], step: str, cause: str) -> None:
    _, outcome, judged = visitor.send({"call": {}, **fields})
    assert (outcome.step, judged["model"]["step"], judged["model"]["cause"]["id"]) == (step, step, cause)
    assert judged["change"]["front"] == ""


def test_the_steps_and_the_picture_show_what_crossed_the_wire() -> None:
    headers = [["X-Tea", "<img src=x onerror=alert(1)>"]]
    options = {"origins": "{page}", "headers": "X-Tea", "supports_credentials": True}
    call = {"path": "/moved", "headers": headers, "credentials": "include"}
    _, _, judged = visitor.send({"options": options, "call": call})
    shown = [" ".join([step["from"], step["to"], step["label"], "!" * step["decided"]]) for step in judged["steps"]]
    first = ["page browser fetch GET /moved ", "browser server OPTIONS /moved ", "server browser 200 "]
    moved = ["browser server GET /moved ", "server browser 302 ", "browser other OPTIONS /orders "]
    assert shown == [*first, *moved, "other browser 200 !", "browser page \N{BALLOT X} TypeError "]
    assert headers[0] in judged["wire"][1]["request"]
    drawing = judged["drawing"]
    assert [f'data-step="{number}"' in drawing for number in range(10)] == [False, *[True] * 8, False]
    assert ("<img" in drawing, "&lt;img" in drawing, "request, no cookies" in drawing) == (False, True, True)


def test_a_run_is_judged_once_and_a_message_that_the_model_does_not_use_is_left_over() -> None:
    plan: Any = visitor.post("/plan", {**PLAN, "call": {**CALL, "method": "PUT"}}).json
    asked = [("Origin", ADDRESSES.page), ("Access-Control-Request-Method", "PUT")]
    for _ in range(2):  # Firefox sends the preflight again
        visitor.fetch(Request("OPTIONS", plan["url"], asked))
    visitor.fetch(Request("PUT", plan["url"], asked[:1]))
    judged: list[Any] = [visitor.post("/judge", {"run": plan["run"]}).json for _ in range(2)]
    assert judged[0] == judged[1]
    model = judged[0]["model"]
    assert (judged[0]["left_over"], model["allowed"], model["response"]["status"]) == (1, True, 405)


# What a visitor types ------------------------------------------------------------------------------------------------


@table(
    "change, status, said",
    ("an unknown option", {"options": {"origin": "*"}}, 422, "did you mean 'origins'?"),
    ("cookies for every origin", {"options": {"supports_credentials": True}}, 422, "cannot be combined with"),
    ("a group in a pattern", {"options": {"resources": ["(a+)+"]}}, 422, r"not for the playground: write letters"),
    ("a group in an origin", {"options": {"origins": ["^(a|a)*$"]}}, 422, "not for the playground"),
    ("a group of one path", {"options": {"resources": {"/": {"origins": "^(a)"}}}}, 422, "not for the playground"),
    ("a long policy", {"options": {"origins": ["https://a.example"] * 300}}, 422, "longer than 4000 characters"),
    ("a path of another host", {"call": {**CALL, "path": "//[x/#"}}, 422, "is not a path of the shop"),
    ("a path without a slash", {"call": {**CALL, "path": "@evil.example/"}}, 422, "is not a path of the shop"),
    ("a long path", {"call": {**CALL, "path": "/" * 201}}, 422, "200 characters at most"),
    ("a long body", {"call": {**CALL, "body": "é" * 2_049}}, 422, "longer than 4096 bytes"),
    ("options that are a list", {"options": []}, 400, "options must be an object"),
    ("an unknown front", {"front": "firewall"}, 400, "front must be one of '', 'login', 'proxy'"),
    ("an unknown mode", {"call": {**CALL, "credentials": []}}, 400, "credentials must be one of 'omit'"),
    ("a method that is a number", {"call": {**CALL, "method": 1}}, 400, "must be text"),
    ("headers that are no pairs", {"call": {**CALL, "headers": ["a"]}}, 400, "must be a pair of texts"),
    ("many headers", {"call": {**CALL, "headers": [["a", "b"]] * 21}}, 400, "20 pairs at most"),
    ("an address that is forgotten", {"keep": "unknown"}, 404, "This run is forgotten"),
)
def test_a_plan_is_refused_in_words(change: dict[str, Any], status: int, said: str) -> None:
    response = visitor.post("/plan", {**PLAN, **change})
    data: Any = response.json
    assert (response.status_code, [*data]) == (status, ["mistakes" if status == 422 else "error"])
    assert said in "".join(data.values())


def test_a_plan_has_the_line_of_python_the_command_and_the_corrections() -> None:
    call = {**CALL, "method": "PUT", "headers": [["X-Tea", "a b"]], "body": "x", "credentials": "include"}
    plan: Any = visitor.post("/plan", {**PLAN, "options": {"max_age": 5, "origins": ["{page}/"]}, "call": call}).json
    assert plan["python"] == 'CORS(app, origins="http://127.0.0.1:5050/", max_age=5)'
    assert plan["portable"] == {
        "python": 'CORS(app, origins="https://app.example/", max_age=5)',
        "command": "flask --app app cors explain http://127.0.0.1:5000/orders --origin https://app.example "
        "--method PUT --header 'X-Tea: a b' --data x --credentials",
    }
    [warning] = plan["warnings"]
    assert "is corrected to 'http://127.0.0.1:5050'" in warning


def test_each_option_is_offered_with_a_sentence() -> None:
    offered = {option["name"]: option for option in visitor.setup["options"]}
    assert offered.keys() == {*NAMES, "resources"} - {"allow_headers", "intercept_exceptions"}
    assert all(option["help"].endswith(".") for option in offered.values())
    assert [offered[name]["default"] for name in ("origins", "max_age", "vary_header")] == ["*", None, True]


simple = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
json_values = st.recursive(
    simple | st.sampled_from(["*", "{page}", "^a+", "/a/"]),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from([*NAMES]), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*NAMES, "resources"]) | st.text(), json_values, max_size=4))
@examples({"origins": "\ud800"}, {"max_age": 10**400}, {"origins": ["^\n"]}, {"resources": {"*": None}}, {"": 1})
def test_any_policy_gets_a_plan_or_words(options: dict[str, Any]) -> None:
    response = visitor.post("/plan", {**PLAN, "options": options})
    assert response.status_code in (200, 400, 422)
    if response.status_code == 200:
        assert visitor.send({"options": options, "call": {}})[2]["wire"]


PATTERNS = words(r"* /api/* /api/v\d+/ ^https://[^/]+\.example$ ^http://localhost:\d+$")
NO_PATTERNS = [*words(r"(a+)+$ a?a?a?a?aaaa .*.*.*.*b [a-z]+ a{9} a** a|b \w+ ^* (?=a) a+?"), "a" * 101, "a\n"]


def test_a_pattern_is_in_the_grammar_or_is_explained() -> None:
    assert [pattern for pattern in PATTERNS + NO_PATTERNS if not pattern_mistake(pattern)] == PATTERNS


# What a visitor pastes -----------------------------------------------------------------------------------------------


@table(
    "text, options, noted",
    ("a line", 'CORS(app, origins="*", max_age=600)', {"origins": "*", "max_age": 600}, ""),
    ("a decorator", '@cross_origin(origins="*")', {"origins": "*"}, "is for one view"),
    ("lines that are no program", 'with x:\ncors.init_app(app, headers=("A",))\n(', {"headers": ["A"]}, ""),
    ("an escape that Python does not know", r'CORS(app, resources="/v\d")', {"resources": r"/v\d"}, ""),
    ("a call of a function", "CORS(app, max_age=exit(3))", {}, "max_age is not a plain value"),
    ("a name for the origins", "CORS(app, origins=exit)", {"origins": "{page}"}, "{page} stands in its place"),
    ("a spread", "CORS(app, **options)", {"origins": "{page}"}, "** is not a plain value"),
    ("a number that JavaScript rounds", "CORS(app, max_age=0x" + "f" * 4_000 + ")", {}, "max_age is not a plain value"),
    ("a deep value", f"CORS(app, max_age={'-' * 900}1)", {}, "max_age is not a plain value"),
    ("elsewhere", 'CORS(app, origins="https://a.example")', {"origins": "https://a.example"}, "{page} here"),
)
def test_a_pasted_policy_fills_the_fields(text: str, options: dict[str, Any], noted: str) -> None:
    pasted: Any = visitor.post("/paste", {"text": text}).json
    assert pasted["options"] == options
    assert noted in " ".join(pasted["notes"])


STEPS = {"missing-allow-origin": "check 2", "origin-mismatch": "check 2", "origin-not-allowed": "check 2"}
STEPS |= {"multiple-values": "check 4", "wildcard-with-credentials": "check 4", "credentials-not-true": "check 8"}
STEPS |= {
    "preflight-status": "preflight 7",
    "method-not-allowed": "preflight 7.5",
    "header-not-allowed": "preflight 7.7",
}


@pytest.mark.parametrize("cause", STEPS)
def test_a_pasted_message_of_a_console_becomes_the_same_mistake(cause: str) -> None:
    text = next(wording.example for wording in WORDINGS if wording.cause == cause)
    text += "\nFetch API cannot load http://127.0.0.1:5000/users due to access control checks."
    _, outcome, _ = visitor.send(visitor.post("/paste", {"text": text}).json)
    assert outcome.step == step_of(STEPS[cause])


def test_a_text_of_another_kind_is_refused_in_words() -> None:
    texts = {"": "This is not a URL", "CORS": "not a path", "why is it blocked": "This is not a URL"}
    texts |= {"CORS(" + "[" * 5_000: "Python cannot read this line", "x" * 8_001: "longer than 8000"}
    for text, message in texts.items():
        response = visitor.post("/paste", {"text": text})
        assert (response.status_code, message in response.text) == (422, True)


def test_a_copied_request_fills_the_call_and_leaves_the_policy() -> None:
    text = "curl 'https://api.example/users' -X PUT -H 'Origin: https://app.example' -H 'X-Tea: 1' --data-raw '{}'"
    pasted: Any = visitor.post("/paste", {"text": text}).json
    call = {**CALL, "method": "PUT", "path": "/orders/1", "headers": [["X-Tea", "1"]], "body": "{}"}
    assert (pasted["call"], [*pasted]) == (call, ["call", "notes"])


@given(st.text("CORS(app,)=[]{}\"'*\\@\n0x-", max_size=80).map("CORS({}".format))
@examples("CORS(a, b=" + "-" * 6_000 + "1)", "CORS(a, b" + ".b" * 3_000 + ")", "CORS(a, b='\ud800')", "CORS(\0)")
def test_any_text_is_read_or_refused(text: str) -> None:
    assert visitor.post("/paste", {"text": text}).status_code in (200, 400, 422)


# Guards and limits ---------------------------------------------------------------------------------------------------


HOSTS = {"127.0.0.1:5050": (200, 421), "localhost:5050": (302, 421)}
HOSTS |= dict.fromkeys(["127.0.0.1:5051", "localhost:5051"], (421, 404))
OTHER_HOSTS = words("127.0.0.1 localhost LOCALHOST:5050 127.0.0.1.:5050 127.1:5050 [::1]:5050 127.0.0.1:5050@evil")
OTHER_HOSTS += words("evil.example:5050 evil.example")


@pytest.mark.parametrize("host", [*HOSTS, *OTHER_HOSTS])
def test_each_server_responds_at_its_own_hosts_only(host: str) -> None:
    response = visitor.fetch(Request("GET", f"{ADDRESSES.shop}/?run=unknown", ()), headers={"Host": host})
    assert (visitor.get("/", host).status_code, response.status) == HOSTS.get(host, (421, 421))
    assert not [name for name, _ in response.headers if name.startswith("Access-Control")]


@table(
    "headers, data, status",
    ("the page itself", {}, PLAN, 200),
    ("the page at the other site", {"Origin": ADDRESSES.other_page}, PLAN, 403),
    ("the same page of https", {"Origin": "https://127.0.0.1:5050"}, PLAN, 403),
    ("a sandboxed page", {"Origin": "null"}, PLAN, 403),
    ("no page", {"Origin": ""}, PLAN, 403),
    ("another token", {"X-Playground-Token": "x"}, PLAN, 403),
    ("a token that is no ASCII", {"X-Playground-Token": "\xe9"}, PLAN, 403),
    ("what a form can send", {"Content-Type": "text/plain"}, PLAN, 403),
    ("more than 16 KiB", {}, json.dumps({**PLAN, "x": "x" * 16_384}), 413),
    ("JSON of 5,000 levels", {}, "[" * 5_000 + "]" * 5_000, 400),
    ("a policy of 20 levels", {}, {**PLAN, "options": {"origins": json.loads("[" * 18 + "]" * 18)}}, 422),
    ("a policy of 21 levels", {}, {**PLAN, "options": {"origins": json.loads("[" * 19 + "]" * 19)}}, 400),
    ("no JSON", {}, "{", 400),
    ("a list", {}, [], 400),
)
def test_only_the_page_itself_may_send_and_only_json(headers: dict[str, str], data: Any, status: int) -> None:
    assert visitor.post("/plan", data, **headers).status_code == status


def test_what_has_no_run_or_text_is_refused() -> None:
    for path in ("/judge", "/paste"):
        assert visitor.post(path, {"run": ["x"], "text": 1}).status_code in (400, 404)
        assert visitor.post(path, {}, Origin="null").status_code == 403


def test_a_page_of_elsewhere_reads_nothing_and_only_the_frame_can_be_framed() -> None:
    pages, api = [ADDRESSES.page, ADDRESSES.other_page], [ADDRESSES.shop, ADDRESSES.other]
    page, static, runner = (
        visitor.get(path).headers["Content-Security-Policy"] for path in ("/", "/static/app.js", "/runner")
    )
    assert page == static
    assert all(policy.startswith("default-src 'none'; script-src ") for policy in (page, runner))
    assert not re.search("unsafe|data:|[*]", page + runner)
    assert "frame-ancestors 'none'" in page
    assert f"frame-ancestors {' '.join(pages)};" in runner
    assert f"connect-src {' '.join(api)};" in runner
    for response in (visitor.get("/"), visitor.get("/runner"), visitor.post("/plan", PLAN), visitor.post("/plan", 1)):
        assert not [name for name in dict(response.headers) if name.startswith(("Access-Control", "Set-Cookie"))]
    assert visitor.block("/runner") == {"pages": pages, "api": api}  # and not the token
    assert visitor.get("/static/conversation.css").text.startswith("/* The pictures of the conversation directive")


def test_32_runs_are_kept_and_a_call_sends_20_messages() -> None:
    visitor = Visitor()
    plans: list[Any] = [visitor.post("/plan", PLAN).json for _ in range(33)]
    statuses = [visitor.fetch(Request("GET", plan["url"], ())).status for plan in plans]
    assert statuses == [404, *[200] * 32]
    assert [visitor.fetch(Request("GET", plans[-1]["url"], ())).status for _ in range(20)] == [*[200] * 19, 429]
    url = plans[-2]["url"]
    assert visitor.fetch(Request("POST", url, (), b"x" * 4_097)).status == 413
    assert visitor.fetch(Request("GET", url.replace("/orders", "/" + "a" * 200), ())).status == 413


# The program ---------------------------------------------------------------------------------------------------------


def test_a_server_listens_at_both_loopback_addresses_or_takes_another_port() -> None:
    with ExitStack() as opened:
        first = [opened.enter_context(one) for one in serving.open_sockets(0)]
        port = first[0].getsockname()[1]
        assert [one.getsockname()[:2] for one in first] == [(host, port) for host in serving.hosts()]
        first[0].close()  # now only the other address is taken
        second = [opened.enter_context(one) for one in serving.open_sockets(port)]
        assert {one.getsockname()[1] for one in second} != {port} or len(first) == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_the_program_prints_its_address_serves_and_ends_cleanly(number: signal.Signals) -> None:
    command = [sys.executable, "-W", "error", str(ROOT / "examples" / "playground")]
    options: Any = {"cwd": ROOT / "docs", "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen(command, **options) as it:
        try:
            found = re.fullmatch(STARTS, it.stdout.readline() if it.stdout else "")
            assert found is not None
            with closing(HTTPConnection(found[1].removeprefix("http://"), timeout=10)) as connection:
                connection.request("GET", "/")
                assert 'id="setup"' in connection.getresponse().read().decode()
            it.send_signal(number)
            assert (it.communicate(timeout=10)[0], it.returncode) == ("", 0)
        finally:
            it.kill()


def test_the_playground_needs_nothing_but_flask_and_this_package() -> None:
    code = "import sys; before = {*sys.modules}; import examples.playground.site; print(*{*sys.modules} - before)"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    names = {name.partition(".")[0] for name in loaded.split()} - sys.stdlib_module_names
    brought = {"blinker", "click", "flask", "itsdangerous", "jinja2", "markupsafe", "werkzeug"}
    assert names <= {*brought, "flask_cors", "examples", "docs"}
