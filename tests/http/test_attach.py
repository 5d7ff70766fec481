"""Attachments that we send: chosen in the chat, limited by channel, offered to Twilio by an address that expires."""
import hashlib
import re
import time

import pytest

from core_tools import PROFILE, children
from panel import asked, bubbles, conversation_with, csrf_of, enter, messages_with, mistakes, new_number, new_sid

KB, MB = 1024, 1024 * 1024
HEADS = {"jpg": b"\xff\xd8\xff\xe0\0\x10JFIF\0", "png": b"\x89PNG\r\n\x1a\n", "gif": b"GIF89a", "webp": b"RIFF\0\0\0\0WEBPVP8 ", "mp3": b"ID3\4", "ogg": b"OggS\0\2",
         "mp4": b"\0\0\0 ftypisom", "pdf": b"%PDF-1.7\n", "exe": b"MZ\x90\0", "html": b"<!doctype html><script>alert(1)</script>", "svg": b"<svg onload='alert(1)'/>"}


def file(kind, size=200, name=None):
    """(name, bytes) of that kind, like no other."""
    head = HEADS[kind] + new_sid().encode()
    return name or f"file.{kind}", head + bytes(max(0, size - len(head)))


def talk(stack, whatsapp=False):
    number = new_number()
    if whatsapp:
        stack.inbound("hello", sender="whatsapp:" + number, to=stack.whatsapp_line)
        return number, conversation_with(stack, "whatsapp:" + number)["id"]
    stack.inbound("hello", sender=number)
    return number, conversation_with(stack, number)["id"]


def send(stack, conversation, files, body="", role="agent", **more):
    """As a browser without scripts sends the composer's form."""
    browser = enter(stack, role)
    page = browser.page(f"/conversations/{conversation}")
    data = {"_csrf": csrf_of(page), "nonce": new_sid("n-"), "seen": "1", "body": body, **more}
    parts = [("files", (name, content, "application/octet-stream")) for name, content in files] or [("files", ("", b"", "application/octet-stream"))]
    return browser.post(f"/conversations/{conversation}", data=data, files=parts, allow_redirects=False)


def offered(stack, sid, count):
    def look():
        found = [o for o in stack.sim.get("media")["offered"] if o["message"] == sid]
        return found if len(found) == count else None
    return stack.wait(look, what="Twilio's fetches")


def sent_media(stack, number):
    """What Twilio was asked to attach."""
    return [v for a in asked(stack, number) for k, v in a["all"] if k == "MediaUrl"]


# ---- they leave ----

def test_pictures_leave_by_mms_and_twilio_can_fetch_them(stack):
    number, conversation = talk(stack)
    files = [file("jpg"), file("png", 1000), file("pdf", name="Oferta „Dąb”.pdf")]
    assert send(stack, conversation, files, "Here").status_code == 303
    m = messages_with(stack, number)[-1]
    assert m["body"] == "Here" and m["num_media"] == 3 and m["sid"].startswith("MM")
    found = {o["sha256"]: o for o in offered(stack, m["sid"], 3)}
    for (_name, content), kind in zip(files, ("image/jpeg", "image/png", "application/pdf")):
        o = found[hashlib.sha256(content).hexdigest()]
        assert (o["status"], o["type"], o["size"]) == (200, kind, len(content))
    assert "filename*=UTF-8''Oferta%20%E2%80%9ED%C4%85b%E2%80%9D.pdf" in found[hashlib.sha256(files[2][1]).hexdigest()]["disposition"]
    page = enter(stack).page(f"/conversations/{conversation}")
    assert page.count(f'<img src="/media/{conversation}/{m["id"]}/') == 2 and "Oferta „Dąb”.pdf" in page
    assert enter(stack).get(f"/media/{conversation}/{m['id']}/2").content == files[2][1]


def test_a_file_needs_no_text(stack):
    number, conversation = talk(stack)
    assert send(stack, conversation, [file("jpg")]).status_code == 303
    m = messages_with(stack, number)[-1]
    assert m["body"] == "" and m["num_media"] == 1
    assert "Body" not in asked(stack, number)[-1]
    row = re.search(rf'data-key="c{conversation}".*?</li>', enter(stack).page("/conversations"), re.S).group(0)
    assert "Zdjęcie" in row and "i-clip" in row


def test_the_api_tells_its_text_not_our_sign_for_it(stack):
    number, conversation = talk(stack)
    send(stack, conversation, [file("jpg")])
    found = [c for c in stack.api("GET", "/api/conversations?limit=200").json()["items"] if c["participant"] == number]
    assert found[0]["last_message"]["body"] == ""


def test_an_address_that_was_sent_is_a_link(stack):
    number, conversation = talk(stack)
    stack.api("POST", "/api/send-message", json={"to": number, "media_urls": ["https://example.org/plan.pdf"]})
    page = enter(stack).page(f"/conversations/{conversation}")
    assert 'href="https://example.org/plan.pdf" rel="noreferrer external"' in page


def test_neither_text_nor_file_is_a_mistake(stack):
    number, conversation = talk(stack)
    answer = send(stack, conversation, [])
    assert answer.status_code == 422 and mistakes(answer.text).get("body")
    assert not asked(stack, number)


def test_on_whatsapp(stack):
    number, conversation = talk(stack, whatsapp=True)
    name, content = file("pdf", 3 * MB)
    assert send(stack, conversation, [(name, content)], "Price list").status_code == 303
    m = messages_with(stack, number)[-1]
    assert offered(stack, m["sid"], 1)[0]["sha256"] == hashlib.sha256(content).hexdigest()


# ---- limits, on the server ----

@pytest.mark.parametrize("whatsapp, files, ok", [
    (False, [("jpg", 5 * MB)], True),
    (False, [("jpg", 5 * MB + 1)], False),
    (False, [("jpg", 3 * MB), ("png", 2 * MB)], True),
    (False, [("jpg", 3 * MB), ("png", 2 * MB + 1)], False),
    (False, [("pdf", 500 * KB)], True),
    (False, [("pdf", 500 * KB + 1)], False),
    (False, [("mp3", 500 * KB + 1)], False),
    (False, [("gif", 100)] * 10, True),
    (False, [("gif", 100)] * 11, False),
    (False, [("exe", 100)], False),
    (False, [("html", 100)], False),
    (False, [("svg", 100)], False),
    (False, [("jpg", 0)], False),
    (True, [("jpg", 5 * MB + 1)], True),
    (True, [("mp4", 16 * MB)], True),
    (True, [("mp4", 16 * MB + 1)], False),
    (True, [("jpg", 100), ("jpg", 100)], False),
    (True, [("gif", 100)], False),
    (True, [("ogg", 100)], True),
    (True, [("html", 100)], False),
])
def test_limits_of_the_channel(stack, whatsapp, files, ok):
    number, conversation = talk(stack, whatsapp)
    made = [file(kind, size) if size else (f"file.{kind}", b"") for kind, size in files]
    answer = send(stack, conversation, made, "with it")
    if ok:
        assert answer.status_code == 303
        assert len(sent_media(stack, number)) == len(files)
    else:
        assert answer.status_code == 422 and mistakes(answer.text).get("files")
        assert not asked(stack, number) and len(messages_with(stack, number)) == 1
        assert bubbles(answer.text)[-1] != "with it" and ">with it</textarea>" in answer.text


def test_what_a_file_is_called_does_not_matter(stack):
    number, conversation = talk(stack)
    answer = send(stack, conversation, [("holiday.jpg", HEADS["html"]), ("../../etc/passwd\x1f.png", file("png")[1])])
    assert answer.status_code == 422 and mistakes(answer.text).get("files")
    assert re.findall(r'name="kept" value="[^"]+" checked> ([^<]+?) <', answer.text) == ["passwd%1F.png"]


def test_more_than_the_route_takes_is_refused_before_it_is_read(stack):
    _number, conversation = talk(stack, whatsapp=True)
    assert send(stack, conversation, [file("mp4", 18 * MB)]).status_code == 413
    browser = enter(stack)
    token = csrf_of(browser.page(f"/conversations/{conversation}"))
    assert browser.post("/send", data={"_csrf": token, "to": "+48500100100", "body": "x" * 300 * KB}).status_code == 413, "only that route takes more"


# ---- nothing is lost ----

def test_files_stay_when_something_else_is_wrong(stack):
    number, conversation = talk(stack)
    content = file("jpg", 5000, "photo.jpg")
    answer = send(stack, conversation, [content], "x" * 1601)
    assert answer.status_code == 422 and mistakes(answer.text).get("body") and "photo.jpg" in answer.text
    token = re.search(r'name="kept" value="([^"]+)" checked', answer.text).group(1)
    assert send(stack, conversation, [], "shorter", kept=token).status_code == 303
    m = messages_with(stack, number)[-1]
    assert offered(stack, m["sid"], 1)[0]["sha256"] == hashlib.sha256(content[1]).hexdigest()
    assert stack.sql("SELECT file_name FROM message_media WHERE message_id = %s", m["id"]) == [{"file_name": "photo.jpg"}]


def test_a_kept_file_is_its_tenants(stack, other):
    _number, conversation = talk(stack)
    token = re.search(r'name="kept" value="([^"]+)"', send(stack, conversation, [file("jpg")], "x" * 1601).text).group(1)
    number = new_number()
    stack.inbound("hi", sender=number, to=other.line, AccountSid=other.sid, token=other.token)
    theirs = conversation_with(stack, number, other)["id"]
    for altered in (token[:70] + ("0" if token[70] != "0" else "1") + token[71:], token + "x", token[:64], "0" * 96):
        answer = send(stack, conversation, [], "x", kept=altered)
        assert answer.status_code == 422 and mistakes(answer.text).get("files"), altered
    stolen = send(stack, theirs, [], "x", role=other.admin, kept=token)
    assert stolen.status_code == 422 and mistakes(stolen.text).get("files")


# ---- the address that Twilio gets ----

def link_of(stack):
    number, conversation = talk(stack)
    send(stack, conversation, [file("jpg")])
    url = sent_media(stack, number)[0]
    assert url.startswith(stack.public_url + "/m/")
    return messages_with(stack, number)[-1], url[len(stack.public_url):]


def test_the_address_needs_no_session_and_is_for_that_file_alone(stack):
    m, path = link_of(stack)
    answer = stack.get(path)
    assert answer.status_code == 200 and answer.headers["Content-Type"] == "image/jpeg" and answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    parts = path.removeprefix("/m/").split("-")
    for i in range(len(parts)):
        for other in ("0", "f", parts[i] + "0", hex(int(parts[i], 16) + 1)[2:]):
            altered = "-".join([*parts[:i], other, *parts[i + 1:]])
            assert stack.get(f"/m/{altered}").status_code == (200 if altered == "-".join(parts) else 404), altered
    for other in ("x", "-", "-" * 5, path[3:] + "-", "0" * 200, path[3:].upper()):
        assert stack.get(f"/m/{other}").status_code == 404, other
    stack.sql("UPDATE message_media SET state = 'removed', sha256 = NULL WHERE message_id = %s", m["id"])
    assert stack.get(path).status_code == 404


def test_the_address_holds_for_a_day(stack):
    """That it does not hold longer: tests/unit/services/media.c."""
    _m, path = link_of(stack)
    until = int(path.removeprefix("/m/").split("-")[4], 16)
    assert 23.9 * 3600 < until - time.time() <= 24 * 3600


def test_it_begins_to_expire_when_the_message_leaves(make_stack):
    stack = make_stack(cron=False)
    number, conversation = talk(stack)
    stack.sim.post("script", {"status": 429, "retry_after": 3, "match": {"To": number}})
    assert send(stack, conversation, [file("jpg")]).status_code == 303
    first = sent_media(stack, number)[0]
    stack.start_cron()
    second = stack.wait(lambda: sent_media(stack, number)[1:], what="the second try")[0]
    ends = [int(url.rsplit("/", 1)[1].split("-")[4], 16) for url in (first, second)]
    assert ends[1] - ends[0] >= 2


# ---- memory ----

@pytest.mark.skipif(PROFILE == "asan", reason="the sanitizer keeps what was freed")
def test_memory_stays_flat_while_a_large_file_is_served(make_stack):
    stack = make_stack(workers=1)
    _number, conversation = talk(stack, whatsapp=True)
    content = file("mp4", 16 * MB)[1]
    assert send(stack, conversation, [("film.mp4", content)]).status_code == 303
    m = stack.sql("SELECT id FROM message WHERE num_media = 1")[0]
    browser, path = enter(stack), f"/media/{conversation}/{m['id']}/0"
    browser.get("/conversations")
    worker = children(stack.fcgi.pid)[-1]
    with open(f"/proc/{worker}/clear_refs", "w", encoding="ascii") as f:
        f.write("5")  # the peak counts from here
    before = peak(worker)
    for _ in range(3):
        assert hashlib.sha256(browser.get(path).content).hexdigest() == hashlib.sha256(content).hexdigest()
    assert children(stack.fcgi.pid)[-1] == worker and peak(worker) - before < 1 * MB


def peak(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return int(re.search(r"VmHWM:\s+(\d+) kB", f.read()).group(1)) * KB


# ---- web servers ----

def test_large_files_pass_every_web_server(server_stack):
    stack = server_stack
    number, conversation = talk(stack, whatsapp=True)
    content = file("mp4", 16 * MB)[1]
    assert send(stack, conversation, [("film.mp4", content)]).status_code == 303
    m = messages_with(stack, number)[-1]
    assert offered(stack, m["sid"], 1)[0]["sha256"] == hashlib.sha256(content).hexdigest()
    browser, path = enter(stack), f"/media/{conversation}/{m['id']}/0"
    whole = browser.get(path)
    assert whole.status_code == 200 and whole.content == content and whole.headers["Content-Type"] == "video/mp4"
    assert whole.headers["X-Content-Type-Options"] == "nosniff" and whole.headers["Content-Security-Policy"].startswith("sandbox;")
    part = browser.get(path, headers={"Range": "bytes=9000000-9000009"})
    assert part.status_code == 206 and part.content == content[9000000:9000010] and part.headers["Content-Range"] == f"bytes 9000000-9000009/{16 * MB}"
    outside = browser.get(path, headers={"Range": f"bytes={16 * MB}-"})
    assert outside.status_code == 416 and outside.headers["Content-Range"] == f"bytes */{16 * MB}"
    assert browser.get(path, headers={"If-None-Match": whole.headers["ETag"]}).status_code == 304
    head = browser.head(path)
    assert head.status_code == 200 and not head.content
