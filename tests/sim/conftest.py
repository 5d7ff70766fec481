"""A simulator for each test module, and a web server that plays Centrala's webhooks."""
import http.server
import pathlib
import sys
import threading
import urllib.parse

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "http")]

from asking import LINE, MG  # noqa: E402
from sim import Simulator  # noqa: E402


@pytest.fixture(scope="module")
def running():
    with Simulator(numbers=[LINE, "+15005550006", "whatsapp:" + LINE], services={MG: [LINE], "MG" + "2" * 32: []}) as simulator:
        yield simulator


@pytest.fixture
def sim(running):
    running.reset()
    return running


@pytest.fixture
def hook():
    """A web server that keeps what it is sent and answers with the listed statuses (the last one for ever)."""
    class Hook(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            with server.lock:
                server.seen.append((self.path, dict(self.headers), urllib.parse.parse_qsl(body, keep_blank_values=True)))
                status = server.statuses.pop(0) if len(server.statuses) > 1 else server.statuses[0]
            self.send_response(status)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", "11")
            self.end_headers()
            self.wfile.write(b"<Response/>")

        def log_message(self, *_args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    server.seen, server.statuses, server.lock = [], [200], threading.Lock()
    server.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()
