"""A batch by a person in a window: written, checked, sent, followed."""
import os

NUMBERS = ["+48604100101", "+48604100102", "+48604100103"]


def keep(page, name):
    """Pictures for whoever wants to look: SHOTS=folder."""
    if os.environ.get("SHOTS"):
        page.window.save_screenshot(f"{os.environ['SHOTS']}/{name}.png")


def test_a_batch_is_written_checked_and_sent(panel, stack):
    page = panel("manager").open("/bulk")
    page.fill("recipients", "\n".join([*NUMBERS, NUMBERS[0], "nobody"]))
    page.fill("body", "Hello to all of you, tomorrow we open at nine.")
    with page.leads_to("/bulk"):
        page.one("button[value=check]").click()
    assert "Numbers to send to" in page.text(".plan") and page.window.current_url.endswith("#new"), "the page comes back where the answer stands"
    assert "nobody" in page.text(".plan-problems") and "Given twice" in page.text(".plan-problems")
    keep(page, "bulk-checked")
    page.size(360)
    keep(page, "bulk-checked-narrow")
    assert page.script("return document.documentElement.scrollWidth <= innerWidth")
    page.size(1280)
    with page.leads_to("/bulk/[0-9]+"):
        page.one("button[value=send]").click()
    page.stay()
    stack.sql("UPDATE line SET per_second = 100")
    page.wait_text(".batch-progress", "4 of 4")
    assert page.stayed(), "it followed without a reload"
    keep(page, "bulk-batch")
    page.size(360)
    keep(page, "bulk-batch-narrow")
    assert page.script("return document.documentElement.scrollWidth <= innerWidth")
    page.open("/bulk")
    keep(page, "bulk-narrow")
