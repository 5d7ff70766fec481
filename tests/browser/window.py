"""The panel in a window: what the browser tests do and look at. Waits for conditions, never for time."""
import contextlib
import re

from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from stack import USERS

LIVE_LIMIT = 3  # seconds: what changes on the server is on the screen by then, without a reload


class Panel:
    def __init__(self, window, stack, scripts=True):
        self.window, self.stack, self.scripts = window, stack, scripts
        self.expected = {"status of 422"}  # a form with a mistake is answered so; the browser notes it

    # ---- going somewhere ----

    def open(self, path):
        self.window.get(self.stack.url + path)
        return self.ready()

    @contextlib.contextmanager
    def leads_to(self, path=".*"):
        """What is done inside leads to another document, be it of the same address: a link, a form, a key. Goes on when
        that document is there, whole and awake, and its path matches. The address alone tells nothing: it changes
        before the document does."""
        self.script("window.left = true")
        yield
        self.wait(lambda: self.script("return window.left !== true") and re.fullmatch(path, self.path), f"the page {path}")
        self.ready()

    def enter(self, role="admin", language="en"):
        """Signed in without the sign-in page: one session a role and a stack, however many windows use it."""
        person = visitor(self.stack, role)
        if f'lang="{language}"' not in person.page("/help"):
            person.submit("/account", "/account/language", language=language)
        for cookie in person.cookies:
            self.window.execute_cdp_cmd("Network.setCookie", {"name": cookie.name, "value": cookie.value, "url": self.stack.url, "httpOnly": True})
        return self

    def sign_in(self, role="admin", password=None, language="en"):
        """As people do."""
        email = USERS.get(role, role)
        self.stack.sql("UPDATE user SET language = %s WHERE email = %s", language, email)
        self.open("/login")
        self.fill("email", email)
        self.fill("password", password or self.stack.passwords[email])
        with self.leads_to("(?!/login).*"):
            self.one("main form .primary").click()
        return self

    def size(self, width, height=800):
        self.window.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                    {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500})
        return self

    def scheme(self, name):
        """light or dark"""
        self.window.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": name}]})

    @property
    def path(self):
        return re.sub(r"^https?://[^/]*|[?#].*$", "", self.window.current_url)

    # ---- looking ----

    def one(self, css):
        return self.window.find_element(By.CSS_SELECTOR, css)

    def all(self, css):
        return self.window.find_elements(By.CSS_SELECTOR, css)

    def texts(self, css):
        """The rendered text of each such element, wherever it is scrolled to."""
        return self.script("return [...document.querySelectorAll(arguments[0])].map((e) => e.innerText.trim())", css)

    def text(self, css):
        """That of the first; empty when there is none."""
        return (self.texts(css) or [""])[0]

    def value(self, name):
        return self.one(f"[name={name}]").get_property("value")

    def script(self, text, *arguments):
        return self.window.execute_script(text, *arguments)

    @property
    def focused(self):
        return self.window.switch_to.active_element

    def forget(self):
        """As a new window: no cookies, nothing stored, nothing emulated."""
        self.window.get("about:blank")
        for handle in self.window.window_handles[1:]:
            self.window.switch_to.window(handle)
            self.window.close()
        self.window.switch_to.window(self.window.window_handles[0])
        self.window.execute_cdp_cmd("Network.clearBrowserCookies", {})
        self.window.execute_cdp_cmd("Storage.clearDataForOrigin", {"origin": self.stack.url, "storageTypes": "local_storage"})
        self.window.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
        self.complaints()

    def wait(self, check, what="it", limit=None):
        """Until it is so; with a limit: that it is so within so many seconds is promised (core_tools.within)."""
        def try_once():
            try:
                return check()
            except (NoSuchElementException, StaleElementReferenceException):
                return None
        return self.stack.within(limit, try_once, what=what) if limit else self.stack.wait(try_once, what=what)

    def wait_text(self, css, part, limit=None):
        return self.wait(lambda: part in self.text(css), f"“{part}” in {css}", limit)

    def ready(self):
        """The document is whole, and where there are scripts all of them are at work."""
        self.wait(lambda: self.script("""const asleep = arguments[0] && document.scripts.length > 0 && !document.documentElement.classList.contains('awake');
            return document.readyState === 'complete' && !asleep""", self.scripts), "the whole page with its scripts")
        return self

    # ---- doing ----

    def composer(self):
        """The empty field for the next text: what was sent before is answered."""
        self.wait(lambda: self.value("body") == "" and self.all("[data-send]:not([aria-disabled=true])"), "the empty field")
        return self.one("[name=body]")

    def fill(self, name, text):
        field = self.one(f"[name={name}]")
        field.clear()
        field.send_keys(text)
        return field

    def press(self, *keys):
        ActionChains(self.window).send_keys(*keys).perform()

    def shift_enter(self):
        ActionChains(self.window).key_down(Keys.SHIFT).send_keys(Keys.ENTER).key_up(Keys.SHIFT).perform()

    def stay(self):
        """Marks this very document; stayed() tells whether it was never loaded again."""
        self.script("window.stayed = true")
        return self

    def stayed(self):
        return self.script("return window.stayed === true")

    # ---- complaints of the browser ----

    def complaints(self):
        """Errors and warnings of the console since the last call: scripts, missing files, the Content-Security-Policy."""
        return [entry["message"] for entry in self.window.get_log("browser")
                if entry["level"] in ("SEVERE", "WARNING") and not any(words in entry["message"] for words in self.expected)]

    def expect(self, *words):
        """Complaints with these words are what this test wants."""
        self.expected.update(words)


def unread(stack, role, path):
    """What the list says to that user, asked beside the window."""
    row = re.search(rf'data-key="c{path.split("/")[-1]}".*?</li>', visitor(stack, role).page("/conversations"), re.S)
    count = re.search(r'class="count"><span aria-hidden="true">(\d+)<', row.group(0)) if row else None
    return int(count.group(1)) if count else 0


def visitor(stack, role):
    """A browser without scripts, signed in once."""
    known = stack.__dict__.setdefault("visitors", {})
    if role not in known:
        known[role] = stack.login(role)
    return known[role]


def conversation_id(stack, sender, line=None):
    rows = stack.sql("SELECT c.id FROM conversation c JOIN line l ON l.tenant_id = c.tenant_id AND l.id = c.line_id WHERE c.peer = %s AND l.address = %s",
                     sender, line or (stack.whatsapp_line if sender.startswith("whatsapp:") else stack.line))
    assert rows, f"no conversation with {sender}"
    return rows[0]["id"]


def write(stack, sender, *texts, **more):
    """A customer writes; the path of the conversation."""
    for text in texts:
        answer = stack.inbound(text, sender=sender, to=stack.whatsapp_line if sender.startswith("whatsapp:") else stack.line, **more)
        assert answer.status_code == 200, answer.text
    return f"/conversations/{conversation_id(stack, sender)}"
