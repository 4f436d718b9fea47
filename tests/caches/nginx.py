"""A proxy, or a shared cache: nginx on this computer, with a configuration and a folder of its own, before an app."""

import grp
import os
import pwd
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.caches.site import FORGETS_VARY
from tests.servers.start import HOST, Server, running

# Every path of nginx's own is set: those that it was built with belong to the computer's nginx, if one runs there.
CONFIGURATION = """
daemon off;
error_log stderr;
pid {directory}/pid;
user {user};
worker_processes 2;
events {{ }}
http {{
  access_log off;
  client_body_temp_path {directory}/body;
  fastcgi_temp_path {directory}/fastcgi;
  proxy_temp_path {directory}/proxy;
  scgi_temp_path {directory}/scgi;
  uwsgi_temp_path {directory}/uwsgi;
  proxy_cache_path {directory}/cache keys_zone=answers:4m;
  server {{
    listen ADDRESS;
    location / {{
      proxy_pass http://{target};
      {lines}
    }}
  }}
}}
"""
CACHED = """
      proxy_cache answers;
      proxy_cache_lock on;  # of requests for the same answer, one goes through and the others wait for it
      add_header X-Cache-Status $upstream_cache_status always;
"""

_OPTIONS = ("--bind=ADDRESS", "--no-control-socket", "--workers=2", "tests.caches.site")
SITE = Server("gunicorn", (sys.executable, "-m", "gunicorn", *_OPTIONS), "gunicorn")


@dataclass(frozen=True)
class Nginx(Server):
    """An nginx with a *configuration*."""

    configuration: str

    def arguments(self, port: int) -> list[str]:
        """The command; its configuration names the port."""
        Path(self.command[-1]).write_text(self.configuration.replace("ADDRESS", f"{HOST}:{port}"))
        return [*self.command]


@contextmanager
def cached_site(*, forgets_vary: bool = False) -> Iterator[int]:
    """Serve the site behind an empty cache, with a mistake in it or without; yield the port of the cache."""
    with running(SITE, {FORGETS_VARY: "yes" if forgets_vary else ""}) as port, proxy(port, CACHED) as front:
        yield front


@contextmanager
def proxy(port: int, lines: str) -> Iterator[int]:
    """Put an nginx with *lines* of configuration before what listens at a port; yield the port of nginx."""
    nginx = shutil.which("nginx", path=f"{os.defpath}:/usr/sbin") or "nginx"
    user = f"{pwd.getpwuid(os.getuid()).pw_name} {grp.getgrgid(os.getgid()).gr_name}"
    with tempfile.TemporaryDirectory() as name:
        configuration = CONFIGURATION.format(directory=name, user=user, target=f"{HOST}:{port}", lines=lines)
        command = (nginx, "-e", "stderr", "-p", name, "-c", f"{name}/nginx.conf")
        with running(Nginx("nginx", command, "nginx", configuration), {}) as front:
            yield front
