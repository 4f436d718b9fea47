"""The commands: ``flask cors routes``, ``explain`` and ``check``."""

from __future__ import annotations

import json
import re
import sys
import warnings
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click
from flask import Flask
from flask.cli import NoAppException, ScriptInfo

from .. import browser as fetch
from ..options import CORSWarning
from .against import OPENED_IDS, find_openings, read_kept
from .ask import place_of
from .case import LoadFailure
from .check import IDS, choose, combined_fix, find_mistakes
from .copied import MAX_LENGTH
from .deployed import check_deployment
from .explain import Explanation, explain
from .faults import KINDS as LIVE_IDS
from .finding import LEVELS, Finding, covers
from .output import explanation_as_json, fix_as_json, fix_lines, place_as_json, print_explanation, print_json
from .question import Given, Mistake, known_value, plain, read_question
from .routes import print_rows, row_as_json, rows
from .site import MadeApp, Site, record_apps
from .writing import Fix

_File = click.Path(exists=True, dir_okay=False, path_type=Path)
_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


@click.command("routes")
@_as_json
def routes_command(as_json: bool) -> None:
    """Show every route with the policy that covers it.

    Where a policy covers only some of the paths that a rule stands for, the rule is shown with one of them.
    """
    with _quietly():
        shown = rows(_load_site())
    if as_json:
        print_json("routes", list(map(row_as_json, shown)))
    else:
        print_rows(shown)


# -- explain -----------------------------------------------------------------------------------------------


def _parse_origin(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    try:
        return None if value is None else fetch.check_origin(value)
    except ValueError as error:
        raise click.BadParameter(f"{error}.") from None


def _parse_method(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    if value is not None and not fetch.is_token(value):
        raise click.BadParameter(f"{value!r} is not a method, such as GET or PATCH.")
    return value


def _parse_headers(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> fetch.Headers:
    return tuple(map(_parse_header, values))


def _parse_header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not fetch.is_token(name) or re.search(r"[\0\r\n]|[^\0-\xff]", value):
        raise click.BadParameter(f"{text!r} is not a header, such as 'X-Token: 1', or a name, such as X-Token.")
    return name, value.strip() if colon else known_value(name)


def _parse_data(_: click.Context, __: click.Parameter, value: str | None) -> bytes | None:
    return None if value is None else value.encode("utf-8", "replace")


@click.command("explain")
@click.argument("target", metavar="MESSAGE-OR-URL")
@click.option("--origin", callback=_parse_origin, help="The page's origin, such as https://app.example.")
@click.option("--method", callback=_parse_method, help="The method; GET unless the input says otherwise.")
@click.option("--header", "headers", multiple=True, callback=_parse_headers, help="'Name: value', or a name alone.")
@click.option("--data", "body", callback=_parse_data, help="What the page sends as its body.")
@click.option("--credentials", is_flag=True, help="The page says credentials: 'include', so cookies would be sent.")
@click.option("--live", is_flag=True, help="Send the requests to the URL, of Flask or not, and compare.")
@click.option("-v", "--verbose", is_flag=True, help="Show all requests and responses first.")
@_as_json
@click.pass_context
def explain_command(
    context: click.Context,
    target: str,
    origin: str | None,
    method: str | None,
    headers: fetch.Headers,
    body: bytes | None,
    credentials: bool,
    live: bool,
    verbose: bool,
    as_json: bool,
) -> None:
    """Say why a browser blocks a call, and what to change.

    MESSAGE-OR-URL is the message of the browser's console, as it was copied; a request that was copied as cURL or as
    fetch from the network panel; a URL; or a path. With -, it is read from standard input.

    Nothing is sent: the app responds in this process. Its views run all the same, so a DELETE deletes. With --live, a
    server is called.

    The exit code is 0 if the page can read the response, 1 if it is blocked, and 2 if the command cannot run.
    """
    text = sys.stdin.read(MAX_LENGTH + 1) if target == "-" else target
    with _quietly():
        given = Given(origin=origin, method=method, headers=headers, body=body, credentials=credentials)
        explanation = _explain(text, given, live=live)
    if as_json:
        print_json("explanation", explanation_as_json(explanation))
    else:
        print_explanation(explanation, verbose=verbose)
    context.exit(0 if explanation.allowed else 1)


def _explain(text: str, given: Given, *, live: bool) -> Explanation:
    question = read_question(text, given)
    site, failure = _load_if_possible(is_needed=not live)
    if live and question.url.startswith("/"):
        raise Mistake(f"--live needs a whole URL, such as http://127.0.0.1:5000{question.url}.")
    return explain(question, site, failure, live=live)


def _load_if_possible(*, is_needed: bool) -> tuple[Site | None, LoadFailure | None]:
    """Load the app; where it is not needed, there may be none. An exception of the app is a cause."""
    try:
        return _load_site(), None
    except LoadError as failed:
        return None, failed.failure
    except NoAppException:
        if is_needed:
            raise
        return None, None


# -- check -------------------------------------------------------------------------------------------------


def _parse_server(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    return None if value is None else _server(value)


def _server(text: str) -> str:
    with suppress(ValueError):
        url = fetch.parse_url(text)
        if url.origin != "null" and not url.has_credentials and not {"?", "#"} & {*url.text}:
            return url.text
    raise click.BadParameter(f"{text!r} is not the URL of a server, such as https://api.example.")


def _parse_ids(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> frozenset[str]:
    known = (*IDS, *LIVE_IDS, *OPENED_IDS)
    names = [name.strip() for value in values for name in value.split(",")]
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, 3, 0.5) or sorted(known)
            raise click.BadParameter(f"{name!r} is not the id of a finding. Did you mean {', '.join(near)}?")
    return frozenset(names)


@click.command("check")
@click.option("--live", metavar="URL", callback=_parse_server, help="Send requests to the server at URL, and compare.")
@click.option("--against", type=_File, help="Find who may read more than in this output of routes --json.")
@click.option("--strict", is_flag=True, help="Fail if there are warnings, too.")
@click.option("--select", multiple=True, metavar="ID[,ID]", callback=_parse_ids, help="Report only these.")
@click.option("--ignore", multiple=True, metavar="ID[,ID]", callback=_parse_ids, help="Do not report these.")
@click.option("--diff", "as_diff", is_flag=True, help="Print the changes of all findings as one patch.")
@_as_json
@click.pass_context
def check_command(
    context: click.Context,
    live: str | None,
    against: Path | None,
    strict: bool,
    select: frozenset[str],
    ignore: frozenset[str],
    as_diff: bool,
    as_json: bool,
) -> None:
    """Look for mistakes in the whole configuration.

    The exit code is 1 if there are errors; with --strict, if there are warnings. Warnings are settings that may be
    meant as they are; notes are what this command cannot judge, or
    what could be quicker.

    A comment silences a finding at its line: # cors: ignore[max-age-capped]

    With --live or --against, only that is looked at.
    """
    with _quietly():
        site = _load_site()
        found = _compare(site, live, against) if live or against else find_mistakes(site)
        found = choose(found, select, ignore)
        fix = combined_fix(site, found)
    if as_json:
        print_json("findings", list(map(_finding_as_json, found)), fix=fix_as_json(fix))
    elif as_diff:
        _print_patch(fix)
    else:
        _print_findings(found)
        click.echo(_summary(site, found))
    failing = ("error", "warning") if strict else ("error",)
    context.exit(1 if any(finding.level in failing for finding in found) else 0)


def _print_patch(fix: Fix) -> None:
    """Print what ``patch -p0`` takes, below what it leaves out: lines that begin with ``#``."""
    words = replace(fix, files={})
    for line in "\n".join(fix_lines(words)).splitlines():
        click.echo(f"# {plain(line)}")
    if fix.diff:
        click.echo(fix.diff)


def _summary(site: Site, found: list[Finding]) -> str:
    levels = [finding.level for finding in found]
    counted = [_count(levels.count(level), level) for level in LEVELS if level in levels]
    routes = _count(len(list(site.app.url_map.iter_rules())), "route")
    policies = _count(len(covers(site)), "policy")
    return f"Checked {routes} and {policies}: {', '.join(counted) or 'no problems'}."


def _count(number: int, noun: str) -> str:
    several = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number} {noun if number == 1 else several}"


def _compare(site: Site, live: str | None, against: Path | None) -> list[Finding]:
    """Compare the app with its deployment, and with its own policies as they were."""
    found: list[Finding] = []
    if live:
        deployment = check_deployment(site, live)
        found += deployment.findings
        if deployment.left_out:
            click.echo(f"Not tried, or not in full: {plain(', '.join(deployment.left_out))}.", err=True)
    if against:
        found += find_openings(read_kept(against), json.loads(json.dumps(list(map(row_as_json, rows(site))))))
    return found


def _print_findings(found: list[Finding]) -> None:
    colors = {"error": "red", "warning": "yellow", "note": "cyan"}
    for finding in found:
        place = f"{finding.place}: " if finding.place else ""
        click.echo(f"{place}{click.style(finding.level, fg=colors[finding.level], bold=True)}[{finding.id}]")
        for line in [finding.text, *fix_lines(finding.fix)]:
            click.echo(f"    {plain(line)}".rstrip())
        click.echo()


def _finding_as_json(finding: Finding) -> dict[str, Any]:
    place = place_as_json(finding.place)
    texts = {"id": finding.id, "level": finding.level, "text": finding.text}
    return {**texts, **place, "routes": finding.routes, "fix": fix_as_json(finding.fix)}


# -- The app -----------------------------------------------------------------------------------------------


def _quietly() -> warnings.catch_warnings[None]:
    """Leave out what :class:`CORSWarning` says: ``flask cors check`` says it better."""
    return warnings.catch_warnings(action="ignore", category=CORSWarning)


class LoadError(Mistake):
    """The app raises while it is loaded."""

    def __init__(self, failure: LoadFailure) -> None:
        error = failure.error
        super().__init__(f"The app cannot be loaded. {failure.place or ''}\n{type(error).__name__}: {error}")
        self.failure = failure


def _load_site() -> Site:
    """Load the app that ``flask --app`` names, and push its context.

    :raises LoadError: for anything that the app raises while it is set up, such as a mistake in the options.
    """
    app, made = _load_app()
    click.get_current_context().with_resource(app.app_context())
    disabled, app.logger.disabled = app.logger.disabled, True  # what it would say, this command says
    try:
        return Site(app, made)
    finally:
        app.logger.disabled = disabled


def _load_app() -> tuple[Flask, Sequence[MadeApp]]:
    context = click.get_current_context()
    with record_apps() as made:
        try:
            return context.ensure_object(ScriptInfo).load_app(), made
        except Exception as error:
            if isinstance(error, click.ClickException) and "Traceback" not in error.message:
                raise
            raise LoadError(_failure(error)) from error


def _failure(error: BaseException) -> LoadFailure:
    if isinstance(error, NoAppException):  # its message holds the traceback of what has happened
        error = error.__context__ or error
    return LoadFailure(error, place_of(error))


COMMANDS = {command.name: command for command in (routes_command, explain_command, check_command)}
