"""A visitor without scripts, and what it reads of a page: its forms."""
import dataclasses
import html.parser
import time
import urllib.parse

import requests

TIMEOUT = 60


class Browser(requests.Session):
    """A visitor without scripts: keeps cookies, follows links by path, fills in the forms of a page."""

    def __init__(self, url):
        super().__init__()
        self.trust_env = False
        self.base, self.used = url, 0.0

    def request(self, method, path, **more):
        if time.monotonic() > self.used + 2:
            self.close()  # the connection that was kept: the server may be closing it at this very moment
        self.used = time.monotonic()
        return super().request(method, path if "://" in path else self.base + path, **{"timeout": TIMEOUT, **more})

    def page(self, path):
        answer = self.get(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code}\n{answer.text[:2000]}"
        return answer.text

    def submit(self, path, action=None, files=None, follow=True, **fields):
        """Fills in and sends the form of that page which has all these fields (and that action), hidden ones included."""
        for form in forms(self.page(path)):
            if set(fields) <= set(form.fields) and (action is None or form.action == action):
                data = [(k, v) for k, values in form.fields.items() if k not in fields for v in values]
                data += [(k, v) for k, value in fields.items() for v in (value if isinstance(value, list) else [value])]
                target = urllib.parse.urljoin(self.base + path, form.action or path)
                if form.method == "get":
                    return self.get(target, params=data, allow_redirects=follow)
                return self.post(target, data=data, files=files, allow_redirects=follow, headers={"Origin": self.base})
        raise AssertionError(f"{path} has no form with {', '.join(fields) or action}: {[(f.action, list(f.fields)) for f in forms(self.page(path))]}")


@dataclasses.dataclass
class Form:
    action: str
    method: str
    fields: dict


class _FormReader(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.forms, self.select, self.area, self.outside = [], None, None, {}

    def handle_starttag(self, tag, attrs):
        has = dict(attrs)
        if tag == "form":
            self.forms.append(Form(has.get("action") or "", (has.get("method") or "get").lower(), {}))
        elif tag in ("input", "select", "textarea", "button") and has.get("name") and (self.forms or has.get("form")):
            self.field(tag, has)
        elif tag == "option" and self.select is not None and ("selected" in has or not self.select):
            self.select[:] = [has.get("value") or ""]

    def field(self, tag, has):
        kind = (has.get("type") or "text").lower()
        if tag == "button" or kind in ("submit", "button", "image", "reset"):
            return
        values = self.forms[-1].fields.setdefault(has["name"], [])
        if tag == "select":
            self.select = values
        elif tag == "textarea":
            values.append("")
            self.area = values
        elif kind not in ("checkbox", "radio") or "checked" in has:
            if kind != "file":
                values.append(has.get("value") or "")

    def handle_data(self, data):
        if self.area is not None:
            self.area[-1] += data

    def handle_endtag(self, tag):
        if tag == "select":
            self.select = None
        elif tag == "textarea":
            self.area = None


def forms(text):
    reader = _FormReader()
    reader.feed(text)
    return reader.forms
