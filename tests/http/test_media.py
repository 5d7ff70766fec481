"""Attachments that customers send: fetched from Twilio and from nowhere else, kept, shown, never run."""
import base64
import hashlib
import re
import socket
import threading

import pytest

from panel import at_once, conversation_with, enter, new_number, new_sid, second_cron

JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(range(256)) * 4
HTML = b"<!doctype html><html><body><script>document.title='run'</script></body></html>"
SVG = b"<svg xmlns='http://www.w3.org/2000/svg' onload=\"alert(1)\"/>"


def at_twilio(stack, sid, data=JPEG, kind="image/jpeg", **more):
    """The address of an attachment of that message."""
    return stack.sim.post("media", {"message": sid, "type": kind, "account": stack.tenant.sid, "data": base64.b64encode(data).decode(), **more})["url"]


def arrive(stack, urls, number=None, sid=None, kind="image/jpeg", body=""):
    """A message with these addresses; a dictionary names indices. (message id, conversation id, rows are with rows_of())"""
    urls = urls if isinstance(urls, dict) else dict(enumerate(urls))
    number, sid = number or new_number(), sid or new_sid("MM")
    media = {f"MediaUrl{i}": u for i, u in urls.items()} | {f"MediaContentType{i}": kind for i in urls}
    assert stack.inbound(body, sender=number, sid=sid, NumMedia=len(urls), **media).status_code == 200
    return stack.sql("SELECT conversation_id, id FROM message WHERE sid = %s", sid)[0]


def rows_of(stack, m):
    return stack.sql("SELECT * FROM message_media WHERE conversation_id = %s AND message_id = %s ORDER BY position", m["conversation_id"], m["id"])


def settled(stack, m, *states):
    """Its rows when all of them are in one of these states."""
    def look():
        rows = rows_of(stack, m)
        return rows if rows and all(r["state"] in states for r in rows) else None
    return stack.wait(look, what=f"attachments {states}")


def stored(stack, data=JPEG, kind="image/jpeg", **more):
    """One that has arrived: its message and the path of its page."""
    sid = new_sid("MM")
    m = arrive(stack, [at_twilio(stack, sid, data, kind, **more)], sid=sid, kind=kind)
    settled(stack, m, "stored")
    return m, f"/media/{m['conversation_id']}/{m['id']}/0"


def seen(stack, where=None):
    return [r for r in stack.sim.get("media")["requests"] if where in (None, r["where"])]


class Listener:
    """Counts who comes."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.came, self.port = 0, self.socket.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                self.socket.accept()[0].close()
            except OSError:
                return
            self.came += 1


@pytest.fixture
def listener():
    listener = Listener()
    yield listener
    listener.socket.close()


# ---- they come ----

@pytest.mark.parametrize("indices", [range(1), range(10), (0, 2, 9)], ids=["one", "ten", "gaps"])
def test_every_attachment_comes_and_is_served(stack, indices):
    sid, contents = new_sid("MM"), {i: JPEG + secrets_of(i) for i in indices}
    m = arrive(stack, {i: at_twilio(stack, sid, c) for i, c in contents.items()}, sid=sid)
    rows = settled(stack, m, "stored")
    assert [r["position"] for r in rows] == list(indices)
    browser = enter(stack)
    for i, content in contents.items():
        answer = browser.get(f"/media/{m['conversation_id']}/{m['id']}/{i}")
        assert answer.status_code == 200 and answer.content == content and answer.headers["Content-Type"] == "image/jpeg"
    page = browser.page(f"/conversations/{m['conversation_id']}")
    assert len(re.findall(rf'<img src="/media/{m["conversation_id"]}/{m["id"]}/\d" alt="Zdjęcie" loading="lazy"', page)) == len(contents)


def secrets_of(i):
    return hashlib.sha256(new_sid().encode() + bytes([i])).digest()


def test_the_file_lies_outside_of_the_web_root_under_its_hash(stack):
    m, _path = stored(stack)
    digest = hashlib.sha256(JPEG).hexdigest()
    file = stack.folder / "var" / "media" / str(stack.tenant.id) / digest[:2] / digest
    assert file.read_bytes() == JPEG and rows_of(stack, m)[0]["sha256"] == digest
    assert stack.sql("SELECT content_type, size FROM media_file WHERE tenant_id = %s AND sha256 = %s", stack.tenant.id, digest) == [{"content_type": "image/jpeg", "size": len(JPEG)}]
    assert not list((stack.folder / "var" / "media" / "tmp").iterdir())
    assert stack.get(f"/var/media/{stack.tenant.id}/{digest[:2]}/{digest}").status_code == 404


def test_an_open_chat_hears_of_it(stack):
    number, sid = new_number(), new_sid("MM")
    stack.inbound("before", sender=number)
    talk, browser = conversation_with(stack, number)["id"], enter(stack)
    stack.sim.post("script", {"op": "media", "match": {"MessageSid": sid}, "delay_ms": 2500})
    m = arrive(stack, [at_twilio(stack, sid)], number, sid)
    first = browser.get(f"/live?view=chat&id={talk}&cursor=0-0")
    assert "jest pobierany" in first.text and "<img src=\"/media" not in first.text
    settled(stack, m, "stored")
    second = browser.get(f"/live?view=chat&id={talk}&cursor={first.headers['X-Cursor']}")
    assert second.status_code == 200 and f'<img src="/media/{talk}/{m["id"]}/0"' in second.text


# ---- from Twilio and nowhere else ----

def test_credentials_go_to_twilio_and_not_to_where_it_redirects(stack):
    sid = new_sid("MM")
    url = at_twilio(stack, sid)
    settled(stack, arrive(stack, [url], sid=sid), "stored")
    me = url.rsplit("/", 1)[1]
    mine = [(r["where"], r["authorization"], r["status"]) for r in seen(stack) if r["path"].endswith(me)]
    assert mine == [("api", True, 307), ("storage", False, 200)]


def test_a_forged_address_makes_no_request(stack, listener):
    sid, me = new_sid("MM"), new_sid("ME")
    good = at_twilio(stack, sid)
    path = f"/2010-04-01/Accounts/{stack.tenant.sid}/Messages/{sid}/Media/"
    other = at_twilio(stack, new_sid("MM"))
    forged = [
        f"http://127.0.0.1:{listener.port}{path}{me}", f"https://127.0.0.1:{listener.port}{path}{me}",
        f"{stack.sim.url}@127.0.0.1:{listener.port}{path}{me}", f"http://127.0.0.1:{listener.port}/{good}",
        good.replace(stack.tenant.sid, "AC" + "0" * 32), other, good + "/", good + "?x=1", good[:-1], good.replace("/Media/", "/Media/../Media/"),
        good.replace("/2010-04-01", "//2010-04-01"),
    ]
    for batch in (forged[:10], forged[10:]):
        before = len(seen(stack))
        m = arrive(stack, batch, sid=sid if batch is not forged[:10] else sid)
        rows = settled(stack, m, "refused")
        assert {r["reason"] for r in rows} == {"forged"} and all(r["sha256"] is None for r in rows)
        assert len(seen(stack)) == before and listener.came == 0
        sid = new_sid("MM")
    page = enter(stack).page(f"/conversations/{m['conversation_id']}")
    assert "niedostępny" in page and "niczego nie pobrano" in page and "Pobierz ponownie" not in page


@pytest.mark.parametrize("location", ["http://localhost:{}/x", "https://localhost:{}/x", "https://[::1]:{}/x", "file:///etc/passwd", "//localhost:{}/"])
@pytest.mark.parametrize("where", ["media", "storage"])
def test_a_redirect_to_a_strange_place_is_not_followed(stack, listener, where, location):
    sid = new_sid("MM")
    url = at_twilio(stack, sid)
    stack.sim.post("script", {"op": where, "match": {"Sid": url.rsplit("/", 1)[1]}, "location": location.format(listener.port)})
    m = arrive(stack, [url], sid=sid)
    assert settled(stack, m, "stored")[0]["tries"] == 2
    assert listener.came == 0


def test_redirects_in_a_circle_end(stack):
    sid = new_sid("MM")
    url = at_twilio(stack, sid)
    me = url.rsplit("/", 1)[1]
    stack.sim.post("script", {"op": "storage", "times": 12, "match": {"Sid": me}, "location": "/" + me})
    m = arrive(stack, [url], sid=sid)
    row = settled(stack, m, "failed")[0]
    assert (row["reason"], row["tries"]) == ("redirect", 4)
    assert len([r for r in seen(stack, "storage") if r["path"] == "/" + me]) == 4 * 3


# ---- what goes wrong is seen ----

@pytest.mark.parametrize("script, reason, words", [
    ({"op": "media", "status": 404, "times": 1000}, "gone", "Twilio go nie ma."),
    ({"op": "media", "status": 401, "times": 1000}, "denied", "Twilio odrzuciło nasze dane logowania."),
    ({"op": "storage", "status": 503, "times": 1000}, "unreachable", "Nie udało się połączyć z Twilio."),
    ({"op": "storage", "cut": "after", "times": 1000}, "unreachable", "Nie udało się połączyć z Twilio."),
], ids=["404", "401", "503", "cut"])
def test_a_failure_is_shown_and_can_be_tried_again(make_stack, script, reason, words):
    stack = make_stack(media_tries=2, media_retry_ms=50)
    sid = new_sid("MM")
    url = at_twilio(stack, sid)
    stack.sim.post("script", {**script, "match": {"Sid": url.rsplit("/", 1)[1]}})
    m = arrive(stack, [url], sid=sid)
    row = settled(stack, m, "failed")[0]
    assert (row["reason"], row["tries"]) == (reason, 2)
    chat = f"/conversations/{m['conversation_id']}"
    browser = enter(stack, "agent")
    page = browser.page(chat)
    assert "niedostępny" in page and words in page and f'src="/media/{m["conversation_id"]}' not in page
    stack.sim.post("reset")
    again = stack.sim.post("media", {"message": sid, "type": "image/jpeg", "data": base64.b64encode(JPEG).decode()})["url"]
    stack.sql("UPDATE message_media SET url = %s WHERE message_id = %s", again, m["id"])
    answer = browser.submit(chat, action=f"/media/{m['conversation_id']}/{m['id']}/0/retry")
    assert answer.status_code == 200 and "jest pobierany ponownie" in answer.text
    settled(stack, m, "stored")
    assert f'<img src="/media/{m["conversation_id"]}/{m["id"]}/0"' in browser.page(chat)


def test_one_that_is_there_a_little_later_comes_by_itself(stack):
    sid = new_sid("MM")
    url = at_twilio(stack, sid)
    stack.sim.post("script", {"op": "media", "status": 404, "times": 2, "match": {"Sid": url.rsplit("/", 1)[1]}})
    m = arrive(stack, [url], sid=sid)
    assert settled(stack, m, "stored")[0]["tries"] == 3


def test_one_that_is_too_large_is_not_kept(make_stack):
    stack = make_stack(media_most_mb=1)
    sid = new_sid("MM")
    head = base64.b64encode(JPEG[:16]).decode()
    sizes = [1 << 20, (1 << 20) + 1]
    urls = [stack.sim.post("media", {"message": sid, "type": "image/jpeg", "head": head, "size": n})["url"] for n in sizes]
    m = arrive(stack, urls, sid=sid)
    rows = settled(stack, m, "stored", "failed")
    assert [(r["state"], r["reason"], r["tries"]) for r in rows] == [("stored", "", 1), ("failed", "large", 1)]
    assert "Jest większy, niż wolno." in enter(stack).page(f"/conversations/{m['conversation_id']}")
    kept = [f.stat().st_size for f in (stack.folder / "var" / "media").rglob("*") if f.is_file()]
    assert kept == [1 << 20]


def test_two_hosts_fetch_it_once(stack):
    with second_cron(stack):
        sids = [new_sid("MM") for _ in range(10)]
        urls = [at_twilio(stack, sid, JPEG + secrets_of(1)) for sid in sids]
        found = at_once(5, lambda i: [arrive(stack, [urls[k]], sid=sids[k]) for k in (2 * i, 2 * i + 1)])
        for pair in found:
            for m in pair:
                assert settled(stack, m, "stored")[0]["tries"] == 1
        for url in urls:
            assert [r["where"] for r in seen(stack) if r["path"].endswith(url.rsplit("/", 1)[1])] == ["api", "storage"]


def test_few_at_once_and_nothing_else_waits_for_them(make_stack):
    stack = make_stack(media_concurrency=2)
    sid = new_sid("MM")
    urls = [at_twilio(stack, sid, JPEG + secrets_of(i)) for i in range(6)]
    stack.sim.post("script", {"op": "storage", "delay_ms": 1500, "times": 6})
    m = arrive(stack, urls, sid=sid)
    number = new_number()
    stack.sim.post("script", {"op": "send", "status": 429, "retry_after": 1, "match": {"To": number}})
    stack.api("POST", "/api/send-message", json={"to": number, "body": "from fcgi-cron"})
    stack.wait(lambda: stack.sql("SELECT 1 FROM message WHERE body = 'from fcgi-cron' AND sid IS NOT NULL"), what="the send")
    assert any(r["state"] != "stored" for r in rows_of(stack, m)), "it left while files were on their way"
    settled(stack, m, "stored")
    ends = sorted(r["at"] for r in seen(stack, "storage"))
    assert len(ends) == 6 and all(ends[i + 2] - ends[i] > 1.2 for i in range(4)), "never more than two at once"


def test_each_tenant_has_its_own_copy_and_credentials(stack, other):
    sids = {stack.tenant.id: new_sid("MM"), other.id: new_sid("MM")}
    content = JPEG + secrets_of(7)
    data = base64.b64encode(content).decode()
    for tenant, more in ((stack.tenant, {}), (other, {"to": other.line, "AccountSid": other.sid, "token": other.token})):
        sid = sids[tenant.id]
        url = stack.sim.post("media", {"message": sid, "type": "image/jpeg", "account": tenant.sid, "data": data})["url"]
        stack.inbound("", sender=new_number(), sid=sid, NumMedia=1, MediaUrl0=url, MediaContentType0="image/jpeg", **more)
        m = stack.sql("SELECT conversation_id, id FROM message WHERE sid = %s", sid)[0]
        settled(stack, m, "stored")
    digest = hashlib.sha256(content).hexdigest()
    assert {r["tenant_id"] for r in stack.sql("SELECT tenant_id FROM media_file WHERE sha256 = %s", digest)} == {stack.tenant.id, other.id}
    for tenant in sids:
        assert (stack.folder / "var" / "media" / str(tenant) / digest[:2] / digest).read_bytes() == content
    # one tenant's address in another one's message
    sid = new_sid("MM")
    theirs = stack.sim.post("media", {"message": sid, "type": "image/jpeg", "account": other.sid, "data": data})["url"]
    assert settled(stack, arrive(stack, [theirs], sid=sid), "refused")[0]["reason"] == "forged"


# ---- how they are served ----

@pytest.mark.parametrize("data, kind, served, shown", [
    (JPEG, "image/jpeg", "image/jpeg", True),
    (JPEG, "text/html", "image/jpeg", True),
    (b"OggS\0\2" + b"x" * 50, "audio/ogg", "audio/ogg", True),
    (b"\0\0\0 ftypisom" + b"x" * 50, "video/mp4", "video/mp4", True),
    (b"%PDF-1.7 x", "application/pdf", "application/pdf", False),
    (b"BEGIN:VCARD\r\nEND:VCARD\r\n", "text/x-vcard", "text/vcard", False),
    (HTML, "text/html", "application/octet-stream", False),
    (HTML, "image/jpeg", "application/octet-stream", False),
    (SVG, "image/svg+xml", "application/octet-stream", False),
    (b"MZ\x90\0", "application/x-msdownload", "application/octet-stream", False),
], ids=["jpeg", "jpeg called html", "ogg", "mp4", "pdf", "vcard", "html", "html called jpeg", "svg", "exe"])
def test_the_type_is_ours_and_nothing_runs(stack, data, kind, served, shown):
    m, path = stored(stack, data + (secrets_of(0) if b"\0" in data else new_sid().encode()), kind)
    head = enter(stack).get(path).headers
    assert head["Content-Type"] == served and head["X-Content-Type-Options"] == "nosniff"
    assert head["Content-Security-Policy"] == "sandbox; default-src 'none'; img-src 'self'; media-src 'self'"
    assert head["Content-Disposition"].split(";")[0] == ("inline" if shown else "attachment")
    assert head["Cache-Control"].startswith("private") and head["X-Frame-Options"] == "DENY"
    page = enter(stack).page(f"/conversations/{m['conversation_id']}")
    tag = re.search(rf'<(\w+)[^>]*(?:src|href)="{path}"', page).group(1)
    assert tag == ({"image": "a", "audio": "audio", "video": "video"}[served.split("/")[0]] if shown else "a")


def test_parts_of_it(stack):
    content = JPEG + secrets_of(3)
    m, path = stored(stack, content)
    browser, n = enter(stack), len(content)
    whole = browser.get(path)
    etag = whole.headers["ETag"]
    assert whole.content == content and whole.headers["Accept-Ranges"] == "bytes" and etag == f'"{hashlib.sha256(content).hexdigest()}"'

    def ask(value, **headers):
        return browser.get(path, headers={"Range": value, **headers})
    for value, first, last in (("bytes=0-9", 0, 9), ("bytes=100-", 100, n - 1), ("bytes=-7", n - 7, n - 1), (f"bytes=5-{n + 100}", 5, n - 1)):
        part = ask(value)
        assert part.status_code == 206 and part.content == content[first:last + 1], value
        assert part.headers["Content-Range"] == f"bytes {first}-{last}/{n}" and part.headers["Content-Length"] == str(last - first + 1)
    outside = ask(f"bytes={n}-")
    assert outside.status_code == 416 and outside.headers["Content-Range"] == f"bytes */{n}" and not outside.content
    assert ask("bytes=0-9", **{"If-Range": etag}).status_code == 206
    changed = ask("bytes=0-9", **{"If-Range": '"other"'})
    assert changed.status_code == 200 and changed.content == content
    assert browser.get(path, headers={"If-None-Match": etag}).status_code == 304
    head = browser.head(path)
    assert head.status_code == 200 and head.headers["Content-Length"] == str(n) and not head.content


def test_only_people_of_the_tenant_see_it(stack, other):
    m, path = stored(stack)
    nobody = stack.get(path)
    assert nobody.status_code == 303 and nobody.headers["Location"].startswith("/login?next=")
    assert enter(stack, "agent").get(path).status_code == 200
    stranger = enter(stack, other.admin)
    assert stranger.get(path).status_code == 404
    chat = stranger.page("/conversations")
    token = re.search(r'name="_csrf" value="([^"]+)"', chat).group(1)
    assert stranger.post(path + "/retry", data={"_csrf": token}).status_code == 404
    for wrong in (f"/media/{m['conversation_id']}/{m['id']}/1", f"/media/{m['conversation_id'] + 1}/{m['id']}/0", "/media/x/y/z", f"/media/{m['conversation_id']}/{m['id']}/-1"):
        assert enter(stack).get(wrong).status_code == 404, wrong


def test_a_file_that_the_disk_lost_comes_again(stack):
    content = JPEG + secrets_of(4)
    m, path = stored(stack, content)
    digest = hashlib.sha256(content).hexdigest()
    (stack.folder / "var" / "media" / str(stack.tenant.id) / digest[:2] / digest).unlink()
    assert enter(stack).get(path).status_code == 404
    stack.wait(lambda: enter(stack).get(path).content == content, what="the file again")


def test_an_api_key_fetches_too(make_stack):
    """The pair goes together: the key's id with the key's secret, never with the account's token."""
    stack = make_stack()
    key, secret = "SK" + new_sid()[2:], new_sid()[2:]
    stack.sim.post("accounts", {"sid": stack.tenant.sid, "token": stack.tenant.token, "keys": {key: secret}})
    answer = enter(stack).submit("/settings", action="/settings", sid=stack.tenant.sid, token="", api_key_sid=key, api_key_secret=secret)
    assert answer.status_code == 200 and stack.sql("SELECT api_key_sid k FROM twilio_account") == [{"k": key}]
    stored(stack)
    assert [(r["where"], r["status"]) for r in seen(stack)] == [("api", 307), ("storage", 200)]


def test_more_than_ten_are_ten(stack):
    sid = new_sid("MM")
    urls = [at_twilio(stack, sid, JPEG + secrets_of(i)) for i in range(12)]
    assert [r["position"] for r in settled(stack, arrive(stack, urls, sid=sid), "stored")] == list(range(10))
