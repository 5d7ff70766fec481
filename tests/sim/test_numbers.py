"""The simulator's numbers and Messaging Services."""
import urllib.parse

from asking import AC, LINE, MG, ask

NUMBERS = f"/2010-04-01/Accounts/{AC}/IncomingPhoneNumbers"


def test_pages_of_numbers(sim):
    status, page, _ = ask(sim, "GET", NUMBERS + ".json?PageSize=2")
    assert status == 200 and [n["phone_number"] for n in page["incoming_phone_numbers"]] == [LINE, "+15005550006"]
    assert page["incoming_phone_numbers"][0]["capabilities"]["sms"] and page["incoming_phone_numbers"][0]["sms_url"] == ""
    status, rest, _ = ask(sim, "GET", page["next_page_uri"])
    assert status == 200 and [n["phone_number"] for n in rest["incoming_phone_numbers"]] == ["whatsapp:" + LINE] and rest["next_page_uri"] is None
    _, one, _ = ask(sim, "GET", NUMBERS + ".json?" + urllib.parse.urlencode({"PhoneNumber": "+15005550006"}))
    assert [n["sid"] for n in one["incoming_phone_numbers"]] == ["PN" + "1".zfill(32)]


def test_a_changed_number_is_where_its_texts_go(sim, hook):
    sid = "PN" + "0" * 32
    address = hook.url + "/sms#rc=3&rp=ct,rt,5xx"
    status, number, _ = ask(sim, "POST", f"{NUMBERS}/{sid}.json", {"SmsUrl": address, "SmsMethod": "POST"})
    assert (status, number["sms_url"]) == (200, address)
    assert ask(sim, "GET", f"{NUMBERS}/{sid}.json")[1]["sms_url"] == address
    result = sim.inbound(**{"to": LINE, "from": "+48500100100", "body": "hello"})
    assert result["status"] == 200 and result["results"][0]["url"] == hook.url + "/sms"
    for params, code in (({"SmsUrl": "not an address"}, 21503), ({"SmsMethod": "PUT"}, 20001), ({"Nonsense": "x"}, 20001)):
        status, refusal, _ = ask(sim, "POST", f"{NUMBERS}/{sid}.json", params)
        assert (status, refusal["code"]) == (400, code)
    assert ask(sim, "POST", f"{NUMBERS}/PN{'f' * 32}.json", {"SmsMethod": "POST"})[0] == 404


def test_services_hold_numbers(sim):
    sim.config(service_details={MG: {"use_inbound_webhook_on_number": True}})
    _, services, _ = ask(sim, "GET", "/v1/Services?PageSize=50")
    assert [s["sid"] for s in services["services"]] == [MG, "MG" + "2" * 32]
    assert ask(sim, "GET", f"/v1/Services/{MG}")[1]["use_inbound_webhook_on_number"] is True
    assert [n["phone_number"] for n in ask(sim, "GET", f"/v1/Services/{MG}/PhoneNumbers?PageSize=1000")[1]["phone_numbers"]] == [LINE]
    assert ask(sim, "GET", "/v1/Services/MG" + "9" * 32)[0] == 404 and ask(sim, "GET", "/v1/Services", password="wrong")[0] == 401
