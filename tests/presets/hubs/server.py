"""What the stand-ins of the hubs share: a table of routes over HTTP, on this machine."""

import contextlib
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Server(ThreadingHTTPServer):
    """Answers each request by the first route that matches `"METHOD path"`.

    Attributes:
        routes: `(pattern, name of a method)`; the method takes a `Request` and the
            groups of the pattern.
        token: what a login must present.
        requests: `"METHOD path"` of all that was asked.
    """

    daemon_threads = True
    routes = ()
    token = "good"

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Request)
        self.requests = []

    @property
    def url(self):
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"

    @contextlib.contextmanager
    def running(self):
        """Answers until the end of the block."""
        thread = threading.Thread(target=self.serve_forever)
        thread.start()
        try:
            yield self
        finally:
            self.shutdown()
            self.server_close()
            thread.join()


class Request(BaseHTTPRequestHandler):
    """One request, and the way to answer it."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def _dispatch(self):
        line = f"{self.command} {self.path.partition('?')[0]}"
        self.server.requests.append(line)
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        for pattern, method in self.server.routes:
            match = re.fullmatch(pattern, line)
            if match:
                return getattr(self.server, method)(self, *match.groups())
        return self.answer({"error": "Not Found"}, 404)

    do_GET = do_HEAD = do_POST = do_PUT = _dispatch

    @property
    def is_logged_in(self):
        """Whether it presents the token."""
        return self.headers.get("Authorization") == f"Bearer {self.server.token}"

    def json(self):
        """The body."""
        return json.loads(self.body)

    def answer(self, value, status=200, headers=None):
        """Sends bytes as they are, anything else as JSON."""
        is_file = isinstance(value, bytes)
        data = value if is_file else json.dumps(value).encode()
        kind = "application/octet-stream" if is_file else "application/json"
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        for name, text in (headers or {}).items():
            self.send_header(name, text)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)
