"""Flask-Cors: cross-origin resource sharing for Flask.

::

    from flask import Flask
    from flask_cors import CORS

    app = Flask(__name__)
    CORS(app, resources=r"/api/", origins="https://app.example")

:class:`CORS` gives a policy to an app or a blueprint, :func:`cross_origin` to a single view, and
:func:`current_policy` is the policy of the current request. New to CORS? Read :mod:`flask_cors.policy`.
"""

from ._middleware import current_policy, request_denied
from .decorator import cross_origin
from .extension import CORS
from .options import CORSWarning
from .policy import ACL_CREDENTIALS, ACL_EXPOSE_HEADERS, ACL_HEADERS, ACL_MAX_AGE, ACL_METHODS, ACL_ORIGIN

__version__ = "1.7.2"

__all__ = [
    "ACL_CREDENTIALS",
    "ACL_EXPOSE_HEADERS",
    "ACL_HEADERS",
    "ACL_MAX_AGE",
    "ACL_METHODS",
    "ACL_ORIGIN",
    "CORS",
    "CORSWarning",
    "__version__",
    "cross_origin",
    "current_policy",
    "request_denied",
]
