"""A reverse proxy that serves a lab below a path of its own host, as a teacher's nginx would."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

HOP = ("connection", "transfer-encoding", "keep-alive")
FRAME = '<!doctype html><title>Course</title><iframe src="{}" width="1280" height="900"></iframe>'


@contextmanager
def proxy(target: str, prefix: str, cuts: bool) -> Iterator[str]:
    """The proxy's own address, without the prefix. `cuts`: the lab does not see the prefix.

    /course is a page that holds the lab in a frame; all that is not below the prefix is not there.
    """
    lab = urlsplit(target)

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def answer(self) -> None:
            path, mark, query = self.path.partition("?")
            if path == "/course":
                self.reply(200, FRAME.format(prefix))
            elif path == "/favicon.ico":
                self.reply(200, "")
            elif path == prefix or path.startswith(f"{prefix}/"):
                path = (path.removeprefix(prefix) or "/") if cuts else path
                self.forward(path + mark + query)
            else:
                self.reply(404, "not below the prefix")

        do_GET = do_POST = do_HEAD = answer

        def reply(self, status: int, text: str) -> None:
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def forward(self, path: str) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            upstream = HTTPConnection(lab.hostname, lab.port)
            headers = {k: v for k, v in self.headers.items() if k.lower() not in HOP}
            upstream.request(self.command, path, body, headers)  # Host goes along
            answer = upstream.getresponse()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in HOP:
                    self.send_header(name, value)
            self.end_headers()
            try:
                while piece := answer.read1(65_536):
                    self.wfile.write(piece)
                    self.wfile.flush()
            except (BrokenPipeError, ConnectionResetError):
                pass  # the browser has left
            finally:
                upstream.close()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
