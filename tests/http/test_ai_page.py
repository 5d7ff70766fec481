"""The AI page: switch, profile, keys, limits, trying it out; the usage page."""
import html
import re

import pytest

from ai_tools import KEY, usage
from panel import csrf_of, enter, new_number

FIELDS = {"answers": "off", "mode": "draft", "provider": "openai", "model": "gpt-4o-mini", "system_prompt": "We sell bread.", "tone": "", "history": "20",
          "answer_limit": "480", "max_tokens": "1000", "temperature": "", "link_sites": "", "target_number": "", "tokens_param": "", "structure": ""}


@pytest.fixture(scope="module")
def own(database, running_models):
    from stack_fixtures import _run
    for stack in _run(database, **running_models.settings):
        stack.sql("UPDATE user SET language = 'en'")
        yield stack
        assert KEY not in stack.logs(), "a key in a log"


@pytest.fixture
def admin(own, models):
    for table in ("ai_profile", "model_key", "reply_rule", "ai_limit", "ai_day"):
        own.sql(f"DELETE FROM {table}")
    return enter(own)


def post(browser, path, status=303, **fields):
    answer = browser.post(path, data={"_csrf": csrf_of(browser.page("/ai")), **fields}, allow_redirects=False)
    assert answer.status_code == status, answer.text
    return html.unescape(answer.text)


def store_key(browser, **more):
    return post(browser, "/ai/key", key_provider="openai", api_key=KEY, **more)


def test_switching_on_needs_a_key(own, admin):
    text = post(admin, "/ai", 422, **{**FIELDS, "answers": "on", "tone": "gentle"})
    assert "Store a key for this provider first." in text and 'value="gentle"' in text, "what was typed stays"
    assert own.sql("SELECT COUNT(*) n FROM ai_profile")[0]["n"] == 0, "and nothing is stored by half"
    store_key(admin)
    post(admin, "/ai", **{**FIELDS, "answers": "on"})
    assert own.sql("SELECT mode FROM reply_rule WHERE line_id IS NULL") == [{"mode": "ai"}]
    page = html.unescape(admin.page("/ai"))
    assert "•" + KEY[-4:] in page and KEY not in page and "The AI answers" in page
    post(admin, "/ai", **FIELDS)
    assert own.sql("SELECT mode FROM reply_rule WHERE line_id IS NULL") == [{"mode": "none"}]


@pytest.mark.parametrize("field,bad", [("temperature", "2.5"), ("temperature", "warm"), ("history", "201"), ("history", "0"), ("answer_limit", "10"), ("model", ""),
                                       ("max_tokens", "1"), ("link_sites", "not a host!"), ("provider", "other"), ("structure", "xml")])
def test_mistakes_stand_at_their_field(own, admin, field, bad):
    text = post(admin, "/ai", 422, **{**FIELDS, field: bad, "system_prompt": "Typed with care"})
    assert f'id="{field}-error"' in text and "Typed with care" in text
    assert own.sql("SELECT COUNT(*) n FROM ai_profile")[0]["n"] == 0


def test_what_is_saved_is_shown(own, admin):
    post(admin, "/ai", **{**FIELDS, "temperature": "0,7", "own_links": "1", "link_sites": "https://bread.example/x, www.bread.example", "mode": "automatic",
                          "answer_limit": "160", "history": "200"})
    row, = own.sql("SELECT * FROM ai_profile")
    assert (str(row["temperature"]), row["link_sites"], row["automatic"], row["own_links"], row["answer_limit"], row["history"]) == (
        "0.700", "bread.example www.bread.example", 1, 1, 160, 200)
    page = admin.page("/ai")
    assert 'value="0.7"' in page and "<option value=\"automatic\" selected>" in page and re.search(r'name="own_links" value="1" checked', page)
    assert own.sql("SELECT COUNT(*) n FROM audit WHERE action = 'ai_profile.put'")[0]["n"] >= 1


def test_a_line_of_its_own(own, admin):
    store_key(admin)
    line = own.sql("SELECT id FROM line WHERE address = %s", own.line)[0]["id"]
    post(admin, "/ai", **{**FIELDS, "model": "for-all"})
    assert "This line follows the settings" in admin.page(f"/ai?line={line}")
    post(admin, "/ai", line=line, **{**FIELDS, "model": "for-one", "answers": "on"})
    assert 'value="for-one"' in admin.page(f"/ai?line={line}") and 'value="for-all"' in admin.page("/ai")
    assert {r["mode"] for r in own.sql("SELECT mode FROM reply_rule WHERE line_id = %s", line)} == {"ai"}
    post(admin, "/ai/follow", line=line)
    assert 'value="for-all"' in admin.page(f"/ai?line={line}")
    assert admin.get("/ai?line=999999").status_code == 404


def test_a_key_goes_only_where_it_was_typed_for(own, admin):
    store_key(admin)
    text = post(admin, "/ai/key", 422, key_provider="openai", base_url="https://models.example/v1")
    assert "Type the key again" in text and "models.example" in text
    post(admin, "/ai/key", key_provider="openai", base_url="https://models.example/v1", api_key=KEY)
    assert own.sql("SELECT base_url FROM model_key")[0]["base_url"] == "https://models.example/v1"
    post(admin, "/ai/key", 422, key_provider="openai", base_url="http://10.0.0.1", api_key=KEY)
    post(admin, "/ai/key", key_provider="openai", base_url="")
    assert own.sql("SELECT base_url FROM model_key")[0]["base_url"] is None
    post(admin, "/ai/key/delete", key_provider="openai")
    assert own.sql("SELECT * FROM model_key") == []
    actions = [r["action"] for r in own.sql("SELECT action FROM audit WHERE action LIKE 'model_key%%' ORDER BY id DESC LIMIT 4")]
    assert actions[0] == "model_key.delete" and KEY not in str(own.sql("SELECT * FROM audit"))


def test_trying_it_out(own, admin, models):
    store_key(admin)
    text = post(admin, "/ai/test", 200, test_message="When do you open?")
    assert "Answer to: When do you open?" in text and re.search(r"\d+ ms", text) and "20 in, 10 out" in text
    models.script(kind="error", status=401, message="Incorrect API key provided: <b>no</b>")
    text = post(admin, "/ai/test", 200, test_message="x")
    assert "Incorrect API key provided: <b>no</b>" in text and "The provider did not accept the key." in text and "401" in text
    assert "key not accepted" in admin.page("/ai/usage")
    assert "<b>no</b>" not in admin.post("/ai/test", data={"_csrf": csrf_of(admin.page("/ai")), "test_message": "y"}).text
    number = new_number()
    own.inbound("Are you there?", sender=number)
    assert "Answer to: Are you there?" in post(admin, "/ai/test", 200, test_message="", test_number=number)
    post(admin, "/ai", **{**FIELDS, "target_number": number})
    assert "Are you there?" in admin.page("/ai"), "the conversation beside it"
    assert f'name="test_number" type="tel" maxlength="40" value="{number}"' in admin.page("/ai")


def test_limits_and_usage(own, admin, models):
    store_key(admin)
    post(admin, "/ai/limits", 422, calls_per_day="-1", tokens_per_day="5")
    post(admin, "/ai/limits", calls_per_day="1", tokens_per_day="500")
    post(admin, "/ai/test", 200, test_message="one")
    assert "limit of AI calls or tokens is reached" in post(admin, "/ai/test", 422, test_message="two")
    assert "limit of AI calls" in html.unescape(admin.page("/ai"))
    post(admin, "/ai/price", 422, model="gpt-4o-mini", price_in="cheap", price_out="1")
    post(admin, "/ai/price", model="gpt-4o-mini", price_in="100", price_out="50")
    page = admin.page("/ai/usage")
    calls = len(usage(own))
    assert re.search(rf'data-label="Calls">{calls}', page) and "gpt-4o-mini" in page
    row, = own.sql("SELECT SUM(tokens_in) i, SUM(tokens_out) o FROM ai_usage")
    assert f"{float(row['i']) * 100 / 1e6 + float(row['o']) * 50 / 1e6:.4f}".rstrip("0") in page


def test_who_may(own, admin):
    for role in ("operator", "agent"):
        browser = enter(own, role)
        assert browser.get("/ai").status_code == 403 and browser.get("/ai/usage").status_code == 403
    assert enter(own, "manager").get("/ai").status_code == 200
