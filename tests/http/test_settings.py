"""The admin's settings: Twilio account, lines, webhooks. Nothing is stored that Twilio refuses, and no secret is ever seen again."""
import re
import secrets

import pytest

from panel import asked, csrf_of, enter, message, mistakes, new_number, new_sid, quoted
from stack import Tenant

OVERRIDES = "#rc=3&rp=ct,rt,5xx"
PAGES = ("/settings", "/settings/lines", "/settings/webhooks")


@pytest.fixture(scope="module")
def firm(stack):
    """An organisation of its own with an admin, and its account at the simulated Twilio."""
    tenant = Tenant("Settings", "AC" + secrets.token_hex(16), secrets.token_hex(16))
    tenant.key, tenant.secret = "SK" + secrets.token_hex(16), secrets.token_hex(16)
    stack.sim.post("accounts", {"sid": tenant.sid, "token": tenant.token, "keys": {tenant.key: tenant.secret}})
    stack.ctl("tenant", "add", tenant.name, "--language", "en")
    row = stack.sql("SELECT id, hook_secret FROM tenant WHERE name = %s", tenant.name)[0]
    tenant.id, tenant.hook_secret, tenant.admin = row["id"], row["hook_secret"], "settings.admin@example.com"
    stack.add_user(tenant.admin, "admin", tenant)
    return tenant


@pytest.fixture
def admin(stack, firm):
    return enter(stack, firm.admin)


@pytest.fixture
def sim(stack):
    yield stack.sim
    stack.sim.post("config", {"numbers": None, "services": None, "number_details": {}, "service_details": {}})


def account(stack, firm):
    rows = stack.sql("SELECT * FROM twilio_account WHERE tenant_id = %s", firm.id)
    return rows[0] if rows else None


def audits(stack, firm, action):
    return stack.sql("SELECT * FROM audit WHERE tenant_id = %s AND action = %s ORDER BY id", firm.id, action)


def lines(stack, firm):
    return {r["address"]: r for r in stack.sql("SELECT * FROM line WHERE tenant_id = %s ORDER BY id", firm.id)}


def post(browser, path, **fields):
    return browser.post(path, data={"_csrf": csrf_of(browser.page("/settings")), **fields}, allow_redirects=False)


# ---- the account ----

def test_what_twilio_refuses_is_not_stored(stack, firm, admin):
    wrong = "0" * 32
    answer = post(admin, "/settings", sid=firm.sid, token=wrong, api_key_sid=firm.key, api_key_secret=firm.secret)
    assert answer.status_code == 422 and "Authenticate" in mistakes(answer.text)["token"] and "20003" in mistakes(answer.text)["token"]
    assert f'value="{firm.sid}"' in answer.text and f'value="{firm.key}"' in answer.text, "what was typed stays"
    assert wrong not in answer.text and firm.secret not in answer.text, "but for secrets"
    assert account(stack, firm) is None and not audits(stack, firm, "credentials.put")


@pytest.mark.parametrize("field, value, words", [
    ("sid", "AC123", "32 hexadecimal digits"), ("token", "short", "32 characters"), ("api_key_sid", "AC" + "1" * 32, "SK and 32"),
    ("messaging_service_sid", "MGx", "MG and 32"), ("second_token", "short", "32 characters"), ("api_key_sid", "SK" + "1" * 32, None)])
def test_a_wrong_shape_is_told_at_its_field_without_asking_twilio(stack, firm, admin, field, value, words):
    requests = len(stack.sim.get("asked"))
    answer = post(admin, "/settings", **{"sid": firm.sid, "token": firm.token, "messaging_service_sid": "MG" + "7" * 32, field: value})
    assert answer.status_code == 422
    if words:
        assert words in mistakes(answer.text)[field]
    else:
        assert "secret" in mistakes(answer.text)["api_key_secret"]
    assert firm.token not in answer.text and len(stack.sim.get("asked")) == requests
    if field != "messaging_service_sid":
        assert "MG" + "7" * 32 in answer.text
    assert account(stack, firm) is None


def test_unreachable_is_not_refused(stack, firm, admin):
    for behaviour in ({"status": 503}, {"code": 20429}, {"status": 502, "format": "html"}):
        stack.sim.post("script", {"op": "account", **behaviour})
        answer = post(admin, "/settings", sid=firm.sid, token=firm.token)
        assert answer.status_code == 422 and "could not be asked" in mistakes(answer.text)[""] and 'name="unchecked"' in answer.text
        assert account(stack, firm) is None
    stack.sim.post("script", {"op": "account", "status": 503})
    assert post(admin, "/settings", sid=firm.sid, token=firm.token, unchecked="1").status_code == 303
    assert account(stack, firm)["checked_state"] == "unreachable"


def test_good_credentials_are_sealed_and_checked(stack, firm, admin, sim):
    sim.post("config", {"services": {"MG" + "3" * 32: []}})
    answer = post(admin, "/settings", sid=firm.sid, token=firm.token, second_token="5" * 32, api_key_sid=firm.key, api_key_secret=firm.secret,
                  messaging_service_sid="MG" + "3" * 32)
    assert answer.status_code == 303, mistakes(answer.text)
    page = admin.page("/settings")
    assert "Twilio accepts these credentials" in page and "active Full" in page and re.search(r"\d+ ms", page)
    for secret in (firm.token, firm.secret, "5" * 32):
        assert secret not in page
        assert "•" * 8 + secret[-4:] in page
    row = account(stack, firm)
    assert (row["account_sid"], row["checked_state"], row["api_key_sid"]) == (firm.sid, "good", firm.key)
    stored = str(row) + str(audits(stack, firm, "credentials.put"))
    assert not any(secret in stored for secret in (firm.token, firm.secret, "5" * 32))
    assert f"…{firm.token[-4:]}" in audits(stack, firm, "credentials.put")[-1]["detail"]


def test_empty_secrets_keep_what_is_stored(stack, firm, admin):
    assert post(admin, "/settings", sid=firm.sid, api_key_sid=firm.key, token="", drop_second="1").status_code == 303
    assert account(stack, firm)["second_token"] is None and account(stack, firm)["checked_state"] == "good"
    other = "SK" + secrets.token_hex(16)
    answer = post(admin, "/settings", sid=firm.sid, api_key_sid=other)
    assert "secret" in mistakes(answer.text)["api_key_secret"], "another key needs its own"
    answer = post(admin, "/settings", sid=firm.sid, api_key_sid=other, api_key_secret="wrong")
    assert answer.status_code == 422 and "Authenticate" in mistakes(answer.text)["api_key_sid"]
    answer = post(admin, "/settings", sid=firm.sid, api_key_sid=firm.key, messaging_service_sid="MG" + "8" * 32)
    assert answer.status_code == 422 and "20404" in mistakes(answer.text)["messaging_service_sid"]
    assert account(stack, firm)["api_key_sid"] == firm.key


def test_verify_tells_what_became_of_the_account(stack, firm, admin):
    def verified():
        assert post(admin, "/settings/verify").status_code == 303
        return admin.page("/settings"), account(stack, firm)["checked_state"]
    stack.sim.post("accounts", {"sid": firm.sid, "token": firm.token, "keys": {firm.key: firm.secret}, "status": "suspended", "type": "Trial"})
    page, state = verified()
    assert state == "suspended" and "suspended Trial" in page and "the account is not active" in page
    stack.sim.post("accounts", {"sid": firm.sid, "token": "9" * 32})
    page, state = verified()
    assert state == "refused" and "Authenticate (20003)" in page
    stack.sim.post("accounts", {"sid": firm.sid, "token": firm.token, "keys": {firm.key: firm.secret}})
    stack.sim.post("script", {"op": "account", "status": 500})
    page, state = verified()
    assert state == "unreachable" and "could not be asked" in page
    page, state = verified()
    assert state == "good" and firm.token not in page


def test_a_new_token_signs_at_once(stack, firm, admin):
    """No worker keeps on using the old one for the two seconds that answers are kept."""
    def arrives(token):
        return stack.inbound("signed", to=new_number(), AccountSid=firm.sid, token=token).status_code
    assert arrives(firm.token) == 200
    old, firm.token = firm.token, secrets.token_hex(16)
    stack.sim.post("accounts", {"sid": firm.sid, "token": firm.token, "keys": {firm.key: firm.secret}})
    for _ in range(4):  # both workers know the old one
        assert arrives(old) == 200
    assert post(admin, "/settings", sid=firm.sid, token=firm.token, api_key_sid=firm.key).status_code == 303
    assert [arrives(old) for _ in range(4)] == [403] * 4 and [arrives(firm.token) for _ in range(4)] == [200] * 4


def test_another_organisations_account_is_not_taken(stack, firm, admin):
    answer = post(admin, "/settings", sid=stack.tenant.sid, token=stack.tenant.token)
    assert answer.status_code == 422 and "belongs to another" in mistakes(answer.text)["sid"]
    assert account(stack, firm)["account_sid"] == firm.sid


# ---- lines ----

def test_a_line_is_added_as_people_write_numbers(stack, firm, admin):
    answer = post(admin, "/settings/lines", line="512 345 678", channel="sms", name="Front desk", per_second="3")
    assert answer.status_code == 303, mistakes(answer.text)
    row = lines(stack, firm)["+48512345678"]
    assert (row["channel"], row["name"], row["per_second"], row["active"]) == ("sms", "Front desk", 3, 1)
    assert "+48 512 345 678" in admin.page("/settings/lines")
    assert audits(stack, firm, "line.add")[-1]["target"] == "+48512345678"
    assert post(admin, "/settings/lines", line="+48 512 345 678", channel="whatsapp", name="").status_code == 303
    assert "whatsapp:+48512345678" in lines(stack, firm)
    for fields, field in (({"line": "12"}, "line"), ({"line": "512 345 678"}, "line"), ({"per_second": "many"}, "per_second"), ({"channel": "fax"}, "channel")):
        answer = post(admin, "/settings/lines", **{"line": "512345679", "channel": "sms", "name": "Kept <b>", **fields})
        assert answer.status_code == 422 and field in mistakes(answer.text) and 'value="Kept &lt;b&gt;"' in answer.text, fields


def test_a_line_is_renamed_and_switched_off(stack, firm, admin):
    line = lines(stack, firm)["+48512345678"]
    path = f"/settings/lines/{line['id']}"
    assert 'value="Front desk"' in admin.page(path)
    assert post(admin, path, name="Reception", per_second="0").status_code == 303
    changed = lines(stack, firm)["+48512345678"]
    assert (changed["name"], changed["active"], changed["per_second"]) == ("Reception", 0, 0)
    detail = audits(stack, firm, "line.change")[-1]["detail"]
    assert "Front desk" in detail and "Reception (off)" in detail
    assert "Off: receives, never sends" in admin.page("/settings/lines")
    answer = post(admin, path, name="x" * 81, per_second="0", active="1")
    assert answer.status_code == 422 and "name" in mistakes(answer.text) and "checked" in answer.text
    assert post(admin, path, name="Reception", per_second="0", active="1").status_code == 303


def test_the_default_line_sends_when_nobody_chooses(stack, firm, admin):
    second = new_number()
    assert post(admin, "/settings/lines", line=second, channel="sms").status_code == 303

    def sender():
        number = new_number()
        answer = stack.api("POST", "/api/send-message", firm.admin, json={"to": number, "body": "from whom?"})
        assert answer.status_code == 200, answer.text
        return asked(stack, number)[0]["From"]
    assert sender() == "+48512345678", "the oldest"
    ids = lines(stack, firm)
    assert post(admin, f"/settings/lines/{ids[second]['id']}/default").status_code == 303
    assert sender() == second and audits(stack, firm, "line.default")[-1]["target"] == second
    assert post(admin, f"/settings/lines/{ids['+48512345678']['id']}/default").status_code == 303
    assert sender() == "+48512345678" and [r["is_default"] for r in lines(stack, firm).values() if r["channel"] == "sms"] == [1, 0]


def test_numbers_are_fetched_from_twilio(stack, firm, admin, sim):
    numbers = [new_number() for _ in range(52)]
    sim.post("config", {"numbers": ["+48512345678", *numbers], "number_details": {numbers[0]: {"friendly_name": "Second <shop>"}, numbers[1]: {"sms": False}}})
    page = admin.page("/settings/lines/twilio")
    assert "Second &lt;shop&gt;" in page and page.count('name="number"') == 50 and "Is a line" in page and "Cannot text" in page
    assert page.count(" disabled>") == 2, "a line already, and one that cannot text"
    following = re.search(r'href="(/settings/lines/twilio\?next=[^"]+)"', page).group(1).replace("&amp;", "&")
    assert admin.page(following).count('name="number"') == 3
    answer = post(admin, "/settings/lines/twilio", number=[f"{numbers[0]} Second <shop>", numbers[2]])
    assert answer.status_code == 303
    assert lines(stack, firm)[numbers[0]]["name"] == "Second <shop>" and numbers[2] in lines(stack, firm)
    for stolen in ("https://example.com/", f"/2010-04-01/Accounts/{stack.tenant.sid}/IncomingPhoneNumbers.json"):
        assert admin.get(f"/settings/lines/twilio?next={quoted(stolen)}").status_code == 400
    sim.post("script", {"op": "numbers", "status": 500, "message": "Out of order"})
    page = admin.get("/settings/lines/twilio")
    assert page.status_code == 200 and "Out of order" in mistakes(page.text)[""]


# ---- webhooks ----

def test_the_addresses_to_paste(stack, firm, admin):
    page = admin.page("/settings/webhooks").replace("&amp;", "&")
    for path in (f"/hook/{firm.hook_secret}/message", f"/hook/{firm.hook_secret}/status", "/twilio/inbound", "/twilio/status"):
        assert f'value="{stack.public_url}{path}{OVERRIDES}"' in page, path
    assert stack.tenant.hook_secret not in page


def test_the_button_sets_them_and_twilio_uses_them(stack, firm, admin, sim):
    plain, app, held, refused, absent = (new_number() for _ in range(5))
    for number in (plain, app, held, refused, absent):
        assert post(admin, "/settings/lines", line=number, channel="sms").status_code == 303
    mine = [n for n in lines(stack, firm) if n[0] == "+" and n != absent]
    sim.post("config", {"numbers": mine, "services": {"MG" + "3" * 32: [held], "MG" + "4" * 32: [plain]},
                        "number_details": {app: {"sms_application_sid": "AP" + "1" * 32}, plain: {"voice_url": "https://calls.example/", "status_callback": "https://calls.example/s"}},
                        "service_details": {"MG" + "3" * 32: {"friendly_name": "Campaigns"}, "MG" + "4" * 32: {"use_inbound_webhook_on_number": True}}})
    sim.post("script", [{"op": "number", "match": {"PhoneNumber": refused}, "code": 21503, "message": "SmsUrl is not a valid URL"},
                        {"op": "number", "match": {"PhoneNumber": held}, "status": 500, "message": "Out of order"}])
    answer = post(admin, "/settings/webhooks")
    assert answer.status_code == 200
    rows = {re.sub(r"\D", "", re.search(r"<b>(.*?)</b>", row).group(1)): re.sub(r"<[^>]+>|\s+", " ", row) for row in re.findall(r"<li>(<div>.*?)</li>", answer.text, re.S)}
    assert " Set " in rows[plain[1:]] and "Campaigns" not in rows[plain[1:]], "its service defers to the number"
    assert "AP1111" in rows[app[1:]] and "Campaigns" in rows[held[1:]]
    assert "press again" in rows[held[1:]] and "Out of order" in rows[held[1:]] and "Refused" not in rows[held[1:]], "nothing is known of it"
    assert "Refused" in rows[refused[1:]] and "SmsUrl is not a valid URL (21503)" in rows[refused[1:]]
    assert "Not in this Twilio account" in rows[absent[1:]] and "By hand" in answer.text
    at_twilio = {n["phone_number"]: n for n in sim.get("numbers", account=firm.sid)}
    wanted = f"{stack.public_url}/hook/{firm.hook_secret}/message{OVERRIDES}"
    assert at_twilio[plain]["sms_url"] == at_twilio[app]["sms_url"] == wanted and at_twilio[plain]["sms_method"] == "POST" and at_twilio[refused]["sms_url"] == ""
    assert (at_twilio[plain]["voice_url"], at_twilio[plain]["status_callback"]) == ("https://calls.example/", "https://calls.example/s"), "calls are left alone"
    assert {(a["target"], a["detail"]) for a in audits(stack, firm, "webhook.set")} >= {(plain, "set"), (refused, "refused 21503")}
    assert firm.hook_secret not in str(stack.sql("SELECT * FROM audit"))
    # Twilio posts there, signed over the address without its overrides.
    customer = new_number()
    result = sim.post("inbound", {"account": firm.sid, "from": customer, "to": plain, "body": "by the new address"})
    assert result["status"] == 200 and message(stack, result["sid"])["tenant_id"] == firm.id
    answer = post(admin, "/settings/webhooks")
    assert {n["phone_number"]: n for n in sim.get("numbers", account=firm.sid)}[held]["sms_url"] == wanted, "pressed again"
    assert "Was set already" in answer.text and sim.get("numbers", account=firm.sid)


def test_without_credentials_the_button_says_so(stack, admin, firm):
    stack.ctl("tenant", "add", "Unset", "--language", "en")
    stack.add_user("unset@example.com", "admin", Tenant("Unset", "", ""))
    bare = enter(stack, "unset@example.com")
    answer = post(bare, "/settings/webhooks")
    assert answer.status_code == 422 and "not set up yet" in mistakes(answer.text)[""]
    assert "not set up yet" in bare.page("/settings/lines/twilio") and "Nothing is stored yet" in bare.page("/settings")


def test_in_test_mode_nobody_is_asked(test_mode_stack):
    test_mode_stack.sql("UPDATE user SET language = 'en'")
    browser, tenant = enter(test_mode_stack), test_mode_stack.tenant
    assert post(browser, "/settings", sid=tenant.sid, token="1" * 32).status_code == 303
    assert "Not checked yet" in browser.page("/settings")
    for path in ("/settings/webhooks",):
        assert "test mode" in mistakes(post(browser, path).text)[""]
    assert "test mode" in browser.page("/settings/lines/twilio")
    assert post(browser, "/settings", sid=tenant.sid, token=tenant.token).status_code == 303


# ---- who ----

@pytest.mark.parametrize("role", ["manager", "operator", "agent"])
def test_only_admins_may(stack, role):
    browser = enter(stack, role)
    assert 'href="/settings"' not in browser.page("/") and 'href="/settings"' in enter(stack).page("/")
    line = stack.sql("SELECT id FROM line LIMIT 1")[0]["id"]
    for path in (*PAGES, "/settings/lines/twilio", f"/settings/lines/{line}", "/secrets"):
        assert browser.get(path, allow_redirects=False).status_code == 403, path
    token = csrf_of(browser.page("/"))
    for path in ("/settings", "/settings/verify", "/settings/lines", "/settings/lines/twilio", f"/settings/lines/{line}", f"/settings/lines/{line}/default", "/settings/webhooks"):
        assert browser.post(path, data={"_csrf": token}).status_code == 403, path


def test_another_organisations_lines_do_not_exist(stack, admin, firm):
    line = stack.sql("SELECT id FROM line WHERE tenant_id = %s", stack.tenant.id)[0]["id"]
    assert admin.get(f"/settings/lines/{line}").status_code == 404
    assert post(admin, f"/settings/lines/{line}", name="stolen", per_second=0).status_code == 404
    assert post(admin, f"/settings/lines/{line}/default").status_code == 404
    assert not stack.sql("SELECT 1 FROM line WHERE name = 'stolen'")
    assert stack.line.replace("+48", "") not in admin.page("/settings/lines").replace("\u00a0", "").replace(" ", "")


def test_the_old_address_of_the_keys_leads_there(admin):
    answer = admin.get("/secrets", allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/settings")


def test_no_secret_in_the_logs(stack, firm):
    logs = stack.program_logs()
    for secret in (firm.token, firm.secret, "5" * 32, firm.hook_secret):
        assert secret not in logs
