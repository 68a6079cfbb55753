"""A web server of one file with byte ranges, which counts what it sends and fails on demand.

    python flaky_server.py FILE

It is a process of its own: GDAL holds the interpreter's lock while it asks for files beside the
scene. It prints its port. `GET /control?KEY=VALUE` sets what follows and answers with its counts.
"""

from __future__ import annotations

import json
import re
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

CONTENT = Path(sys.argv[1]).read_bytes() if __name__ == "__main__" else b""

STATE: dict[str, str] = {}
"""fault: 500, short or silence; left: how many times; ETag, Last-Modified: headers."""

COUNTS = {"sent": 0, "requests": 0}


class Handler(BaseHTTPRequestHandler):
    """Answers HEAD and GET."""

    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self.answer(body=False)

    def do_GET(self) -> None:
        self.answer(body=True)

    def answer(self, *, body: bool) -> None:
        place = urlsplit(self.path)
        if place.path == "/control":
            STATE.update(parse_qsl(place.query, keep_blank_values=True))
            told = json.dumps(COUNTS).encode()
            COUNTS.update(sent=0, requests=0)
            self.send_response(200)
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)
            return
        COUNTS["requests"] += 1
        if not place.path.endswith("/scene.tif"):
            self.send_error(404)
            return
        fault = self.fault() if body else ""
        if fault == "500":
            self.send_error(500)
        elif fault == "silence":
            time.sleep(3)
            self.close_connection = True
        else:
            self.send(body=body, short=fault == "short")

    def fault(self) -> str:
        left = int(STATE.get("left") or 10**9)
        if not STATE.get("fault") or left <= 0:
            return ""
        STATE["left"] = str(left - 1)
        return STATE["fault"]

    def send(self, *, body: bool, short: bool) -> None:
        size = len(CONTENT)
        match = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers["Range"] or "")
        start, end = (int(match[1]), min(int(match[2] or size) + 1, size)) if match else (0, size)
        part = CONTENT[start:end]
        self.send_response(206 if match else 200)
        for key in ("ETag", "Last-Modified"):
            if STATE.get(key):
                self.send_header(key, STATE[key])
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(part)))
        if match:
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{size}")
        self.end_headers()
        if short:
            part = part[: len(part) // 2]
            self.close_connection = True
        if body:
            COUNTS["sent"] += len(part)
            self.wfile.write(part)

    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    ThreadingHTTPServer.daemon_threads = True
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        sys.stdout.write(f"{server.server_address[1]}\n")
        sys.stdout.flush()
        server.serve_forever(poll_interval=0.02)
