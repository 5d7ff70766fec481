"""A text comes in: stored once in one transaction, answered as text/xml, kept when no line is known, shown as it was written."""
import base64
import hashlib
import hmac
import json
import re
import urllib.parse

import pytest

from inbound_tools import FORM, is_twiml
from panel import (at_once, bubbles, conversation_with, csrf_of, enter, events, message, messages_with, new_number, new_sid, quoted, shared, texts)

# ---- stored ----

def test_a_text_is_stored_with_contact_conversation_and_event(stack):
    number = new_number()
    sid = is_twiml(stack.inbound("Dzień dobry 👋", sender=number, NumSegments=2)).sid
    row, talk = message(stack, sid), conversation_with(stack, number)
    assert (row["direction"], row["status"], row["body"], row["segments"], row["conversation_id"]) == (0, "received", "Dzień dobry 👋", 2, talk["id"])
    assert (talk["message_count"], talk["inbound_count"], talk["preview"], talk["last_message_id"]) == (1, 1, "Dzień dobry 👋", row["id"])
    assert talk["last_inbound_at"] == row["created_at"] == talk["last_at"]
    contact = stack.sql("SELECT * FROM contact WHERE id = %s", talk["contact_id"])[0]
    assert contact["phone"] == number and contact["tenant_id"] == stack.tenant.id
    (event,) = events(stack, sid)
    assert (event["status"], event["source"]) == ("received", "webhook")
    assert json.loads(event["detail"])["FromCountry"] == "PL", "parameters that nobody asked for are kept"


def test_a_second_text_joins_the_conversation(stack):
    number = new_number()
    for text in ("one", "two\nlines", "three"):
        is_twiml(stack.inbound(text, sender=number))
    talk = conversation_with(stack, number)
    assert (talk["message_count"], talk["inbound_count"], talk["preview"]) == (3, 3, "three")
    assert [m["body"] for m in messages_with(stack, number)] == ["one", "two\nlines", "three"]


def test_five_parallel_replays_make_one_message(stack):
    number, sid = new_number(), new_sid()
    for answer in at_once(5, lambda _: stack.inbound("once", sender=number, sid=sid)):
        is_twiml(answer)
    is_twiml(stack.inbound("once", sender=number, sid=sid))
    message(stack, sid)
    talk = conversation_with(stack, number)
    assert (talk["message_count"], talk["inbound_count"]) == (1, 1)
    assert len(events(stack, sid)) == 1


def test_five_replays_by_the_simulated_twilio(stack):
    number = new_number()
    done = stack.sim.post("inbound", {"from": number, "to": stack.line, "body": "from the simulator", "url": stack.url + "/twilio/inbound",
                                      "repeat": 5, "parallel": 5})
    assert [r["status"] for r in done["results"]] == [200] * 5
    assert conversation_with(stack, number)["message_count"] == 1 and message(stack, done["sid"])["body"] == "from the simulator"


def test_many_at_once_are_all_kept_and_in_order(stack):
    number = new_number()
    answers = at_once(8, lambda i: [stack.inbound(f"{i}-{n}", sender=number if n % 2 else new_number()) for n in range(6)])
    sids = [is_twiml(a).sid for batch in answers for a in batch]
    found = stack.sql(f"SELECT sid FROM message WHERE sid IN ({','.join(['%s'] * len(sids))})", *sids)
    assert {r["sid"] for r in found} == set(sids)
    rows, talk = messages_with(stack, number), conversation_with(stack, number)
    assert talk["message_count"] == talk["inbound_count"] == len(rows) == 24
    assert talk["last_message_id"] == rows[-1]["id"] and talk["preview"] == rows[-1]["body"]
    for i in range(8):
        assert [r["body"] for r in rows if r["body"].startswith(f"{i}-")] == [f"{i}-{n}" for n in (1, 3, 5)]


def test_an_empty_text_and_a_missing_body_are_messages(stack):
    number = new_number()
    is_twiml(stack.inbound("", sender=number))
    sid = new_sid()
    is_twiml(stack.hook("/twilio/inbound", {"MessageSid": sid, "From": number, "To": stack.line, "AccountSid": stack.tenant.sid}))
    assert [m["body"] for m in messages_with(stack, number)] == ["", ""]


@pytest.mark.parametrize("sender", ["71222", "InPost", "x" * 255, "Łódź & <b>"])
def test_any_sender_is_kept_as_it_came(stack, sender):
    sid = is_twiml(stack.inbound("code 123", sender=sender)).sid
    talk = stack.sql("SELECT c.* FROM conversation c JOIN message m ON m.conversation_id = c.id WHERE m.sid = %s", sid)[0]
    assert talk["peer"] == sender
    page = enter(stack).page(f"/conversations/{talk['id']}")
    assert "<b>" + sender not in page and bubbles(page) == ["code 123"]


def test_a_suspended_tenant_still_receives(stack, other):
    stack.sql("UPDATE tenant SET state = 'suspended' WHERE id = %s", other.id)
    try:
        is_twiml(stack.inbound("still here", sender=new_number(), to=other.line, AccountSid=other.sid, token=other.token))
    finally:
        stack.sql("UPDATE tenant SET state = 'active' WHERE id = %s", other.id)


# ---- media, WhatsApp ----

def test_media_references_keep_their_numbers(stack):
    number, base = new_number(), f"https://api.twilio.com/2010-04-01/Accounts/{stack.tenant.sid}/Messages/MM0/Media/"
    sid = is_twiml(stack.inbound("", sender=number, sid=new_sid("MM"), NumMedia=3, MediaUrl0=base + "ME0", MediaContentType0="image/jpeg",
                                 MediaUrl2=base + "ME2", MediaContentType2="text/vcard", MediaUrl9=base + "ME9", MediaContentType9="")).sid
    row = message(stack, sid)
    media = stack.sql("SELECT position, content_type, url FROM message_media WHERE message_id = %s ORDER BY position", row["id"])
    assert [tuple(m.values()) for m in media] == [(0, "image/jpeg", base + "ME0"), (2, "text/vcard", base + "ME2"), (9, "", base + "ME9")]
    assert row["num_media"] == 3
    page = enter(stack).page(f"/conversations/{row['conversation_id']}")
    assert len(texts(page, "ul", "media")[0][0].split("\n")) >= 1 and page.count('<ul class="media">') == 1
    assert base not in page, "the browser gets no address that needs our credentials"


def test_whatsapp_name_place_and_button(stack):
    number = new_number()
    is_twiml(stack.inbound("", sender="whatsapp:" + number, to=stack.whatsapp_line, ProfileName="Jan <Kowalski>", WaId=number[1:], Latitude="52.2297",
                           Longitude="21.0122", Label="Biuro", MessageType="location"))
    is_twiml(stack.inbound("Tak", sender="whatsapp:" + number, to=stack.whatsapp_line, ButtonText="Tak", ButtonPayload="yes", MessageType="button"))
    talk = conversation_with(stack, "whatsapp:" + number)
    assert (talk["channel"], talk["name"], talk["peer"]) == ("whatsapp", "Jan <Kowalski>", "whatsapp:" + number)
    assert stack.sql("SELECT phone FROM contact WHERE id = %s", talk["contact_id"])[0]["phone"] == number
    place, button = (json.loads(m["extra"]) for m in messages_with(stack, number))
    assert place["Latitude"] == "52.2297" and place["Label"] == "Biuro" and button["ButtonPayload"] == "yes"
    page = enter(stack).page(f"/conversations/{talk['id']}")
    assert "mlat=52.229700" in page and "Jan &lt;Kowalski&gt;" in page and "Jan <Kowalski>" not in page


# ---- unrouted ----

def test_an_unknown_number_is_kept_and_routed_when_it_becomes_a_line(stack):
    number, line = new_number(), new_number()
    sids = [is_twiml(stack.inbound(f"for nobody {i}", sender=number, to=line)).sid for i in range(3)]
    is_twiml(stack.inbound("for nobody 0", sender=number, to=line, sid=sids[0]))
    assert [r["body"] for r in stack.sql("SELECT body FROM unrouted WHERE to_address = %s ORDER BY created_at", line)] == [f"for nobody {i}" for i in range(3)]
    page = enter(stack).page("/unrouted")
    assert "for nobody 2" in page and f'value="{sids[2]}"' in page
    assert '<p><a href="/unrouted">' in enter(stack).page("/system"), "the health page leads there"
    stack.ctl("line", "add", line, "--tenant", stack.tenant.name, "--channel", "sms")
    assert not stack.sql("SELECT 1 FROM unrouted WHERE to_address = %s", line)
    assert [m["body"] for m in messages_with(stack, number)] == [f"for nobody {i}" for i in range(3)]
    is_twiml(stack.inbound("for nobody 0", sender=number, to=line, sid=sids[0]))
    assert conversation_with(stack, number)["message_count"] == 3


def test_an_unrouted_message_is_sent_to_a_line_by_hand_once(stack):
    number, nobody = new_number(), new_number()
    sid = is_twiml(stack.inbound("by hand", sender=number, to=nobody)).sid
    line = stack.sql("SELECT id FROM line WHERE address = %s", stack.line)[0]["id"]
    browser = enter(stack)
    data = {"_csrf": csrf_of(browser.page("/unrouted")), "sid": sid, "line": line}
    assert browser.post("/unrouted/route", data=data, allow_redirects=False).status_code == 303
    (row,) = messages_with(stack, number)
    assert row["body"] == "by hand" and row["line_id"] == line
    assert browser.post("/unrouted/route", data=data, allow_redirects=False).status_code == 404
    is_twiml(stack.inbound("by hand", sender=number, to=nobody, sid=sid))
    assert not stack.sql("SELECT 1 FROM unrouted WHERE sid = %s", sid), "Twilio's replay of a message that was routed is a replay"


# ---- what people write ----

def without_controls(text):
    return "".join(c for c in text if c >= " " or c in "\n\t")


def test_naughty_strings_arrive_and_are_shown_as_text(stack):
    number, strings = new_number(), shared("blns/blns.json")
    for text in strings:
        is_twiml(stack.inbound(text, sender=number))
    expected = [without_controls(s) for s in strings]
    assert [m["body"] for m in messages_with(stack, number)] == expected
    answer = stack.api("GET", f"/api/conversations/{quoted(number)}?limit=500").json()
    assert [m["body"] for m in answer["items"]] == expected[-500:]
    seen, path = [], f"/conversations/{conversation_with(stack, number)['id']}"
    while path:
        page = enter(stack).page(path)
        found, tags = texts(page, "p", "bubble-text")
        assert tags == [], "a text makes no element"
        seen = found + seen
        older = re.search(r'href="(/conversations/\d+\?before=\d+)', page)
        path = older and older.group(1)
    assert len(seen) == len(expected)
    assert [(a, b) for a, b in zip(seen, expected) if b.strip() and a != b] == []


@pytest.mark.parametrize("raw, kept", [(b"%ff%fe caf%e9", "\ufffd\ufffd caf\ufffd"), (b"a%00b%07c", "abc"), (b"%ED%A0%80", "\ufffd\ufffd\ufffd"), (b"%F0%9F%98", "\ufffd\ufffd\ufffd"),
                                       (b"%C0%AF", "\ufffd\ufffd"), (b"a+b%2Bc", "a b+c")])
def test_broken_bytes_are_replaced_and_nothing_is_lost(stack, raw, kept):
    sid, number = new_sid(), new_number()
    head = urllib.parse.urlencode({"AccountSid": stack.tenant.sid, "From": number, "MessageSid": sid, "To": stack.line}).encode()
    value = urllib.parse.unquote_to_bytes(raw.replace(b"+", b" "))
    signed = (f"{stack.public_url}/twilio/inboundAccountSid{stack.tenant.sid}Body".encode() + value +
              f"From{number}MessageSid{sid}To{stack.line}".encode())
    signature = base64.b64encode(hmac.new(stack.tenant.token.encode(), signed, hashlib.sha1).digest()).decode()
    is_twiml(stack.post("/twilio/inbound", head + b"&Body=" + raw, headers={"Content-Type": FORM, "X-Twilio-Signature": signature}))
    assert message(stack, sid)["body"] == kept
    assert isinstance(json.loads(events(stack, sid)[0]["detail"]), dict)
    assert stack.api("GET", f"/api/messages/{sid}").json()["item"]["body"] == kept


def test_a_long_text_is_kept_whole(stack):
    number, text = new_number(), "zażółć 👍🏽 " * 145
    is_twiml(stack.inbound(text, sender=number, NumSegments=24))
    (row,) = messages_with(stack, number)
    assert row["body"] == text and row["segments"] == 24
    assert len(conversation_with(stack, number)["preview"].encode()) <= 160


def test_a_huge_body_is_refused_with_413(stack):
    is_twiml(stack.inbound("x" * 300_000), 413)
    chunks = (b"Body=" + b"x" * 100_000 for _ in range(4))
    is_twiml(stack.post("/twilio/inbound", chunks, headers={"Content-Type": FORM}), 413)
    many = [(f"p{i}", "x") for i in range(1500)]
    is_twiml(stack.hook("/twilio/inbound", many), 413)
