"""Media: what customers attached, handed out by way of a storage host on a port of its own, and what we offered with MediaUrl."""
import base64
import hashlib
import hmac
import http.server
import secrets
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

from .store import new_sid

LINK_S, FETCH_MOST = 60, 64 * 1024 * 1024
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Media:
    """Attachments by their ME… id, the storage they are redirected to, and a record of every request for one."""

    def __init__(self, scripts):
        self.scripts, self.lock, self.secret = scripts, threading.Lock(), secrets.token_bytes(16)
        self.items, self.requests, self.offered = {}, [], []
        self.storage = Storage(self)
        threading.Thread(target=self.storage.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()

    def reset(self):
        with self.lock:
            self.items, self.requests, self.offered = {}, [], []

    def add(self, account, message_sid, spec):
        """{"type", and "data" (base64) or "size" with an optional "head" (base64)}; the path below Twilio's address."""
        head = base64.b64decode(spec.get("head", ""))
        data = base64.b64decode(spec["data"]) if "data" in spec else head + bytes(max(0, int(spec["size"]) - len(head)))
        sid = new_sid("ME")
        with self.lock:
            self.items[sid] = {"account": account.sid, "message": message_sid, "type": spec.get("type", "image/jpeg"), "data": data}
        return f"/2010-04-01/Accounts/{account.sid}/Messages/{message_sid}/Media/{sid}"

    def found(self, account, message_sid, sid):
        with self.lock:
            item = self.items.get(sid)
        return item if item and (item["account"], item["message"]) == (account.sid, message_sid) else None

    def note(self, where, path, headers, status):
        with self.lock:
            self.requests.append({"where": where, "path": path, "authorization": "Authorization" in headers, "status": status, "at": time.time()})

    def signature(self, sid, until):
        return hmac.new(self.secret, f"{sid} {until}".encode(), hashlib.sha256).hexdigest()

    def location(self, sid):
        until = int(time.time()) + LINK_S
        return f"{self.storage.url}/{sid}?" + urllib.parse.urlencode({"Expires": until, "Signature": self.signature(sid, until)})

    def offer(self, message_sid, urls):
        """As Twilio does soon after the POST: fetches what we offered. Only on this machine: tests name other hosts too."""
        here = [u for u in urls if urllib.parse.urlsplit(u).hostname in ("127.0.0.1", "localhost")]
        threading.Thread(target=lambda: [self.take(message_sid, u) for u in here], daemon=True).start()

    def take(self, message_sid, url):
        entry = {"message": message_sid, "url": url, "status": None, "type": None, "size": 0, "sha256": None, "disposition": None}
        try:
            with OPENER.open(url, timeout=20) as answer:
                data = answer.read(FETCH_MOST)
                entry.update(status=answer.status, type=answer.headers.get("Content-Type"), size=len(data), sha256=hashlib.sha256(data).hexdigest(),
                             disposition=answer.headers.get("Content-Disposition"))
        except urllib.error.HTTPError as error:
            entry["status"] = error.code
        except OSError as error:
            entry["status"] = str(error)
        with self.lock:
            self.offered.append(entry)

    def listed(self, name):
        with self.lock:
            return list(getattr(self, name))


class Storage(http.server.ThreadingHTTPServer):
    """Another host: takes its own short-lived signature, and refuses a request that brings other credentials as well."""
    daemon_threads, block_on_close = True, False

    def __init__(self, media):
        super().__init__(("127.0.0.1", 0), StorageHandler)
        self.media = media

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, _request, _client):
        """A client that goes away in the middle is part of the game."""


class StorageHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 120

    def do_GET(self):
        media, target = self.server.media, urllib.parse.urlsplit(self.path)
        query, sid = dict(urllib.parse.parse_qsl(target.query)), target.path.strip("/")
        item = media.items.get(sid)
        script = media.scripts.take("storage", [("Sid", sid)])
        time.sleep(script.get("delay_ms", 0) / 1000)
        good = hmac.compare_digest(media.signature(sid, query.get("Expires", "")), query.get("Signature", "")) and int(query["Expires"]) > time.time()
        status = 400 if "Authorization" in self.headers else 403 if not good else 404 if not item else script.get("status") or 200
        if script.get("location"):
            status = script.get("status") or 302
        media.note("storage", target.path, self.headers, status)
        body = item["data"] if status == 200 else b"<Error/>"
        self.send_response(status)
        self.send_header("Content-Type", item["type"] if status == 200 else "application/xml")
        self.send_header("Content-Length", str(len(body)))
        if script.get("location"):
            self.send_header("Location", script.get("location"))
        self.end_headers()
        cut = script.get("cut") and len(body) // 2
        self.wfile.write(body[:cut] if cut else body)
        if cut:
            self.close_connection = True

    def log_message(self, *_args):
        """Quiet: what was asked is at /_sim/media."""
