"""Every page in every language, at every width, light and dark: valid HTML, names, landmarks, contrast, nothing raw, nothing
too wide, nothing in the console."""
import pathlib
import re

import html5lib
import pytest
from core_tools import ROOT
from window import visitor, write
from stack import Stack, Tenant

CHECK = (pathlib.Path(__file__).parent / "check_page.js").read_text(encoding="utf-8")
# Looked at in other tests; files, fragments and addresses that lead on.
ELSEWHERE = ["/login", "/setup", "/chat/:participant", "/media/:conversation/:message/:position", "/live", "/opt-outs/export", "/secrets", "/phone", "/m/:token"]
LONG = "Zakład Produkcyjno-Handlowo-Usługowy „Dąb i Synowie” Spółka z ograniczoną odpowiedzialnością"


@pytest.fixture(scope="module")
def stack(database):
    """Its own: other tests' customers write things that look raw."""
    with Stack(database, workers=1) as own:
        yield own


@pytest.fixture(scope="module")
def office(stack):
    """One of everything; name of a page -> path."""
    stack.inbound("For nobody", sender="+48608000001", to="+48999000111")
    stack.inbound("Para nadie", sender="whatsapp:+48608000001", to="whatsapp:+48999000112")
    stack.inbound("forged", sender="+48608000002", token="0" * 32)
    open_window = write(stack, "whatsapp:+48608000003", "Hola " * 60, ProfileName=LONG)
    closed = write(stack, "whatsapp:+48608000004", "Too long ago", ProfileName="Taller")
    stack.sql("UPDATE conversation SET last_inbound_at = last_inbound_at - INTERVAL 2 DAY WHERE peer = 'whatsapp:+48608000004'")
    write(stack, "whatsapp:+48608000005", "", Latitude="50.04", Longitude="21.99", Label="Rynek 1, Rzeszów")
    media = write(stack, "+48608000006", "", NumMedia=2, MediaUrl0="https://api.twilio.com/a", MediaContentType0="image/jpeg",
                  MediaUrl1="https://api.twilio.com/b", MediaContentType1="audio/ogg")
    wide = write(stack, "+48608000007", "https://example.com/" + "a" * 150, "👩‍👩‍👧‍👦 🎉 " + "W" * 120)
    failed = write(stack, "+48608000008", "Please call")
    admin = visitor(stack, "admin")
    stack.sim.post("script", {"callbacks": [{"status": "sent"}, {"status": "undelivered", "after_ms": 20, "error_code": 30003}]})
    admin.submit(failed, body="Zażółć gęślą jaźń " * 12)
    stack.sim.post("script", {"code": 21610})
    admin.submit(failed, body="Never sent", follow=False)
    doubt = write(stack, "+48608000010", "Proszę już do mnie nie pisać " + "W" * 90)
    write(stack, "+48608000011", "STOP")
    admin.submit("/opt-outs", action="/opt-outs", number="+48608000012", reason="telefonicznie " * 12)
    admin.submit("/opt-outs/words", action="/opt-outs/words", word="zostawcie nas", meaning="stop")
    opted = stack.sql("SELECT id FROM opt_out WHERE address_key = '+48608000012'")[0]["id"]
    visits = stack.api("POST", "/api/reminders", json={"to": "+48608000013", "body": "Zażółć " * 40, "name": LONG[:80], "rule": "weekdays", "weekdays": ["mon", "sun"],
                                                      "quiet_from": "22:00", "quiet_until": "07:00", "ends_on": "2099-01-01"}).json()["id"]
    stack.sql("INSERT INTO reminder_slot (tenant_id, reminder_id, slot, state, reason) SELECT tenant_id, id, '2026-01-01', 'skipped', 'Missed too long ago.' FROM reminder")
    stack.sql("UPDATE reminder SET next_at = UTC_TIMESTAMP() - INTERVAL 1 SECOND")
    stack.wait(lambda: stack.sql("SELECT 1 FROM reminder_slot WHERE state = 'sent'"), what="a reminder sent")
    stack.sql("INSERT INTO ai_usage (tenant_id, day, purpose, provider, model, tokens_in, tokens_out, took_ms, status, outcome, problem) VALUES "
              "(1, UTC_DATE(), 'reply', 'openai', 'a-model-with-a-very-long-name-2026-11-20', 1200, 300, 900, 200, 'answered', ''), "
              "(1, UTC_DATE(), 'test', 'anthropic', 'claude-x', 0, 0, 12, 401, 'denied', %s)", "invalid x-api-key " * 12)
    proposed = write(stack, "+48608000014", "¿Abren el domingo?")
    stack.sql("INSERT INTO ai_draft (tenant_id, conversation_id, message_id, state, next_at, text) SELECT tenant_id, id, last_message_id, 'ready', NOW(), %s "
              "FROM conversation WHERE peer = '+48608000014'", "Sí, de diez a dos. " + "W" * 90)
    full = write(stack, "+48608000009", *[f"line {n}" for n in range(60)])
    stack.wait(lambda: stack.sql("SELECT 1 FROM message WHERE error_code = 30003"), what="the failure")
    batch = stack.api("POST", "/api/multi-sms/batches", json={"body": "Zażółć gęślą jaźń " * 12, "recipients": ["+48608000015", "+48608000015", "W" * 200, "x"]}).json()["batch"]["id"]
    admin.submit("/sync", action="/sync", days="1")
    stack.wait(lambda: stack.sql("SELECT 1 FROM bulk_batch WHERE completed_at IS NOT NULL") and stack.sql("SELECT 1 FROM sync_state WHERE state = 'idle'"), what="a batch and a walk")
    gone, asked = (stack.sql("SELECT sid, id FROM message WHERE body = %s", f"line {n}")[0] for n in (3, 4))
    stack.api("DELETE", f"/api/messages/{gone['sid']}")
    return {"privacy": "/privacy", "a report": f"/privacy/{stack.sql('SELECT MAX(id) id FROM removal_request')[0]['id']}", "removing": f"{full}/messages/{asked['id']}",
            "deleting": full + "/delete", "dashboard": "/", "conversations": "/conversations", "search": "/conversations?q=608", "nothing found": "/conversations?q=zzz",
            "WhatsApp": open_window, "closed window": closed, "attachments": media, "wide": wide, "failed": failed, "long chat": full,
            "a doubt": doubt, "opt-outs": "/opt-outs", "an opt-out": f"/opt-outs/{opted}", "opt-out words": "/opt-outs/words", "opt-out import": "/opt-outs/import",
            "history": "/history", "failures": "/history?direction=failed", "unrouted": "/unrouted", "reminders": "/reminders", "a reminder": f"/reminders/{visits}",
            "new reminder": "/reminders/new", "changed reminder": f"/reminders/{visits}/edit", "auto-reply": "/auto-reply", "AI": "/ai", "AI usage": "/ai/usage", "a proposal": proposed,
            "bulk": "/bulk", "a batch": f"/bulk/{batch}", "sync": "/sync", "system": "/system",
            "account": "/account", "help": "/help", "settings": "/settings", "lines": "/settings/lines", "a line": "/settings/lines/1",
            "numbers": "/settings/lines/twilio", "webhooks": "/settings/webhooks", "organisation": "/settings/organisation", "people": "/settings/people",
            "a person": "/settings/people/2", "audit trail": "/settings/audit"}


def parse(text, where):
    """As a browser that forgives nothing."""
    parser = html5lib.HTMLParser(strict=False, namespaceHTMLElements=False)
    parser.parse(text)
    lines = text.splitlines()
    assert not parser.errors, [(where, code, more, lines[at[0] - 1][max(0, at[1] - 60):at[1] + 20]) for at, code, more in parser.errors]


def test_each_page_is_looked_at(office):
    """A new page without a parameter must be entered above."""
    rows = re.findall(r"^GET +(\S+) +PAGE", (ROOT / "tests/golden/routes.txt").read_text(), re.M)
    seen = {re.sub(r"\?.*", "", path) for path in office.values()}
    fits = lambda row: any(re.fullmatch(re.sub(r":\w+", "[^/]+", row), path) for path in seen)
    assert sorted(row for row in rows if not fits(row)) == sorted(ELSEWHERE)


def look(page, where, colours=False):
    return [f"{where}: {problem}" for problem in page.script(CHECK, colours)]


@pytest.mark.parametrize("language", ["en", "pl", "es"])
def test_every_page(panel, office, language):
    page = panel(language=language)
    problems = []
    for name, path in office.items():
        page.size(1280).open(path)
        assert page.script("return document.documentElement.lang") == language
        problems += look(page, f"{name} 1280")
        for width in (768, 360, 320):
            page.size(width)
            problems += look(page, f"{name} {width}")
        problems += [f"{name}: {text}" for text in page.complaints()]
    assert not problems, "\n".join(problems)


def test_colours(panel, office):
    page = panel()
    problems = []
    for scheme in ("light", "dark"):
        page.scheme(scheme)
        for name, path in office.items():
            page.open(path)
            problems += look(page, f"{name} {scheme}", colours=True)
    assert not problems, "\n".join(problems)


def test_pages_without_a_menu(panel, stack, make_stack):
    page = panel(None)
    problems = []
    page.open("/login")
    for width in (1280, 320):
        problems += look(page.size(width), f"sign-in {width}", colours=True)
    page.fill("email", "nobody@example.com")
    page.fill("password", "wrong")
    with page.leads_to("/login"):
        page.one(".primary").click()
    assert page.all("[role=alert]")
    problems += look(page, "sign-in refused", colours=True)
    page.enter().open("/no/such/page")
    problems += look(page, "404", colours=True)
    page.expect("status of 401", "status of 404")
    empty = panel(None, on=make_stack(seed=False, cron=False)).open("/setup")
    problems += look(empty, "set-up", colours=True)
    problems += look(empty.size(320), "set-up 320")
    assert not problems, "\n".join(problems)


def test_the_handset(panel, test_mode_stack):
    problems = []
    for language in ("en", "pl", "es"):
        page = panel(on=test_mode_stack, language=language)
        for width in (1280, 320):
            problems += look(page.size(width).open("/phone?from=%2B48607000009"), f"handset {language} {width}", colours=language == "en")
    assert not problems, "\n".join(problems)


def test_an_empty_tenant(panel, stack):
    tenant = stack.add_tenant(Tenant("Empty", "AC" + "e" * 32, "e" * 32))
    stack.add_user("empty@example.com", "admin", tenant)
    page = panel(None).sign_in("empty@example.com")
    problems = []
    for path in ("/", "/conversations", "/history", "/unrouted", "/reminders", "/auto-reply", "/ai", "/ai/usage", "/bulk", "/opt-outs", "/privacy", "/sync", "/settings",
                 "/settings/lines", "/system"):
        for width in (1280, 320):
            problems += look(page.size(width).open(path), f"{path} {width}", colours=width == 320)
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("role", ["admin", "agent"])
def test_html(stack, office, role):
    browser = visitor(stack, role)
    for path in office.values():
        text = browser.get(path).text
        parse(text, path)
        assert not re.search(r"\sstyle=|<style|\son\w+=|javascript:|<script(?![^>]*\ssrc=)", text), path
    for path in ("/live?view=list&cursor=", "/live?view=history&cursor=", "/live?view=dashboard&cursor=", f"/live?view=chat&cursor=&id={office['failed'].split('/')[-1]}"):
        answer = browser.get(path, headers={"X-Fragment": "1"})
        assert answer.status_code == 200 and answer.headers["X-Cursor"]
        parse(f"<!doctype html><title>x</title><body>{answer.text}", path)
    parse(stack.get("/login").text, "/login")
    parse(browser.get("/no/such/page").text, "404")


def test_nothing_comes_from_elsewhere(panel, office):
    """Every file a page loads is ours, and there is a policy that would stop others."""
    page = panel()
    for path in (office["dashboard"], office["failed"]):
        page.open(path)
        urls = page.script("return performance.getEntriesByType('resource').map((entry) => entry.name)")
        assert urls and all(url.startswith(page.stack.url) for url in urls)
    policy = visitor(page.stack, "admin").get("/").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy


def test_the_judge_is_awake(panel, office):
    """check_page.js finds what it is there to find."""
    page = panel().open(office["dashboard"])
    for harm, sentence in (
            ("const e = document.createElement('h1'); e.textContent = 'x'; m.append(e)", "2 h1"),
            ("m.insertAdjacentHTML('beforeend', '<h4>x</h4>')", "heading leaves a level out"),
            ("m.insertAdjacentHTML('beforeend', '<i id=main></i>')", "id twice: main"),
            ("m.insertAdjacentHTML('beforeend', '<a href=\"#x\" aria-describedby=nobody>x</a>')", "aria-describedby names nothing"),
            ("m.insertAdjacentHTML('beforeend', '<img src=\"/static/img/icon.svg\">')", "img without alt"),
            ("m.insertAdjacentHTML('beforeend', '<button><svg aria-hidden=true></svg></button>')", "control without a name"),
            ("m.insertAdjacentHTML('beforeend', '<input>')", "field without a label"),
            ("m.insertAdjacentHTML('beforeend', '<p>{{name}}</p>')", "raw text"),
            ("m.insertAdjacentHTML('beforeend', '<p>' + 'W'.repeat(9) + '</p>'); m.lastChild.style.width = '3000px'", "wider than the screen"),
            ("m.insertAdjacentHTML('beforeend', '<p>grey</p>'); m.lastChild.style.color = '#999'", "contrast 2."),
            ("m.insertAdjacentHTML('beforeend', '<p>tiny</p>'); m.lastChild.style.fontSize = '9px'", "text of 9 px"),
            ("document.querySelector('#to').style.borderColor = '#eee'", "edge of the field"),
            ("document.querySelector('.primary').style.marginTop = '-60px'", "lies over")):
        page.script(f"const m = document.querySelector('main'); {harm}")
        found = look(page, "harmed", colours=True)
        assert any(sentence in problem for problem in found), (sentence, found)
        page.open(office["dashboard"])
