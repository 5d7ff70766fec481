"""The admin sets up an organisation: credentials, a line, the webhooks; then a message comes in by them."""
import secrets

import pytest
from selenium.webdriver.support.select import Select
from stack import Tenant

NUMBER = "+48604000111"


@pytest.fixture
def shop(stack):
    """An organisation without anything, its admin, and its account at the simulated Twilio."""
    tenant = Tenant(f"Shop {secrets.token_hex(3)}", "AC" + secrets.token_hex(16), secrets.token_hex(16))
    tenant.admin = f"{secrets.token_hex(4)}@example.com"
    stack.ctl("tenant", "add", tenant.name, "--language", "en")
    tenant.id = stack.sql("SELECT id FROM tenant WHERE name = %s", tenant.name)[0]["id"]
    stack.add_user(tenant.admin, "admin", tenant)
    stack.sim.post("accounts", {"sid": tenant.sid, "token": tenant.token})
    stack.sim.post("config", {"numbers": [NUMBER, "+48604000112"]})
    yield tenant
    stack.sim.post("config", {"numbers": None})


def set_up(page, stack, shop, scripts=True):
    page.open("/settings")
    assert "Nothing is stored yet" in page.text(".check .badge")
    page.fill("sid", shop.sid)
    page.fill("token", "0" * 32)
    with page.leads_to("/settings"):
        page.one("form[action='/settings'] .primary").click()
    assert "Authenticate" in page.text("#token-error")
    assert page.value("sid") == shop.sid and page.value("token") == ""
    assert not scripts or page.focused == page.one("#token"), "where it is wrong"
    page.fill("token", shop.token)
    with page.leads_to("/settings"):
        page.one("form[action='/settings'] .primary").click()
    assert "Twilio accepts these credentials" in page.text(".notice")
    assert "active Full" in page.text(".check") and shop.token[-4:] in page.text("#token-hint") and shop.token not in page.window.page_source
    with page.leads_to("/settings"):
        page.one("form[action='/settings/verify'] button").click()
    assert "Twilio was asked" in page.text(".notice")
    page.open("/settings/lines")
    assert "No lines yet" in page.text(".empty")
    page.fill("line", "604 000")
    page.fill("name", "Counter")
    Select(page.one("[name=channel]")).select_by_value("sms")
    with page.leads_to("/settings/lines"):
        page.one("form[action='/settings/lines'] .primary").click()
    assert "not a telephone number" in page.text("#line-error")
    assert page.value("name") == "Counter"
    page.fill("line", "604 000 111")
    with page.leads_to("/settings/lines"):
        page.one("form[action='/settings/lines'] .primary").click()
    assert "+48 604 000 111" in page.text(".lines li")
    assert "Counter" in page.text(".lines li") and "Default sender" in page.text(".lines li")
    page.open("/settings/lines/twilio")
    assert [box.is_enabled() for box in page.all("[name=number]")] == [False, True]
    with page.leads_to("/settings/lines"):
        page.one("form[action='/settings/lines/twilio'] .primary").click()
    assert len(page.all(".lines li")) == 2
    page.open("/settings/webhooks")
    with page.leads_to("/settings/webhooks"):
        page.one("form[action^='/settings/webhooks'] .primary").click()
    assert page.texts(".results .badge") == ["Set", "Set"]
    result = stack.sim.post("inbound", {"account": shop.sid, "from": "+48600700800", "to": NUMBER, "body": "by the new address"})
    assert result["status"] == 200
    page.open("/conversations")
    assert "by the new address" in page.text(".conversation-row")
    assert "Webhook set at Twilio" in page.open("/settings/audit").text(".trail")


def test_setting_up(panel, stack, shop):
    page = panel(None)
    set_up(page.sign_in(shop.admin), stack, shop)


def test_setting_up_without_scripts(panel, stack, shop):
    page = panel(None, scripts=False)
    set_up(page.sign_in(shop.admin), stack, shop, scripts=False)
    assert not page.open("/settings/webhooks").one("[data-copy]").is_displayed()


def test_an_address_is_copied(panel, stack):
    page = panel().open("/settings/webhooks")
    page.window.execute_cdp_cmd("Browser.grantPermissions", {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"], "origin": stack.url})
    page.one("[data-copy=hook-message]").click()
    page.wait_text("[data-copy=hook-message]", "Copied")
    copied = page.window.execute_async_script("navigator.clipboard.readText().then(arguments[0], (e) => arguments[0](String(e)))")
    assert copied == page.one("#hook-message").get_property("value") and copied.endswith("#rc=3&rp=ct,rt,5xx")


def test_a_person_added_in_the_browser_signs_in(panel, stack, shop):
    page = panel(None).sign_in(shop.admin).open("/settings/people")
    email = f"{secrets.token_hex(4)}@example.com"
    page.fill("email", email)
    page.fill("name", "Night shift")
    Select(page.one("[name=role]")).select_by_value("agent")
    with page.leads_to("/settings/people.*"):
        page.one("form[action='/settings/people'] .primary").click()
    assert "New password" in page.text("#password-title")
    password = page.one("#new-password").get_property("value")
    with page.leads_to("/login"):
        page.one("form[action='/logout'] button").click()
    stack.passwords[email] = password
    page.sign_in(email)
    assert "Choose your own" in page.text("#password-title + .warning")
    for name, text in (("current", password), ("password", "a password of my own"), ("again", "a password of my own")):
        page.fill(name, text)
    with page.leads_to("/account.*"):
        page.one("form[action='/account/password'] .primary").click()
    assert "The password is changed." in page.text(".notice")
    assert page.open("/").text("h1") == "Dashboard" and not page.all("nav a[href='/settings']")
