"""A person switches the AI on, tries it, and sends what it proposes."""
import os

import pytest

from ai_tools import KEY
from window import write

SENDER = "+48606100101"


@pytest.fixture
def on(make_stack, models):
    return make_stack(**models.settings)


def keep(page, name):
    """Pictures for whoever wants to look: SHOTS=folder."""
    if os.environ.get("SHOTS"):
        page.window.save_screenshot(f"{os.environ['SHOTS']}/{name}.png")


def test_switched_on_tried_proposed_changed_and_sent(panel, on, models):
    page = panel("manager", on=on).open("/ai")
    page.one("#api_key-openai").send_keys(KEY)
    with page.leads_to("/ai"):
        page.one("form[action='/ai/key'] .button").click()
    assert "The key is stored" in page.text(".notice")
    page.fill("system_prompt", "We bake bread.")
    page.script("document.getElementById('answers').value = 'on'")
    with page.leads_to("/ai"):
        page.one("form[action='/ai'] .primary").click()
    assert "The AI answers" in page.text(".page-head .badge")
    page.fill("test_message", "Do you bake rye bread?")
    with page.leads_to("/ai.*"):
        page.one("form[action^='/ai/test'] .primary").click()
    assert "Answer to: Do you bake rye bread?" in page.text(".ai-result")
    assert "ms" in page.text(".ai-result") and KEY not in page.window.page_source
    keep(page, "ai-tried")
    page.size(360)
    assert page.script("return document.documentElement.scrollWidth <= innerWidth")
    on.sql("UPDATE line SET answer_after_s = 0")

    agent = panel("agent", on=on)
    path = write(on, SENDER, "Is there a parking space?")
    agent.open(path).stay()
    agent.wait_text(".proposal", "Answer to: Is there a parking space?")
    keep(agent, "ai-proposal")
    agent.one(".proposal [data-use]").click()
    assert agent.value("body") == "Answer to: Is there a parking space?"
    agent.one("[name=body]").send_keys(" Yes, behind the house.")
    agent.one("[data-send]").click()
    agent.wait_text(".bubble.out", "Yes, behind the house.")
    assert "AI draft, changed and sent by" in agent.text(".bubble.out .bubble-author")
    agent.wait(lambda: not agent.all(".proposal"), "the proposal to go")
    assert agent.stayed(), "it all happened without a reload"
    keep(agent, "ai-sent")


def test_a_person_asks_and_dismisses(panel, on, models):
    page = panel("manager", on=on).open("/ai")
    page.one("#api_key-openai").send_keys(KEY)
    with page.leads_to("/ai"):
        page.one("form[action='/ai/key'] .button").click()
    assert "The key is stored" in page.text(".notice")
    path = write(on, SENDER, "How much is it?")
    models.config(hold=True)
    page.open(path)
    with page.leads_to(path):
        page.one(".ask button").click()
    page.wait_text(".proposal", "The AI is writing")
    models.config(hold=False)
    models.release()
    page.wait_text(".proposal", "Answer to: How much is it?")
    with page.leads_to(path):
        page.one(".proposal-buttons form button").click()
    page.wait(lambda: page.all(".ask button") and not page.all(".proposal"), "the proposal to go")


def test_without_scripts(panel, on, models):
    manager = panel("manager", on=on).open("/ai")
    manager.one("#api_key-openai").send_keys(KEY)
    with manager.leads_to("/ai"):
        manager.one("form[action='/ai/key'] .button").click()
    assert "The key is stored" in manager.text(".notice")
    path = write(on, SENDER, "Do you deliver?")
    page = panel("agent", on=on, scripts=False).open(path)
    with page.leads_to(path):
        page.one(".ask button").click()
    page.wait(lambda: page.open(path).all(".proposal [data-use]"), "the proposal")
    with page.leads_to(path):
        page.one(".proposal [data-use]").click()
    assert page.value("body") == "Answer to: Do you deliver?"
    with page.leads_to(path):
        page.one("[data-send]").click()
    assert "Answer to: Do you deliver?" in page.text(".bubble.out")
    assert "AI draft, sent by" in page.text(".bubble.out .bubble-author")


def test_the_target_conversation_stays_fresh(panel, on, models):
    path = write(on, "+48606100103", "The first text")
    for i in range(25):
        write(on, "+48606100103", f"text {i}")
    on.api("POST", "/api/ai/config", json={"target_number": "+48 606 100 103"})
    page = panel("manager", on=on).open("/ai").stay()
    assert page.one(".ai-preview h2 a").get_attribute("href").endswith(path)
    assert len(page.all(".ai-preview .bubble")) == 20 and page.script("return document.querySelector('.ai-preview .thread').scrollTop") == 0
    newest = "const b = document.querySelector('.ai-preview .bubble:last-of-type').getBoundingClientRect(), t = document.querySelector('.ai-preview .thread').getBoundingClientRect();"
    assert page.script(newest + "return b.bottom <= t.bottom && b.top >= t.top"), "the newest is in sight"
    page.fill("system_prompt", "half written")
    write(on, "+48606100103", "Is anybody there?")
    page.wait(lambda: "Is anybody there?" in page.text(".ai-preview .bubble:last-of-type"), "the new message")
    assert page.stayed() and page.value("system_prompt") == "half written" and len(page.all(".ai-preview .bubble")) == 20
    keep(page, "ai-preview")
    page.size(360)
    assert page.script("return document.documentElement.scrollWidth <= innerWidth")
    page.open("/ai/usage")  # which asks for nothing any more when the stack ends
