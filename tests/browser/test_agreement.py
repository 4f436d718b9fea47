"""The extension, Chromium and the model agree, case by case; where they do not, ``KNOWN`` says why.

Each case is a fetch of a page, to an app with a policy or to a server written by hand. A page in Chromium makes it,
and a page of the model makes it, over the same network. What they read must be the same, and so must every request
that reached a server: preflight or not, its ``Origin``, what it asks, whether cookies came. And what Chromium lets
the page read must be what the policy says.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from selenium.webdriver import Chrome

from flask_cors.browser import get_all, get_header
from flask_cors.policy import ALL_METHODS
from tests.browser.agreement_cases import Case, Fetch, Policy, all_cases, apps_of
from tests.browser.agreement_sides import Seen, Verdict, Verdicts, in_chromium, in_model
from tests.browser.agreement_site import Call, running_site


@dataclass(frozen=True)
class Results:
    """All cases, and how each came out on both sides."""

    cases: list[Case]
    chromium: Verdicts
    model: Verdicts


@pytest.fixture(scope="module")
def results(browser: Chrome) -> Results:
    with running_site() as site:
        cases = all_cases(site.origins)
        site.apps |= apps_of(cases, site.origins)
        return Results(cases, in_chromium(browser, site, cases), in_model(site, cases))


# -- Where Chromium and the model disagree, and why --------------------------------------------------------

READ = "whether the page could read"
SENT = "what reached the servers"
COOKIES = "whether cookies reached them"


@dataclass(frozen=True)
class Known:
    """A reason for Chromium and the model to disagree: whom it concerns, and in what."""

    reason: str
    concerns: Callable[[Case], bool]
    differs: frozenset[str]


def sets(*names: str) -> Callable[[Case], bool]:
    """Tell whether the page sets one of these headers."""
    return lambda case: any(name.lower() in names for name, _ in case.fetch.headers)


def sets_what_a_star_may_cover(case: Case) -> bool:
    """Tell whether ``*`` is all that could allow the ``Authorization`` that the page sets."""
    return sets("authorization")(case) and "*" in allowed_headers(case) and case.fetch.credentials != "include"


def allowed_headers(case: Case) -> str:
    """Return what the answer to a preflight lists."""
    if case.policy is not None:
        return str(case.policy.options["headers"])
    return ", ".join(get_header(answer.headers, "Access-Control-Allow-Headers") or "" for answer in case.answers or ())


def repeats_accept(case: Case) -> bool:
    """Tell whether each ``Accept`` is short enough, but not all of them together."""
    values = [value for name, value in case.fetch.headers if name == "Accept"]
    return all(len(value) <= 128 for value in values) and len(", ".join(values)) > 128


def locations(case: Case) -> list[str]:
    """Return where the answer written by hand leads."""
    return [] if case.answers is None else get_all(case.answers[1].headers, "Location")


KNOWN = [
    Known("Chromium lets '*' cover Authorization", sets_what_a_star_may_cover, frozenset({READ, SENT})),
    Known(
        "Chromium joins repeated Accept headers before the limit of 128 bytes", repeats_accept, frozenset({READ, SENT})
    ),
    Known(
        "Chromium safelists client hints, which have left the standard",
        sets("dpr", "save-data", "device-memory", "viewport-width"),
        frozenset({READ, SENT}),
    ),
    Known("Chromium drops the User-Agent that a page sets", sets("user-agent"), frozenset({READ, SENT})),
    Known(
        "Chromium takes equal Location headers for one",
        lambda case: len(locations(case)) > len(set(locations(case))),
        frozenset({READ, SENT}),
    ),
    Known("Chromium takes an empty Location for none", lambda case: locations(case) == [""], frozenset({READ, SENT})),
    Known(
        "Chromium keeps cookies from sandboxed pages unless they are SameSite=None, which is no matter of CORS",
        lambda case: case.page == "null" and case.fetch.credentials == "include",
        frozenset({COOKIES}),
    ),
]


def disagreement(one: Verdict, other: Verdict) -> frozenset[str]:
    """Say in what two verdicts differ."""
    differs = {
        READ: one.seen != other.seen,
        SENT: without_cookies(one.calls) != without_cookies(other.calls),
        COOKIES: [call.cookie for call in one.calls] != [call.cookie for call in other.calls],
    }
    # Other requests have other cookies: that is no second difference.
    return frozenset({name for name, found in differs.items() if found} - ({COOKIES} if differs[SENT] else set()))


def without_cookies(calls: tuple[Call, ...]) -> list[Call]:
    return [replace(call, cookie=False) for call in calls]


def explanations(case: Case, differs: frozenset[str]) -> list[Known]:
    """Return the known reasons that explain all of a difference."""
    return [known for known in KNOWN if differs and known.concerns(case) and differs <= known.differs]


def unexplained(results: Results) -> list[str]:
    """Describe the cases in which Chromium and the model disagree for no known reason."""
    found: list[str] = []
    for case in results.cases:
        real, modelled = results.chromium[case.number], results.model[case.number]
        differs = disagreement(real, modelled)
        if differs and not explanations(case, differs):
            found.append(f"{case}\n  differs in {sorted(differs)}\n  Chromium: {real}\n  model:    {modelled}")
    return found


def occurring(results: Results) -> dict[str, int]:
    """Count for each known reason the cases that only it explains."""
    counts = dict.fromkeys((known.reason for known in KNOWN), 0)
    for case in results.cases:
        found = explanations(case, disagreement(results.chromium[case.number], results.model[case.number]))
        for known in found if len(found) == 1 else ():
            counts[known.reason] += 1
    return counts


def test_chromium_and_the_model_agree_but_for_known_reasons(results: Results) -> None:
    assert unexplained(results) == []


def test_every_known_reason_is_still_one(results: Results) -> None:
    assert [reason for reason, count in occurring(results).items() if not count] == []


def test_the_cases_are_many_and_come_out_in_every_way(results: Results) -> None:
    """Else the agreement would prove little."""
    verdicts = results.chromium.values()
    read = [verdict for verdict in verdicts if verdict.seen is not None]
    asked = [verdict for verdict in verdicts if any(call.is_preflight for call in verdict.calls)]
    agreeing = [case for case in results.cases if results.chromium[case.number] == results.model[case.number]]
    assert len(agreeing) > 3000
    assert len(read) > 800
    assert len(verdicts) - len(read) > 800
    assert len([verdict for verdict in asked if verdict.seen is not None]) > 200
    assert len([verdict for verdict in asked if len(verdict.calls) == 1]) > 800
    assert len([verdict for verdict in read if len({call.place for call in verdict.calls}) > 1]) > 50
    assert len([case for case in agreeing if case.page == "null" and results.model[case.number].seen]) > 20


# -- What a policy says ------------------------------------------------------------------------------------


def promised(policy: Policy, case: Case, calls: tuple[Call, ...]) -> bool:
    """Tell whether the options, as they are written, allow all that Chromium asked for or sent."""
    credentials = case.fetch.credentials != "include" or policy.options["supports_credentials"]
    return credentials and all(allows(policy, call) for call in calls)


def allows(policy: Policy, call: Call) -> bool:
    """Tell whether the options allow one request; a preflight asks for a method and headers, too."""
    if not policy.lets_in(get_header(call.headers, "Origin") or ""):
        return False
    if not call.is_preflight:
        return True
    method = get_header(call.headers, "Access-Control-Request-Method") or ""
    headers = (get_header(call.headers, "Access-Control-Request-Headers") or "").split(",")
    given = names(policy.options["headers"])
    may_use = names(policy.options["methods"]) or [name.lower() for name in ALL_METHODS]
    return allows_method(may_use, method) and ("*" in given or set(headers) - {""} <= set(given))


def allows_method(may_use: list[str], method: str) -> bool:
    """Methods are upper-cased by the extension, and compared exactly by the browser."""
    return "*" in may_use or method in ("GET", "HEAD", "POST") or method in [name.upper() for name in may_use]


def names(option: object) -> list[str]:
    """Read an option that is a list, or a text that stands for one."""
    items = option.split(",") if isinstance(option, str) else option if isinstance(option, list) else []
    return [str(item).strip().lower() for item in items]


def exposed(policy: Policy, case: Case) -> set[str]:
    """Return which of the two headers of the view the options expose."""
    listed = set(names(policy.options["expose_headers"]))
    both = {"x-shown", "x-hidden"}
    return both if "*" in listed and case.fetch.credentials != "include" else both & listed


def judged_by_policy(results: Results) -> list[tuple[Case, Policy]]:
    """Pick the cases that a policy alone decides: no thrown fetch, no password in a URL, not at home."""
    return [
        (case, case.policy)
        for case in results.cases
        if case.policy is not None
        and case.fetch.place == "api"
        and not case.fetch.path.startswith("/login")
        and results.chromium[case.number].calls
    ]


def test_chromium_lets_a_page_read_exactly_what_the_policy_says(results: Results) -> None:
    wrong = []
    for case, policy in judged_by_policy(results):
        verdict = results.chromium[case.number]
        if (verdict.seen is not None) != promised(policy, case, verdict.calls):
            wrong.append(f"{case}\n  {verdict}")
    assert wrong == []


def test_chromium_shows_exactly_the_headers_that_the_policy_exposes(results: Results) -> None:
    checked = 0
    for case, policy in judged_by_policy(results):
        seen = results.chromium[case.number].seen
        if seen is not None and seen.body == "the thing":
            shown = {name for name, _ in seen.headers if name in ("x-shown", "x-hidden")}
            assert shown == exposed(policy, case), case
            checked += 1
    assert checked > 300


# -- The comparison itself ---------------------------------------------------------------------------------

CALL = Call("api", "GET", "/thing", (("Origin", "https://app.example"),), (), b"", cookie=True)
SEEN = Seen(200, (("content-length", "9"),), "the thing")
READABLE = Verdict(SEEN, (CALL,))


@pytest.mark.parametrize(
    ("other", "differs"),
    [
        pytest.param(READABLE, set(), id="nothing"),
        pytest.param(Verdict(None, (CALL,)), {READ}, id="one is blocked"),
        pytest.param(Verdict(replace(SEEN, headers=()), (CALL,)), {READ}, id="a header is hidden"),
        pytest.param(Verdict(SEEN, (CALL, CALL)), {SENT}, id="a request more"),
        pytest.param(Verdict(SEEN, (replace(CALL, headers=()),)), {SENT}, id="another Origin"),
        pytest.param(Verdict(SEEN, (replace(CALL, cookie=False),)), {COOKIES}, id="no cookie"),
        pytest.param(Verdict(None, ()), {READ, SENT}, id="nothing was sent"),
    ],
)
def test_a_disagreement_is_noticed(other: Verdict, differs: set[str]) -> None:
    assert disagreement(READABLE, other) == differs


def a_result(other: Verdict, *headers: tuple[str, str]) -> Results:
    return Results([Case(1, "page", Fetch("api", "/thing", headers=headers))], {1: READABLE}, {1: other})


def test_a_disagreement_without_a_known_reason_is_reported() -> None:
    [report] = unexplained(a_result(Verdict(None, (CALL,))))
    assert report.startswith("Case(number=1, ")
    assert "differs in ['whether the page could read']" in report


@pytest.mark.parametrize(
    ("other", "headers", "reported"),
    [
        pytest.param(Verdict(None, ()), [("DPR", "2")], 0, id="the reason explains it"),
        pytest.param(Verdict(SEEN, (replace(CALL, cookie=False),)), [("DPR", "2")], 1, id="it explains something else"),
        pytest.param(Verdict(None, ()), [("X-Token", "2")], 1, id="it concerns others"),
    ],
)
def test_a_reason_explains_only_what_it_is_about(other: Verdict, headers: list[tuple[str, str]], reported: int) -> None:
    result = a_result(other, *headers)
    assert len(unexplained(result)) == reported
    assert sum(occurring(result).values()) == 1 - reported


def test_a_reason_without_a_case_is_noticed() -> None:
    assert set(occurring(a_result(READABLE, ("DPR", "2"))).values()) == {0}
