"""Attachments on the screen: what customers send shows by itself, what we send is chosen in the chat."""
import base64
import struct
import zlib

import pytest

from window import LIVE_LIMIT, conversation_id, write

SID = "MM" + "{:032x}"


def png(width, height, red=40):
    """A picture that browsers show, of one colour."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    row = b"\0" + bytes((red, 90, 120)) * width
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(row * height)) + chunk(b"IEND", b"")


def wav(seconds=1):
    data = bytes(8000 * seconds)
    return b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 8000, 1, 8) + b"data" + struct.pack("<I", len(data)) + data


def arrive(stack, sender, sid, *files):
    """A customer sends these (bytes, type)."""
    media = {}
    for i, (data, kind) in enumerate(files):
        url = stack.sim.post("media", {"message": sid, "type": kind, "account": stack.tenant.sid, "data": base64.b64encode(data).decode()})["url"]
        media.update({f"MediaUrl{i}": url, f"MediaContentType{i}": kind})
    assert stack.inbound("", sender=sender, sid=sid, NumMedia=len(files), **media).status_code == 200


@pytest.fixture
def files(tmp_path):
    """files(name=bytes, …): the paths, as a person would choose them."""
    def make(**contents):
        paths = []
        for name, content in contents.items():
            path = tmp_path / name.replace("_", ".")
            path.write_bytes(content)
            paths.append(str(path))
        return "\n".join(paths)
    return make


def shown(page, css):
    """The natural widths of pictures that are loaded."""
    return page.script("return [...document.querySelectorAll(arguments[0])].filter((i) => i.complete).map((i) => i.naturalWidth)", css)


def test_a_picture_arrives_and_shows_by_itself(panel, stack):
    path = write(stack, "+48601300001", "Look at this")
    page = panel().open(path).stay()
    arrive(stack, "+48601300001", SID.format(1), (png(640, 480), "image/png"), (wav(), "audio/x-wav"), (b"%PDF-1.7 x", "application/pdf"))
    page.wait(lambda: shown(page, ".bubble.in .media img") == [640], "the picture", LIVE_LIMIT + 1)
    assert page.one(".bubble.in .media img").get_attribute("alt") == "Image"
    page.wait(lambda: page.script("return document.querySelector('.bubble.in audio').duration") == 1, "the sound is playable")
    assert "PDF document" in page.text(".bubble.in .media-file .media-name") or "PDF" in page.texts(".bubble.in .media-about")[-1]
    assert page.stayed() and not page.complaints()
    rows = panel("operator").open("/conversations")
    rows.wait_text(f"[data-key=c{path.split('/')[-1]}] .row-preview", "Image")


def test_what_is_not_available_says_why_and_is_fetched_again(make_stack, panel):
    stack = make_stack(media_tries=1)
    stack.sim.post("script", {"op": "media", "status": 404, "times": 1})
    arrive(stack, "+48601300002", SID.format(2), (png(200, 100), "image/png"))
    page = panel(on=stack).open(f"/conversations/{conversation_id(stack, '+48601300002')}")
    page.wait_text(".media-item.bad", "not available", LIVE_LIMIT)
    assert "Twilio does not have it." in page.text(".media-item.bad")
    with page.leads_to("/conversations/[0-9]+"):
        page.one(".media-item.bad button").click()
    page.wait(lambda: shown(page, ".bubble.in .media img") == [200], "the picture")


def test_a_file_is_chosen_in_the_chat_and_leaves(panel, stack, files):
    path = write(stack, "+48601300003", "May I have the plan?")
    page = panel().open(path).stay()
    page.one("#files").send_keys(files(plan_png=png(300, 200), price_pdf=b"%PDF-1.7 price"))
    page.wait(lambda: len(page.all(".attached li")) == 2, "the files")
    assert "plan.png" in page.texts(".attached li")[0] and "1 KB" in page.texts(".attached li")[0]
    page.all(".attached li button")[1].click()
    assert len(page.all(".attached li")) == 1
    page.one("[data-send]").click()  # no text is needed beside a file
    page.wait(lambda: shown(page, ".bubble.out .media img") == [300], "our picture", LIVE_LIMIT + 1)
    page.wait(lambda: not page.all(".attached li"), "nothing chosen any more")
    assert page.stayed()
    page.wait_text(".bubble.out .badge", "Delivered", LIVE_LIMIT)
    message = stack.sql("SELECT sid FROM message WHERE conversation_id = %s AND direction = 1", int(path.split("/")[-1]))[0]["sid"]
    offered = page.wait(lambda: [o for o in stack.sim.get("media")["offered"] if o["message"] == message], "Twilio's fetch")
    assert [(o["status"], o["type"]) for o in offered] == [(200, "image/png")]


def test_what_is_too_large_is_told_before_it_leaves(panel, stack, files):
    path = write(stack, "+48601300004", "hello")
    page = panel().open(path).stay()
    page.one("[name=body]").send_keys("Here you are")
    page.one("#files").send_keys(files(big_pdf=b"%PDF-1.7" + bytes(600 * 1024), tool_exe=b"MZ"))
    page.wait_text(".attach .mistake", "big.pdf is too large")
    page.one("[data-send]").click()
    page.all(".attached li button")[0].click()
    page.wait_text(".attach .mistake", "tool.exe is of a kind")
    page.all(".attached li button")[0].click()
    page.wait(lambda: not page.all(".attach .mistake"), "no mistake")
    assert page.value("body") == "Here you are" and page.stayed()
    assert len(stack.sql("SELECT id FROM message WHERE conversation_id = %s", int(path.split("/")[-1]))) == 1


def test_without_scripts_and_on_a_narrow_screen(panel, stack, files):
    path = write(stack, "+48601300005", "hello")
    arrive(stack, "+48601300005", SID.format(5), (png(1200, 800), "image/png"), (b"BEGIN:VCARD\r\nEND:VCARD\r\n", "text/x-vcard"))
    page = panel(scripts=False, width=320)
    stack.wait(lambda: stack.sql("SELECT 1 FROM message_media WHERE state = 'pending'") in ((), []), what="the attachments")
    page.open(path)
    page.one("#files").send_keys(files(photo_png=png(50, 50)))
    page.one("[name=body]").send_keys("x")
    with page.leads_to(path):
        page.one("[data-send]").click()
    assert page.all(".bubble.out .media img")
    assert page.window.execute_cdp_cmd("Page.getLayoutMetrics", {})["cssContentSize"]["width"] <= 320


DROP = """
const files = new DataTransfer();
for (const [name, type] of arguments[1]) files.items.add(new File(['%PDF-1.7 ' + name], name, { type }));
const target = document.querySelector(arguments[0]);
const event = arguments[2] === 'paste' ? new ClipboardEvent('paste', { clipboardData: files, bubbles: true, cancelable: true })
  : new DragEvent('drop', { dataTransfer: files, bubbles: true, cancelable: true });
return target.dispatchEvent(event);
"""


def test_files_are_dropped_and_pasted(panel, stack):
    path = write(stack, "+48601300006", "hello")
    page = panel().open(path).stay()
    assert page.script(DROP, "[data-composer]", [["one.pdf", "application/pdf"]], "drop") is False, "the browser would open the file"
    assert page.script(DROP, "[name=body]", [["two.pdf", "application/pdf"]], "paste") is False
    page.wait(lambda: [t.split()[0] for t in page.texts(".attached li")] == ["one.pdf", "two.pdf"], "both files")
    page.one("[data-send]").click()
    page.wait(lambda: page.texts(".bubble.out .media-name") == ["one.pdf", "two.pdf"], "both in the chat")
    assert page.stayed()
