"""The extension, real browsers and the model agree, case by case; where they do not, ``KNOWN`` says why.

Each case is a fetch of a page, to an app with a policy or to a server written by hand. A page in a browser makes it,
and a page of the model makes it, over the same network. What they read must be the same, and so must every request
that reached a server: preflight or not, its ``Origin``, what it asks, whether cookies came. And what the browser lets
the page read must be what the policy says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

import pytest

from flask_cors.browser import get_all, get_header
from flask_cors.policy import ALL_METHODS
from tests.browser.agreement_cases import CONTENTS, Case, Fetch, Policy, all_cases, apps_of
from tests.browser.agreement_sides import Seen, Verdict, Verdicts, in_browser, in_model
from tests.browser.agreement_site import Call, running_site
from tests.browser.page import Browser


@dataclass(frozen=True)
class Results:
    """All cases, and how each came out on both sides."""

    browser: str
    cases: list[Case]
    real: Verdicts
    model: Verdicts


@pytest.fixture(scope="module")
def results(browser: Browser) -> Results:
    with running_site() as site:
        cases = all_cases(site.origins)
        site.apps |= apps_of(cases, site.origins)
        return Results(browser.name, cases, in_browser(browser, site, cases), in_model(site, cases))


# -- Where a browser and the model disagree, and why -------------------------------------------------------

READ = "whether the page could read"
SHOWN = "which headers it could read"
SENT = "which requests reached the servers"
COOKIES = "which cookies reached them"
FLOW = {READ, SENT}

Concerns = Callable[[Case, Verdict], bool]


@dataclass(frozen=True)
class Known:
    """A reason for browsers and the model to disagree: whose it is, in what they differ, and in which cases.

    A case is recognized by what the page calls, what the server responds, and how it comes out in the model.
    """

    browsers: str
    reason: str
    differs: set[str]
    concerns: Concerns


def sets(*names: str) -> Concerns:
    """Recognize a page that sets one of these headers."""
    return lambda case, _: any(name.lower() in names for name, _ in case.fetch.headers)


def sets_what_a_star_may_cover(case: Case, model: Verdict) -> bool:
    """Whether ``*`` is all that could allow the ``Authorization`` that the page sets."""
    if case.policy is not None:
        listed = str(case.policy.options["headers"])
    else:
        listed = "".join(answer.headers.get("Access-Control-Allow-Headers") or "" for answer in case.answers or ())
    return sets("authorization")(case, model) and "*" in listed and case.fetch.credentials != "include"


def said(case: Case, name: str) -> str:
    """Return what a response written by hand says."""
    return "" if case.answers is None else case.answers[1].headers.get(name) or ""


def repeats_accept(case: Case, _: Verdict) -> bool:
    """Whether each ``Accept`` is short enough, but not all of them together."""
    values = [value for name, value in case.fetch.headers if name == "Accept"]
    return all(len(value) <= 128 for value in values) and len(", ".join(values)) > 128


def locations(case: Case) -> list[str]:
    """Return where the response written by hand leads."""
    return [] if case.answers is None else get_all(case.answers[1].headers, "Location")


def preflights_after_losing_its_origin(case: Case, model: Verdict) -> bool:
    """Whether a redirect makes the origin null, and a preflight follows."""
    return case.page != "null" and any(call.is_preflight and call.header("Origin") == "null" for call in model.calls)


def actual(model: Verdict) -> list[Call]:
    """Return the actual requests of a call, without the second one that looks at cookies."""
    return [call for call in model.calls if not call.is_preflight and "again" not in call.query]


def loses_on_the_way_what_may_need_permission(_: Case, model: Verdict) -> bool:
    """Whether a redirect changes the method, or drops a header."""
    hops = [(call.method, call.header("Authorization"), call.header("Content-Type")) for call in actual(model)]
    return any(before != after for before, after in pairwise(hops))


def exposes_a_star_and_nonsense(case: Case, _: Verdict) -> bool:
    """Whether what follows ``*`` in the list is no token."""
    return " " in said(case, "Access-Control-Expose-Headers").partition("*")[2].replace(", ", ",")


def repeats_a_header_without_a_value(case: Case, _: Verdict) -> bool:
    headers = case.answers[1].headers if case.answers else ()
    return any(not value and len(get_all(headers, name)) > 1 for name, value in headers)


def uploads_by_a_method_that_no_list_has(case: Case, _: Verdict) -> bool:
    listed = case.answers is not None and case.answers[0].headers.get(ACAM)
    return case.fetch.kind == "upload" and case.fetch.method == "PUT" and not listed


def passes(*places: str) -> Concerns:
    """Recognize a request to one of these places."""
    return lambda _, model: any(call.place in places for call in model.calls)


def is_redirected(_: Case, model: Verdict) -> bool:
    return len(actual(model)) > 1 or len({(call.place, call.path) for call in model.calls}) > 1


def has_another_site(case: Case, model: Verdict) -> bool:
    own = {"app", "sub"} if case.page == "app" else {"page", "api", "other"}
    return case.page == "null" or any(call.place not in own for call in model.calls)


ACAM, SAFE = "Access-Control-Allow-Methods", ("Accept", "Content-Type")
HINTS = sets("dpr", "save-data", "device-memory", "viewport-width")
ACRH, ORIGIN, SITE, FETCH_MODE = "Access-Control-Request-Headers", "Origin", "Sec-Fetch-Site", "Sec-Fetch-Mode"
CHROMIUM, FIREFOX = "Chromium", "Firefox"
BOTH = f"{CHROMIUM} {FIREFOX}"
# fmt: off
KNOWN = [
    Known(BOTH, "'*' covers Authorization", FLOW, sets_what_a_star_may_cover),
    Known(BOTH, "equal Location headers count as one",
          FLOW, lambda case, _: len(locations(case)) > len({*locations(case)})),
    Known(BOTH, "the method of an upload must be listed", FLOW, uploads_by_a_method_that_no_list_has),
    Known(BOTH, "a page of this computer tells an insecure server its origin", {"Referer"}, passes("plain")),
    Known(BOTH, "Sec-Fetch-Storage-Access brings an Origin, which is no matter of CORS",
          {ORIGIN}, lambda case, _: case.page == "null"),
    Known(CHROMIUM, "repeated Accept headers are joined before the limit of 128 bytes", {*FLOW, ACRH}, repeats_accept),
    Known(CHROMIUM, "client hints, which have left the standard, are safelisted", {*FLOW, ACRH}, HINTS),
    Known(CHROMIUM, "the User-Agent that a page sets is dropped", {*FLOW, ACRH}, sets("user-agent")),
    Known(CHROMIUM, "an empty Location counts as none", FLOW, lambda case, _: locations(case) == [""]),
    Known(CHROMIUM, "an upload without a body has no preflight",
          FLOW, lambda case, _: case.fetch.kind == "upload" and case.fetch.body is None),
    Known(CHROMIUM, "a preflight has Sec-Fetch-Mode everywhere", {FETCH_MODE}, passes("plain")),
    Known(CHROMIUM, "a preflight after a redirect forgets where it came from", {SITE}, is_redirected),
    Known(CHROMIUM, "an element with crossorigin has an Origin, even at home",
          {ORIGIN}, lambda case, _: case.fetch.crossorigin is not None or case.fetch.kind in ("module", "font")),
    Known(CHROMIUM, "a redirect of a POST without CORS can make its Origin null", {ORIGIN}, is_redirected),
    Known(CHROMIUM, "an address is not of one site with itself at another port",
          FLOW, lambda case, _: said(case, "Cross-Origin-Resource-Policy") == "same-site"),
    Known(FIREFOX, "bytes above 0x7F in Accept and Content-Type are not safe",
          {*FLOW, ACRH}, lambda case, _: any(name in SAFE and not text.isascii() for name, text in case.fetch.headers)),
    Known(FIREFOX, "safelisted headers may exceed 1024 bytes together",
          {*FLOW, ACRH}, lambda case, _: sum(len(value) for _, value in case.fetch.headers) > 1024),
    Known(FIREFOX, "Access-Control-Request-Headers repeats a repeated name",
          {ACRH}, lambda case, _: [name.lower() for name, _ in case.fetch.headers].count("x-token") == 2),
    Known(FIREFOX, "a preflight has the page's origin, also after a redirect that makes it null for the request",
          {*FLOW, ORIGIN}, preflights_after_losing_its_origin),
    Known(FIREFOX, "a preflight follows a redirect that has taken away what needed permission",
          {SENT}, loses_on_the_way_what_may_need_permission),
    Known(FIREFOX, "'*' exposes every header, whatever follows it", {SHOWN}, exposes_a_star_and_nonsense),
    Known(FIREFOX, "an empty value of a repeated header is left out, which is no matter of CORS",
          {SHOWN}, repeats_a_header_without_a_value),
    Known(FIREFOX, "a sandboxed page has the Referer of the page around it",
          {"Referer"}, lambda case, _: case.page == "null"),
    Known(FIREFOX, "a redirect makes a request cross-site", {SITE, COOKIES}, is_redirected),
    Known(FIREFOX, "cookies of other sites are partitioned, whether or not they say so", {COOKIES}, has_another_site),
]
# fmt: on


def disagreement(one: Verdict, other: Verdict) -> set[str]:
    """Say in what two verdicts differ: the names above, and names of request headers."""
    bodies = [verdict.seen and replace(verdict.seen, headers=()) for verdict in (one, other)]
    differs = {READ} if bodies[0] != bodies[1] else {SHOWN} if one.seen != other.seen else set()
    if [call.line for call in one.calls] != [call.line for call in other.calls]:
        return {*differs, SENT}  # other requests have other headers and cookies: that is no second difference
    for call, same in zip(one.calls, other.calls, strict=True):
        differs |= {name for name, _ in {*call.headers} ^ {*same.headers}}
        differs |= {COOKIES} if call.cookies != same.cookies else set()
    return differs


def explanations(results: Results, case: Case) -> list[Known]:
    """Return the known reasons that together explain all of a difference, or none."""
    real, model = results.real[case.number], results.model[case.number]
    differs = disagreement(real, model)
    concerned = [known for known in KNOWN if results.browser in known.browsers and known.concerns(case, model)]
    found = [known for known in concerned if differs & known.differs]
    return found if differs <= {name for known in found for name in known.differs} else []


def unexplained(results: Results) -> list[str]:
    """Describe the cases in which the browser and the model disagree for no known reason."""
    found: list[str] = []
    for case in results.cases:
        real, model = results.real[case.number], results.model[case.number]
        differs = disagreement(real, model)
        if differs and not explanations(results, case):
            found.append(f"{case}\n  differs in {sorted(differs)}\n  {results.browser}: {real}\n  model: {model}")
    return found


def occurring(results: Results) -> dict[str, int]:
    """Count for each known reason the cases that only it explains."""
    counts = {known.reason: 0 for known in KNOWN if results.browser in known.browsers}
    for case in results.cases:
        found = explanations(results, case)
        for known in found if len(found) == 1 else ():
            counts[known.reason] += 1
    return counts


def test_the_browser_and_the_model_agree_but_for_known_reasons(results: Results) -> None:
    assert unexplained(results) == []


def test_every_known_reason_is_still_one(results: Results) -> None:
    assert [reason for reason, count in occurring(results).items() if not count] == []


def test_the_cases_are_many_and_come_out_in_every_way(results: Results) -> None:
    """Else the agreement would prove little."""
    verdicts = results.real.values()
    read = [verdict for verdict in verdicts if verdict.seen is not None]
    asked = [verdict for verdict in verdicts if any(call.is_preflight for call in verdict.calls)]
    agreeing = [case for case in results.cases if results.real[case.number] == results.model[case.number]]
    kinds = Counter(case.fetch.kind for case in agreeing if results.real[case.number].seen)
    assert len(agreeing) > 3000
    assert len(read) > 800
    assert len(verdicts) - len(read) > 800
    assert len([verdict for verdict in asked if verdict.seen is not None]) > 200
    assert len([verdict for verdict in asked if len(verdict.calls) == 1]) > 800
    assert len([verdict for verdict in read if len({call.place for call in verdict.calls}) > 1]) > 50
    assert len([case for case in agreeing if case.page == "null" and results.model[case.number].seen]) > 20
    assert {kind for kind in CONTENTS if kinds[kind] < 5} == set()


# -- What a policy says ------------------------------------------------------------------------------------


def allows(policy: Policy, case: Case, call: Call) -> bool:
    """Whether the options, as they are written, allow one request; a preflight asks for a method and headers too."""
    if case.fetch.credentials == "include" and not policy.options["supports_credentials"]:
        return False
    if not policy.lets_in(get_header(call.headers, "Origin") or ""):
        return False
    if not call.is_preflight:
        return True
    method = get_header(call.headers, "Access-Control-Request-Method") or ""
    wanted = {*(get_header(call.headers, "Access-Control-Request-Headers") or "").split(",")} - {""}
    headers, methods = names(policy.options["headers"]), names(policy.options["methods"]) or names([*ALL_METHODS])
    # Methods are upper-cased by the extension, and compared exactly by the browser.
    allows_method = "*" in methods or method in {"GET", "HEAD", "POST", *(name.upper() for name in methods)}
    return allows_method and ("*" in headers or wanted <= {*headers})


def names(option: object) -> list[str]:
    """Read an option that is a list, or a text that stands for one."""
    items = option.split(",") if isinstance(option, str) else option if isinstance(option, list) else []
    return [str(item).strip().lower() for item in items]


def judged_by_policy(results: Results) -> list[tuple[Case, Policy]]:
    """Pick the cases that a policy alone decides: no thrown fetch, no password in a URL, not at home."""
    return [
        (case, case.policy)
        for case in results.cases
        if case.policy is not None
        and case.fetch.place == "api"
        and not case.fetch.path.startswith("/login")
        and results.real[case.number].calls
    ]


def test_the_browser_lets_a_page_read_exactly_what_the_policy_says(results: Results) -> None:
    wrong = []
    for case, policy in judged_by_policy(results):
        verdict = results.real[case.number]
        if (verdict.seen is not None) != all(allows(policy, case, call) for call in verdict.calls):
            wrong.append(f"{case}\n  {verdict}")
    assert wrong == []


def test_the_browser_shows_exactly_the_headers_that_the_policy_exposes(results: Results) -> None:
    checked = 0
    for case, policy in judged_by_policy(results):
        seen = results.real[case.number].seen
        if seen is not None and seen.body == "the thing":
            shown = {name for name, _ in seen.headers if name in ("x-shown", "x-hidden")}
            both, listed = {"x-shown", "x-hidden"}, {*names(policy.options["expose_headers"])}
            every = "*" in listed and case.fetch.credentials != "include"
            assert shown == (both if every else both & listed), case
            checked += 1
    assert checked > 300


# -- The comparison itself ---------------------------------------------------------------------------------

CALL = Call("api", "GET", "/thing", "case=1", (("Origin", "https://app.example"),), (), b"", cookies=("lax",))
SEEN = Seen(200, (("content-length", "9"),), "the thing")
READABLE = Verdict(SEEN, (CALL,))


@pytest.mark.parametrize(
    ("other", "differs"),
    [
        pytest.param(READABLE, set(), id="nothing"),
        pytest.param(Verdict(None, (CALL,)), {READ}, id="one is blocked"),
        pytest.param(Verdict(replace(SEEN, headers=()), (CALL,)), {SHOWN}, id="a header is hidden"),
        pytest.param(Verdict(replace(SEEN, status=201, headers=()), (CALL,)), {READ}, id="another answer"),
        pytest.param(Verdict(SEEN, (CALL, CALL)), {SENT}, id="a request more"),
        pytest.param(Verdict(SEEN, (replace(CALL, headers=()),)), {"Origin"}, id="another Origin"),
        pytest.param(Verdict(SEEN, (replace(CALL, cookies=()),)), {COOKIES}, id="no cookie"),
        pytest.param(Verdict(None, ()), {READ, SENT}, id="nothing was sent"),
    ],
)
def test_a_disagreement_is_noticed(other: Verdict, differs: set[str]) -> None:
    assert disagreement(READABLE, other) == differs


def a_result(other: Verdict, *headers: tuple[str, str]) -> Results:
    return Results("Chromium", [Case(1, "page", Fetch("api", "/thing", headers=headers))], {1: READABLE}, {1: other})


def test_a_disagreement_without_a_known_reason_is_reported() -> None:
    [report] = unexplained(a_result(Verdict(None, (CALL,))))
    assert report.startswith("Case(number=1, ")
    assert "differs in ['whether the page could read']" in report


@pytest.mark.parametrize(
    ("other", "header", "reported"),
    [
        pytest.param(Verdict(None, ()), "DPR", 0, id="the reason explains it"),
        pytest.param(Verdict(SEEN, (replace(CALL, cookies=()),)), "DPR", 1, id="it explains something else"),
        pytest.param(Verdict(None, ()), "X-Token", 1, id="it concerns others"),
    ],
)
def test_a_reason_explains_only_what_it_is_about(other: Verdict, header: str, reported: int) -> None:
    result = a_result(other, (header, "2"))
    assert len(unexplained(result)) == reported
    assert sum(occurring(result).values()) == 1 - reported
