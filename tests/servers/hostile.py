"""The module that a server loads: the app that receives hostile requests. All output goes to the named file."""

import os

from tests.hostile import hostile_app

LOG = "FLASK_CORS_TESTS_LOG"

if LOG in os.environ:
    # Of the server and its workers, too: whatever they have to say about a request.
    for output in (1, 2):
        os.dup2(os.open(os.environ[LOG], os.O_WRONLY | os.O_CREAT | os.O_APPEND), output)
    application = hostile_app()
