"""The machinery behind the transcripts: what it finds, compares, refuses and rewrites."""

import os
import shutil
import socket
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, Response, jsonify, redirect, request

from tests.transcripts.__main__ import main, sources
from tests.transcripts.calls import in_process, over_the_wire
from tests.transcripts.check import Ask, CallError, canonical, problem, side_by_side
from tests.transcripts.grammar import GrammarError, Transcript, in_docstrings, parse
from tests.transcripts.rewrite import merged
from tests.transcripts.servers import ServerError, running, serving

ROOT = Path(__file__).parents[1]
HERE = "http://127.0.0.1:5000"
DATE = "Date: Sat, 09 Aug 2014 00:26:41 GMT"
LATER = "Date: Sun, 10 Aug 2014 10:26:41 GMT"
SERVER = "Server: Werkzeug/0.9.4 Python/2.7.8"


# What a transcript is


def parsed(text: str) -> list[Transcript]:
    return list(parse(Path("page"), "example", textwrap.dedent(text).split("\n"), first=1))


def test_a_transcript_is_a_call_and_all_that_follows_it_up_to_the_next_prompt() -> None:
    [one, two] = parsed("""\
        Prose.

            $ http :5000/
            HTTP/1.1 200 OK
            A: 1

            a body
              of lines

            $ http :5000/two
            HTTP/1.1 404 NOT FOUND
        """)
    assert (one.line, one.command, one.indent, one.answer_line) == (3, "http :5000/", "    ", 4)
    assert one.answer == ("HTTP/1.1 200 OK", "A: 1", "", "a body", "  of lines")
    assert (two.line, two.command, two.answer) == (10, "http :5000/two", ("HTTP/1.1 404 NOT FOUND",))


def test_a_transcript_ends_where_the_text_is_indented_less() -> None:
    [one] = parsed("""\
            $ http :5000/
            HTTP/1.1 200 OK

        Prose.
        """)
    assert one.answer == ("HTTP/1.1 200 OK",)


def test_a_call_goes_on_after_a_backslash() -> None:
    [one] = parsed("""\
        $ http OPTIONS :5000/ \\
            Origin:https://app.example \\
            X-Y:z
        HTTP/1.1 200 OK
        """)
    assert one.command.split() == ["http", "OPTIONS", ":5000/", "Origin:https://app.example", "X-Y:z"]
    assert (one.answer_line, one.answer) == (4, ("HTTP/1.1 200 OK",))


def test_a_transcript_in_a_docstring_knows_its_file_its_line_and_its_view() -> None:
    source = '''\
"""A module."""


class View:
    async def get(self):
        """Get.

        So::

            $ http :5000/
            HTTP/1.1 200 OK
        """
'''
    [one] = in_docstrings(Path("examples/an_example.py"), source)
    assert one.place == "examples/an_example.py:10: get"
    assert source.split("\n")[one.line - 1].strip() == "$ http :5000/"


@pytest.mark.parametrize(
    ("docstring", "message"),
    [
        pytest.param(
            '"""One.\n\n        $ http :5000/ \\\n          A:b\n    """',
            'example.py:2: this docstring holds a backslash: begin it with r"""',
            id="a backslash that Python takes away",
        ),
        pytest.param(
            '"""One.\n\n        $ http :5000/\n        HTTP/1.1 200 OK"""',
            'example.py:5: put the closing """ on a line of its own',
            id="an end in the line of the answer",
        ),
        pytest.param(
            '"""One.\n\n    $ http :5000/\n    HTTP/1.1 200 OK\n\n    Prose.\n    """',
            "example.py:4: view: indent the transcript deeper than the text around it",
            id="an answer that would swallow the prose",
        ),
    ],
)
def test_a_docstring_that_could_be_misread_is_refused(docstring: str, message: str) -> None:
    with pytest.raises(GrammarError) as error:
        in_docstrings(Path("example.py"), f"def view():\n    {docstring}\n")
    assert str(error.value) == message


# What is compared


@pytest.mark.parametrize("header", [DATE, LATER, SERVER, "Server: Werkzeug/3.2.0.dev1 Python/3.14.0rc1+"])
def test_date_and_server_are_compared_by_their_shape(header: str) -> None:
    name = header.partition(":")[0]
    known = {"Date": DATE, "Server": SERVER}[name]
    assert canonical(["HTTP/1.1 200 OK", header]) == canonical(["HTTP/1.1 200 OK", known])


def test_allow_is_compared_as_a_set() -> None:
    assert canonical(["HTTP/1.1 200 OK", "Allow: B, A"]) == canonical(["HTTP/1.1 200 OK", "Allow: A, B"])
    assert canonical(["HTTP/1.1 200 OK", "Allow: A, A"]) != canonical(["HTTP/1.1 200 OK", "Allow: A"])


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(["HTTP/1.1 200 OK", "", "{line}"], id="in a body"),
        pytest.param(["{line}"], id="in a body that is shown alone"),
        pytest.param(["HTTP/1.1 200 OK", "X-{line}"], id="in another header"),
    ],
)
def test_a_date_elsewhere_is_compared_to_the_letter(text: list[str]) -> None:
    one, other = ([line.format(line=date) for line in text] for date in (DATE, LATER))
    assert canonical(one) != canonical(other)


def test_the_head_of_the_answer_is_known_behind_a_shown_request() -> None:
    request_shown = ["GET / HTTP/1.1", "Host: 127.0.0.1:5000", "", "", "HTTP/1.1 200 OK"]
    assert canonical([*request_shown, DATE]) == canonical([*request_shown, LATER])


def test_two_texts_stand_side_by_side_with_their_differences_marked() -> None:
    documented = ["HTTP/1.1 200 OK", "A: 1", DATE, "Vary: Origin"]
    answered = ["HTTP/1.1 200 OK", "A: 2", LATER, "X: y", "Vary: Origin"]
    assert side_by_side(documented, answered) == [
        "  documented                          | answered",
        "  HTTP/1.1 200 OK                     | HTTP/1.1 200 OK",
        "! A: 1                                | A: 2",
        "  Date: Sat, 09 Aug 2014 00:26:41 GMT | Date: Sun, 10 Aug 2014 10:26:41 GMT",
        "!                                     | X: y",
        "  Vary: Origin                        | Vary: Origin",
    ]


def test_a_failure_names_the_place_and_the_call_and_shows_both_answers() -> None:
    [transcript] = parsed("$ http :5000/\nHTTP/1.1 200 OK")
    assert problem(transcript, lambda _: ["HTTP/1.1 200 OK"]) is None
    assert problem(transcript, lambda _: ["HTTP/1.1 404 NOT FOUND"]) == textwrap.dedent("""\
        page:1: example: the answer is not the documented one

        $ http :5000/

          documented      | answered
        ! HTTP/1.1 200 OK | HTTP/1.1 404 NOT FOUND

        Lines marked with ! differ. If the answer is right, `make transcripts` writes it into the file.""")


# Both ways make the same call

app = Flask(__name__)


@app.route("/echo/", methods=["GET", "POST", "PUT", "DELETE", "OPTIONS"])
def echo() -> Response:
    """Answer with what was asked, except for the names that differ between a test client and a server."""
    return jsonify(
        method=request.method,
        url=request.url,
        headers=sorted(name for name, _ in request.headers if name != "Content-Length"),
        origin=request.headers.get("Origin"),
        authorization=request.headers.get("Authorization"),
        form=request.form,
        files={name: [file.filename, file.read().decode()] for name, file in request.files.items()},
        json=request.get_json(silent=True),
        cookies=request.cookies,
    )


@app.route("/moved")
def moved() -> Response:
    return Response(status=302, headers={"Location": "/echo/", "Set-Cookie": "seen=1"})


@app.route("/stream")
def stream() -> Response:
    return Response((part for part in ("one\n", "two\n")), mimetype="text/plain")


@app.route("/empty")
def empty() -> Response:
    return Response(status=204)


@app.route("/twice")
def twice() -> Response:
    return Response("ä", headers=[("Vary", "Origin"), ("Vary", "Accept"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")])


@app.route("/away")
def away() -> Response:
    answer = redirect("/echo/")
    assert isinstance(answer, Response)
    return answer


CALLS = {
    f"http {HERE}/echo/": '"method": "GET"',
    f"http get {HERE}/echo/": '"method": "GET"',
    f"http DELETE {HERE}/echo/": '"method": "DELETE"',
    "http :5000/echo/": f'"url": "{HERE}/echo/"'.replace("127.0.0.1", "localhost"),
    "http localhost:5000/echo/": "localhost:5000",
    f"http {HERE}/echo": "Location: http://127.0.0.1:5000/echo/",
    f"http {HERE}/nowhere": "HTTP/1.1 404 NOT FOUND",
    f"http PATCH {HERE}/echo/": "HTTP/1.1 405 METHOD NOT ALLOWED",
    f"http HEAD {HERE}/echo/": "Content-Type: application/json",
    f"http OPTIONS {HERE}/twice": "Allow: ",
    f"http {HERE}/twice": "Vary: Origin\nVary: Accept",
    f"http {HERE}/stream": "Transfer-Encoding: chunked",
    f"http {HERE}/empty": "HTTP/1.1 204 NO CONTENT",
    f"http {HERE}/away": "HTTP/1.1 302 FOUND",
    f"http --follow {HERE}/away": '"method": "GET"',
    f"http --follow --all {HERE}/moved": "seen=1",
    f"http {HERE}/echo/ Origin:https://app.example": '"origin": "https://app.example"',
    f"http {HERE}/echo/ Origin:http://127.0.0.1:5000": '"origin": "http://127.0.0.1:5000"',
    f"http {HERE}/echo/ Origin:ünïcode": '"origin": "Ã¼nÃ¯code"',
    f"http {HERE}/echo/ Host:other.example Accept:": '"url": "http://other.example/echo/"',
    f"http {HERE}/echo/ name=Ada age:=36 'motto=a \"b\" c'": '"motto": "a \\"b\\" c"',
    f"http PUT {HERE}/echo/ user[name]=Ada": '"name": "Ada"',
    f"http {HERE}/echo/ a==1 'b==x y'": "/echo/?a=1&b=x+y",
    f"http --form {HERE}/echo/ name=Ada": '"name": "Ada"',
    f"http --multipart --boundary=b {HERE}/echo/ name=Ada": '"name": "Ada"',
    f"http --form {HERE}/echo/ file@LICENSE": '"LICENSE"',
    f"http --raw '[1, 2]' {HERE}/echo/": '"method": "POST"',
    f"http --auth ada:secret {HERE}/echo/": '"authorization": "Basic ',
    f"http {HERE}/echo/ Cookie:a=1": '"a": "1"',
    f"http --verbose {HERE}/echo/": "User-Agent: HTTPie/",
    f"http -v POST {HERE}/echo/ name=Ada": "Content-Length: 15",
    f"http -v --form {HERE}/echo/ name=Ada": "name=Ada",
    f"http --headers {HERE}/echo/": "HTTP/1.1 200 OK",
    f"http --body {HERE}/echo/": '"method": "GET"',
    f"http --print=Hh {HERE}/echo/": "GET /echo/ HTTP/1.1",
    f"http --offline {HERE}/echo/": "GET /echo/ HTTP/1.1",
    f"http --check-status {HERE}/nowhere": "HTTP/1.1 404 NOT FOUND",
    f"http --path-as-is {HERE}/echo/../echo/": "HTTP/1.1 404 NOT FOUND",
}


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with serving(app) as port:
        yield port


@pytest.fixture(scope="module")
def wire(port: int) -> Iterator[Ask]:
    with over_the_wire(port) as ask:
        yield ask


@pytest.fixture
def process() -> Iterator[Ask]:
    with in_process(app.test_client()) as ask:
        yield ask


@pytest.mark.parametrize(("command", "shown"), CALLS.items(), ids=CALLS)
def test_any_call_that_a_reader_can_type_shows_the_same_both_ways(
    command: str, shown: str, wire: Ask, process: Ask
) -> None:
    answer = wire(command)
    assert shown in "\n".join(answer)
    assert canonical(process(command)) == canonical(answer)


@pytest.mark.parametrize(
    ("command", "message"),
    [
        pytest.param("http http://127.0.0.1:5001/", "it must go to http://127.0.0.1:5000", id="another port"),
        pytest.param("http http://app.example:5000/", "it must go to", id="another host"),
        pytest.param("http https://127.0.0.1:5000/", "it must go to", id="another scheme"),
        pytest.param("http http://127.0.0.1:50x0/", "it must go to", id="a port that is no number"),
        pytest.param("http http://[127.0.0.1:5000/", "Invalid IPv6 URL", id="an address that is none"),
        pytest.param("http", "arguments are required", id="nothing to call"),
        pytest.param(f"http {HERE}/ 'a=b", "No closing quotation", id="an open quotation mark"),
        pytest.param(f"http {HERE}/ Origin", "Origin", id="an item that is none"),
        pytest.param(f"http {HERE}/ | cat", "cat", id="a pipe"),
        pytest.param(f"http --no-such-option {HERE}/", "no-such-option", id="an unknown option"),
        pytest.param(f"http --auth ada {HERE}/", "prompt", id="a password to be typed"),
        pytest.param(f"http {HERE}/ a[=1", "a[", id="broken JSON"),
    ],
)
def test_a_call_that_cannot_be_made_is_refused_both_ways(command: str, message: str, wire: Ask, process: Ask) -> None:
    for ask in (wire, process):
        with pytest.raises(CallError) as error:
            ask(command)
        assert message in str(error.value)


def test_a_call_that_cannot_be_made_is_reported_with_its_place(process: Ask) -> None:
    [transcript] = parsed("$ http :5001/\nHTTP/1.1 200 OK")
    assert problem(transcript, process) == (
        "page:1: example\n\n$ http :5001/\n\n"
        "This call cannot be made: it must go to http://127.0.0.1:5000, where the application runs"
    )


def test_a_server_that_does_not_answer_is_an_error_and_not_an_empty_answer() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        with over_the_wire(nobody.getsockname()[1]) as ask, pytest.raises(CallError, match="refused"):
            ask(f"http {HERE}/")


# Servers come and go


def test_an_example_that_does_not_start_shows_what_it_printed(tmp_path: Path) -> None:
    script = tmp_path / "broken.py"
    script.write_text("raise SystemExit('no such database')")
    with pytest.raises(ServerError, match="no such database"), running(script):
        raise AssertionError


def test_an_example_is_ended_with_its_reloader() -> None:
    with running(ROOT / "examples" / "simple_example.py") as port:
        assert _is_open(port)
    assert not _is_open(port)


def test_a_served_application_is_ended() -> None:
    with serving(app) as port:
        assert _is_open(port)
    assert not _is_open(port)


def _is_open(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


# Rewriting


def test_a_rewriting_keeps_the_lines_that_say_the_same() -> None:
    old = ["HTTP/1.1 200 OK", "A: 1", "Allow: GET, HEAD", DATE, SERVER, "Vary: Origin"]
    new = ["HTTP/1.1 200 OK", "A: 2", "Allow: HEAD, GET", LATER, "Server: Werkzeug/9 Python/9", "Vary: Origin"]
    assert merged(old, new) == ["HTTP/1.1 200 OK", "A: 2", *old[2:]]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Copy what the checker needs, with the simple example only."""
    for folder in ("flask_cors", "tests/transcripts"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("pyproject.toml", "examples/simple_example.py", "tests/test_examples.py"):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / file, tmp_path / file)
    return tmp_path


def test_a_damaged_example_is_written_anew_and_then_stays_as_it_is(
    clone: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    example = clone / "examples" / "simple_example.py"
    whole = example.read_text()
    damaged = whole.replace("Allow-Origin: *", "Allow-Origin: null").replace("Connection: close\n", "", 1)
    example.write_text(damaged)
    assert main(["--check", str(example)]) == 1
    assert example.read_text() == damaged
    assert "+        Access-Control-Allow-Origin: *\n" in capsys.readouterr().out
    assert main([str(example)]) == 0
    assert _without_dates(example.read_text()) == _without_dates(whole)
    written = example.read_bytes()
    assert main([str(example)]) == 0
    assert example.read_bytes() == written


def _without_dates(text: str) -> list[str]:
    return [line for line in text.split("\n") if not line.strip().startswith("Date: ")]


def test_an_answer_that_would_break_the_file_is_not_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "page.rst"
    page.write_text(_page('"a\\n\\n$ http b"'))
    before = page.read_text()
    assert main([str(page)]) == 2
    assert "this answer cannot stand in a transcript" in capsys.readouterr().err
    assert page.read_text() == before


def _page(body: str) -> str:
    return textwrap.dedent(f"""\
        .. code-block:: python

            from flask import Flask

            app = Flask(__name__)

            @app.get("/")
            def view():
                return {body}

        .. code-block:: console

            $ http {HERE}/
        """)


def test_a_call_that_cannot_be_made_stops_the_rewriting_with_its_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.rst"
    page.write_text(_page('"hello"').replace(":5000", ":80"))
    assert main([str(page)]) == 2
    assert f"{page}:13: transcript: it must go to http://127.0.0.1:5000" in capsys.readouterr().err


def test_a_bare_call_gets_its_answer_written_below_it(tmp_path: Path) -> None:
    page = tmp_path / "page.rst"
    page.write_text(_page('"hello"'))
    assert main([str(page)]) == 0
    lines = page.read_text().split("\n")
    assert lines[12:17] == [
        f"    $ http {HERE}/",
        "    HTTP/1.1 200 OK",
        "    Connection: close",
        "    Content-Length: 5",
        "    Content-Type: text/html; charset=utf-8",
    ]
    assert lines[-3:] == ["", "    hello", ""]


def test_the_sources_are_the_examples_the_readme_and_the_pages_of_the_manual() -> None:
    found = {str(path.relative_to(ROOT)) if path.is_absolute() else str(path) for path in sources()}
    assert {"examples/simple_example.py", "README.rst", "docs/index.rst"} <= found
    assert not [path for path in found if "_build" in path]


# The whole of it turns red


def _run_tests_of(clone: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "tests/test_examples.py", "-k", "documented_answer"],
        cwd=clone,
        env={name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_one_wrong_letter_in_one_transcript_turns_the_run_red_both_ways(clone: Path) -> None:
    example = clone / "examples" / "simple_example.py"
    right = "Content-Type\n        Access-Control-Allow-Origin: *\n"
    wrong = example.read_text().replace(right, right.replace("*", "x"), 1)
    example.write_text(wrong)
    transcript = next(one for one in in_docstrings(example, wrong) if "Access-Control-Allow-Origin: x" in one.answer)
    done = _run_tests_of(clone)
    assert done.returncode == 1
    assert "2 failed, 10 passed" in done.stdout
    reports = done.stdout.partition("short test summary")[0]  # which repeats them where CI is set
    assert reports.count(f"examples/simple_example.py:{transcript.line}: list_users: the answer is not") == 2
    assert reports.count("\n! Access-Control-Allow-Origin: x             | Access-Control-Allow-Origin: *\n") == 2


def test_an_untouched_copy_is_green(clone: Path) -> None:
    assert "12 passed" in _run_tests_of(clone).stdout
