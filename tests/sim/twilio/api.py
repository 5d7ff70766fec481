"""Twilio's REST resources: messages, the account, its numbers."""
import datetime
import re
import threading
import time
import urllib.parse

from . import rules
from .numbers import Numbers
from .removal import Removal
from .rules import Refusal

PREFIX = "/2010-04-01/Accounts"
PAGE_SIZE, PAGE_SIZE_MOST = 50, 1000
LIST_PARAMETERS = {"To", "From", "DateSent", "DateSent<", "DateSent>", "PageSize", "Page", "PageToken"}


class Answer:
    """What to write: a dict is JSON, None is no body. `cut` ends the connection: "fin" or "rst", after `partial` bytes."""

    def __init__(self, status, body=None, headers=None, cut=None, partial=0, content_type="application/json"):
        self.status, self.body, self.headers, self.cut, self.partial, self.content_type = status, body, headers or {}, cut, partial, content_type


def refuse(refusal, form="json"):
    if form == "html":
        page = f"<html><head><title>{refusal.status}</title></head><body><h1>{refusal.status} {refusal.message}</h1></body></html>\r\n"
        return Answer(refusal.status, page.encode(), refusal.headers, content_type="text/html")
    if form == "problem":
        body = {"type": f"https://www.twilio.com/docs/errors/{refusal.code}", "title": "Error", "status": refusal.status, "code": refusal.code,
                "detail": refusal.message}
        return Answer(refusal.status, body, refusal.headers, content_type="application/problem+json")
    return Answer(refusal.status, b"" if form == "empty" else refusal.body(), refusal.headers)


class Api:
    def __init__(self, store, scripts, callbacks, files):
        self.store, self.scripts, self.callbacks, self.files, self.number_book = store, scripts, callbacks, files, Numbers(store)
        self.removal = Removal(store, scripts, files, Answer, refuse)
        self.busy, self.busy_lock = 0, threading.Lock()

    def handle(self, request):
        """Answers anything below /2010-04-01/; counts and limits what runs at once."""
        with self.busy_lock:
            self.busy += 1
            busy = self.busy
        what = request.method
        try:
            what, function, arguments = self.route(request)
            account, via = self.authenticate(request)
            limit = self.store.config["max_concurrent"]
            if limit and busy > limit:
                raise Refusal(20429, "Too Many Requests", 429, {"Retry-After": "1"})
            answer = function(request, account, via, *arguments)
        except Refusal as refusal:
            answer = refuse(refusal)
        finally:
            with self.busy_lock:
                self.busy -= 1
        with self.store.lock:
            self.store.requests.append({"what": what, "answer": "cut" if answer.cut else str(answer.status), "at": time.time()})
        answer.headers.setdefault("Twilio-Concurrent-Requests", str(busy))
        return answer

    def route(self, request):
        """(name, function, arguments) by path and method."""
        if request.path.startswith("/v1/Services"):
            return "services", self.services, ()
        path = request.path[len(PREFIX):] if request.path.startswith(PREFIX + "/") else ""
        table = [
            (r"/\w+/Messages\.json", {"POST": ("send", self.send), "GET": ("list", self.list)}),
            (r"/\w+/Messages/(\w+)\.json", {"GET": ("fetch", self.fetch), "POST": ("update", self.update), "DELETE": ("delete", self.delete)}),
            (r"/\w+/Messages/(\w+)/Media\.json", {"GET": ("media list", self.media)}),
            (r"/\w+/Messages/(\w+)/Media/(ME\w+)", {"GET": ("media", self.media_file)}),
            (r"/\w+/Messages/(\w+)/Media/(ME\w+)\.json", {"DELETE": ("media delete", self.media_delete)}),
            (r"/\w+/IncomingPhoneNumbers\.json", {"GET": ("numbers", self.numbers)}),
            (r"/\w+/IncomingPhoneNumbers/(\w+)\.json", {"GET": ("number", self.number), "POST": ("update number", self.update_number)}),
            (r"/\w+\.json", {"GET": ("account", self.account)}),
        ]
        for pattern, methods in table:
            match = re.fullmatch(pattern, path)
            if match and request.method in methods:
                return (*methods[request.method], match.groups())
            if match:
                raise Refusal(20004, "Method not allowed", 405)
        raise Refusal(20404, f"The requested resource {request.path} was not found", 404)

    def authenticate(self, request):
        sid = request.path[len(PREFIX) + 1:].partition("/")[0].removesuffix(".json")
        account = self.store.accounts.get(sid)
        if request.path.startswith("/v1/"):  # no account in the path: the credentials say whose it is
            account = next((a for a in self.store.accounts.values() if request.credentials and a.admits(*request.credentials)), None)
        via = account.admits(*request.credentials) if account and request.credentials else None
        if not via:
            raise Refusal(20003, "Authenticate", 401, {"WWW-Authenticate": 'Basic realm="Twilio API"'})
        if account.status != "active" and request.method != "GET":
            raise Refusal(20005, "Account not active", 403)
        return account, via

    def send(self, request, account, _via):
        params = request.form()
        script = self.scripts.take("send", params)
        entry = self.store.ask(account, params)
        time.sleep(script.get("delay_before_ms", 0) / 1000)
        if script.get("cut") == "before":
            entry["outcome"] = "cut before"
            return Answer(0, cut=script.get("cut_how", "fin"))
        try:
            refusal = script.refusal()
            if refusal and not script.get("record"):
                raise refusal
            message = self.accept(account, params, script, entry)
        except Refusal as failed:
            entry["outcome"] = str(failed.code)
            time.sleep(script.get("delay_ms", 0) / 1000)
            return refuse(failed, script.get("format", "json"))
        time.sleep(script.get("delay_ms", self.store.config["delay_ms"]) / 1000)
        if script.get("cut") == "after":
            return Answer(201, self.answer_of(message, script), cut=script.get("cut_how", "fin"), partial=script.get("partial", 0))
        return refuse(refusal, script.get("format", "json")) if refusal else Answer(201, self.answer_of(message, script))

    def accept(self, account, params, script, entry):
        """Records the message and starts its course; what the answer says is what it was when it was accepted."""
        status = rules.check_message(params, self.store.config)
        message = self.store.accept(account, params, script.get("answer_status") or status)
        entry.update(outcome="accepted", sid=message.sid)
        message.first = message.resource()
        self.files.offer(message.sid, message.media)
        if status != "scheduled":
            self.callbacks.plan(message, script.get("callbacks"))
        return message

    @staticmethod
    def answer_of(message, script):
        return {**message.first, **({"status": script.get("answer_status")} if script.get("answer_status") else {})}

    def list(self, request, account, _via):
        script, query = self.scripts.take("list", request.query()), request.query()
        failed = self.scripted(script)
        if failed:
            return failed
        unknown = {k for k, _ in query} - LIST_PARAMETERS
        if unknown and self.store.config["strict"]:
            raise Refusal(20001, f"Unknown parameter {sorted(unknown)[0]}")
        values = dict(query)
        size, page = self.whole(values, "PageSize", PAGE_SIZE, 1, PAGE_SIZE_MOST), self.whole(values, "Page", 0, 0, 10**6)
        rows = [m for m in self.store.newest_first(account) if self.wanted(m, values)]
        if values.get("PageToken"):
            last = self.store.find(account, values["PageToken"].removeprefix("PA"))
            if not last:
                raise Refusal(20001, "Invalid PageToken")
            rows = [m for m in rows if m.seq < last.seq]
        elif page:
            raise Refusal(20001, "Page needs a PageToken")
        shown = rows[:size]
        filters = [(k, v) for k, v in query if k not in ("PageSize", "Page", "PageToken")]

        def uri(number, token=None):
            return f"{request.path}?" + urllib.parse.urlencode(filters + [("PageSize", size), ("Page", number)] + ([("PageToken", token)] if token else []))

        return Answer(200, {
            "messages": [m.resource() for m in shown], "page": page, "page_size": size, "start": page * size, "end": page * size + max(len(shown) - 1, 0),
            "uri": uri(page, values.get("PageToken")), "first_page_uri": uri(0), "previous_page_uri": None,
            "next_page_uri": uri(page + 1, "PA" + shown[-1].sid) if len(rows) > size else None})

    @staticmethod
    def whole(values, name, default, least, most):
        text = values.get(name, str(default))
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
            raise Refusal(20001, f"Invalid value for parameter {name}")
        return int(text)

    @staticmethod
    def wanted(message, values):
        """Filters as documented: whole GMT days. A message that was not sent yet has no DateSent and meets none of them."""
        if "To" in values and message.to != values["To"] or "From" in values and message.sender != values["From"]:
            return False
        sent = message.sent.replace(tzinfo=None) if message.sent else None
        for name, fits in (("DateSent", lambda day: day <= sent < day + datetime.timedelta(days=1)),
                           ("DateSent>", lambda day: sent >= day), ("DateSent<", lambda day: sent < day)):
            if name in values:
                try:
                    day = datetime.datetime.strptime(values[name][:10], "%Y-%m-%d")
                except ValueError:
                    raise Refusal(20001, f"Invalid value for parameter {name}") from None
                if sent is None or not fits(day):
                    return False
        return True

    def scripted(self, script):
        """The answer that a script wants for a read, None when it wants the usual one."""
        time.sleep(script.get("delay_ms", 0) / 1000)
        if script.get("cut"):
            return Answer(0, cut=script.get("cut_how", "fin"))
        refusal = script.refusal()
        return refuse(refusal, script.get("format", "json")) if refusal else None

    def found(self, account, sid):
        message = self.store.find(account, sid)
        if not message:
            raise Refusal(20404, f"The requested resource /Messages/{sid} was not found", 404)
        return message

    def fetch(self, _request, account, _via, sid):
        return self.scripted(self.scripts.take("fetch", [("Sid", sid)])) or Answer(200, self.found(account, sid).resource())

    def update(self, request, account, _via, sid):
        return self.removal.update(request, self.found(account, sid))

    def delete(self, _request, account, _via, sid):
        return self.removal.delete(self.found(account, sid))

    def media(self, _request, account, _via, sid):
        return self.removal.media(self.found(account, sid))

    def media_delete(self, _request, account, _via, sid, media):
        return self.removal.media_delete(self.found(account, sid), media)

    def media_file(self, request, account, _via, message_sid, sid):
        """Never the file itself: a redirect to the storage, whose address is signed."""
        script = self.scripts.take("media", [("Sid", sid), ("MessageSid", message_sid)])
        answer = self.scripted(script)
        if not answer and not self.files.found(account, message_sid, sid):
            answer = refuse(Refusal(20404, f"The requested resource /Media/{sid} was not found", 404))
        if not answer:
            answer = Answer(307, b"", {"Location": script.get("location") or self.files.location(sid)}, content_type="text/plain")
        self.files.note("api", request.path, request.headers, answer.status)
        return answer

    def numbers(self, request, account, _via):
        return self.scripted(self.scripts.take("numbers", request.query())) or Answer(200, self.number_book.page(request, account))

    def number(self, _request, account, _via, sid):
        return Answer(200, self.number_book.find(account, sid))

    def update_number(self, request, account, _via, sid):
        number = self.number_book.find(account, sid)["phone_number"]
        return self.scripted(self.scripts.take("number", [("PhoneNumber", number)])) or Answer(200, self.number_book.update(request, account, sid))

    def services(self, request, account, _via):
        return self.scripted(self.scripts.take("services")) or Answer(200, self.number_book.services(request, account))

    def account(self, _request, account, via):
        if via != "token":
            raise Refusal(20003, "Authenticate", 401)
        return self.scripted(self.scripts.take("account")) or Answer(200, account.resource())
