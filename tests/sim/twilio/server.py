"""The HTTP side: reads requests, writes answers, and breaks connections where a script says so."""
import base64
import binascii
import http.server
import json
import os
import socket
import struct
import urllib.parse

from .api import Answer, Api, refuse
from .callbacks import Callbacks
from .control import Control, parse_query
from .media import Media
from .rules import Refusal
from .scripts import Scripts
from .store import Store

BODY_MOST = 1024 * 1024


class Request:
    """What the resources need of an HTTP request."""

    def __init__(self, method, target, headers, body):
        self.method, self.headers, self.body = method, headers, body
        self.path, _, self.query_text = target.partition("?")

    @property
    def credentials(self):
        """(user, password) of Basic authentication, None without."""
        kind, _, value = self.headers.get("Authorization", "").partition(" ")
        try:
            user, colon, password = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return (user, password) if kind.lower() == "basic" and colon else None

    def query(self):
        return urllib.parse.parse_qsl(self.query_text, keep_blank_values=True)

    def form(self):
        if self.headers.get("Content-Type", "").partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
            raise Refusal(20001, "Unsupported content type", 415)
        try:
            return urllib.parse.parse_qsl(self.body.decode(), keep_blank_values=True, strict_parsing=bool(self.body), errors="strict")
        except (UnicodeDecodeError, ValueError):
            raise Refusal(20001, "The body is not a UTF-8 form") from None


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 120

    def answer(self):
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdigit() or int(length) > BODY_MOST:
            self.close_connection = True
            return self.write(refuse(Refusal(20001, "Bad body length", 413)))
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            self.close_connection = True
            return None
        target = urllib.parse.urlsplit(self.path)
        if target.path.startswith("/_sim/"):
            return self.control(target, body)
        return self.write(self.server.api.handle(Request(self.command, self.path, self.headers, body)))

    do_GET = do_POST = do_DELETE = do_PUT = answer

    def control(self, target, body):
        try:
            value = json.loads(body) if body else {}
        except ValueError:
            return self.write(Answer(400, {"error": "the body is not JSON"}))
        return self.write(Answer(*self.server.control.handle(self.command, target.path, parse_query(target.query), value)))

    def write(self, answer):
        """One write, so that a partial answer is cut at exactly that byte."""
        body = answer.body if isinstance(answer.body, bytes) else b"" if answer.body is None else json.dumps(answer.body).encode()
        head = [f"HTTP/1.1 {answer.status} {http.server.BaseHTTPRequestHandler.responses.get(answer.status, ('Answer',))[0]}"]
        head += [f"{name}: {value}" for name, value in answer.headers.items()]
        head += [f"Content-Type: {answer.content_type}", "Twilio-Request-Id: RQ" + "0" * 32] if answer.status != 204 else []
        data = "\r\n".join(head + [f"Content-Length: {len(body)}", "", ""]).encode() + body
        try:
            if answer.cut:
                self.wfile.write(data[:answer.partial])
                self.cut(answer.cut)
            else:
                self.wfile.write(data)
        except OSError:
            self.close_connection = True

    def cut(self, how):
        """Ends the connection without (the rest of) an answer, politely or with a reset."""
        self.close_connection = True
        if how == "rst":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            os.close(self.connection.detach())
        else:
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_args):
        """Quiet: what was asked is at /_sim/asked."""


class Server(http.server.ThreadingHTTPServer):
    daemon_threads, block_on_close, request_queue_size = True, False, 256

    def __init__(self, host, port, accounts, config=None):
        super().__init__((host, port), Handler)
        store, scripts = Store(accounts, config), Scripts()
        callbacks = Callbacks(store)
        media = Media(scripts)
        self.api, self.control = Api(store, scripts, callbacks, media), Control(store, scripts, callbacks, media)
        self.control.address = self.url

    @property
    def url(self):
        return f"http://{self.server_address[0]}:{self.server_address[1]}"

    def handle_error(self, _request, _client):
        """A client that goes away in the middle is part of the game."""
