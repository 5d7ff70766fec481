#!/usr/bin/python3
"""templates.py [ROOT] - what makes {{x}} safe wherever it stands in templates/**/*.mustache.

1. Attribute values are quoted; a tag that gives a value stands within quotes (a section may hold a whole attribute).
2. No mustache tag in <script>, <style>, style="..."; no on...="..." attributes at all (the Content-Security-Policy
   forbids inline script).
3. {{{x}}} and {{&x}} only for csrf and content. No change of delimiters.
4. In href, src, action and the like a value with a tag begins with a name ending in _url (made by url_for(), or checked
   to be http or https), or with a literal path (more than "/"), ? or #: nobody can bring a scheme or a host of their own.
"""

import pathlib
import re
import sys

RAW_NAMES = {"csrf", "content"}
URL_ATTRIBUTES = {"href", "src", "action", "formaction", "poster", "srcset", "data", "cite", "background", "ping", "manifest", "xlink:href"}
TAG = re.compile(r"\{\{\{(?P<triple>.*?)\}\}\}|\{\{!.*?\}\}|\{\{(?P<sigil>[=#^/>&<$]?)\s*(?P<body>\"[^\"]*\"|.*?)\s*\}\}", re.DOTALL)
# After the tags have been replaced by \x01 (value), \x02 (section) or \x03 (nothing: comments, partials, blocks).
VALUE, SECTION, OTHER = "\x01", "\x02", "\x03"
ATTRIBUTE = re.compile(r"""([^\s"'>/=\x02\x03]+)(\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]*))?|["'=/]""")


class Template:
    def __init__(self, name, source):
        self.name, self.source, self.mistakes = name, source, []
        self.tags = []  # (position in `plain`, tag text)
        self.lines = []
        self.plain = self.replace_tags()

    def bad(self, at, text):
        self.mistakes.append((self.lines[min(at, len(self.lines) - 1)] if self.lines else 1, text))

    def replace_tags(self):
        """The source with each tag as one character, and the line of each character that is left."""
        out, at, line = [], 0, 1

        def literal(text):
            nonlocal line
            for character in text:
                out.append(character)
                self.lines.append(line)
                line += character == "\n"

        for match in TAG.finditer(self.source):
            literal(self.source[at : match.start()])
            at = match.end()
            sigil = match.group("sigil") or ""
            body = (match.group("body") or "").strip()
            if match.group("triple") is not None:
                sigil, body = "&", match.group("triple").strip()
            if match.group().startswith("{{!"):
                kind = OTHER
            elif sigil in ("#", "^", "/"):
                kind = SECTION
            elif sigil in (">", "<", "$"):
                kind = OTHER
            else:
                kind = VALUE
            self.tags.append((len(out), sigil, body))
            out.append(kind)
            self.lines.append(line)
            position = len(out) - 1
            line += match.group().count("\n")
            if sigil == "=":
                self.bad(position, "the delimiters are changed")
            if sigil == "&" and body not in RAW_NAMES:
                self.bad(position, f"{{{{{{{body}}}}}}} is not escaped; only csrf and content may be raw")
        literal(self.source[at:])
        return "".join(out)

    def tag_at(self, position):
        return next(t for t in self.tags if t[0] == position)

    def check(self):
        at = 0
        while True:
            opening = re.compile(r"<!--.*?-->|<[A-Za-z][^\s/>\x01-\x03]*", re.DOTALL).search(self.plain, at)
            if not opening:
                break
            if opening.group().startswith("<!--"):
                if VALUE in opening.group():
                    self.bad(opening.start(), "a tag in an HTML comment")
                at = opening.end()
                continue
            name = opening.group()[1:].lower()
            at = self.check_attributes(name, opening.end())
            if name in ("script", "style"):
                end = re.compile(rf"</{name}\b", re.IGNORECASE).search(self.plain, at)
                stop = end.start() if end else len(self.plain)
                inside = re.search(f"[{VALUE}{SECTION}{OTHER}]", self.plain[at:stop])
                if inside:
                    self.bad(at + inside.start(), f"a tag in <{name}>")
                if name == "script" and self.plain[at:stop].strip():
                    self.bad(at, "inline script: the Content-Security-Policy forbids it")
                at = stop
        return self.mistakes

    def check_attributes(self, element, at):
        """From behind the element's name to behind its ">"; attributes on the way."""
        while at < len(self.plain):
            character = self.plain[at]
            if character == ">":
                return at + 1
            if character.isspace() or character in SECTION + OTHER:
                at += 1
                continue
            match = ATTRIBUTE.match(self.plain, at)
            if not match or match.group(1) is None:
                if character != "/":
                    self.bad(at, f"cannot read the attributes of <{element}>")
                at += 1
                continue
            self.check_attribute(match)
            at = match.end()
        self.bad(at, f"<{element}> is not closed")
        return at

    def check_attribute(self, match):
        name, value = match.group(1).lower(), match.group(3)
        if VALUE in name:
            self.bad(match.start(), "a tag where an attribute's name stands")
        if name.startswith("on"):
            self.bad(match.start(), f"{name}=: the Content-Security-Policy forbids inline script")
        if value is None:
            if match.group(2):
                self.bad(match.start(), f"{name}= without a value")
            return
        if value[:1] not in ('"', "'"):
            self.bad(match.start(), f"{name}= is not quoted")
            return
        tags = [self.tag_at(match.start(3) + i) for i, c in enumerate(value) if c in VALUE + SECTION + OTHER]
        if name == "style" and tags:
            self.bad(match.start(), "a tag in style=")
        if name in URL_ATTRIBUTES and any(self.plain[t[0]] != SECTION for t in tags):
            self.check_url(match, name, value[1:-1])

    def check_url(self, match, name, value):
        """Sections cut the value into branches: each piece that could be the first one of what is rendered is checked."""
        start, filled, begin = match.start(3) + 1, [False], 0
        for i, character in enumerate(value + SECTION):
            if character != SECTION:
                continue
            if i > begin:
                if not any(filled):
                    self.check_url_piece(name, start + begin, value[begin:i])
                filled[-1] = True
            begin = i + 1
            if i < len(value) and self.tag_at(start + i)[1] != "/":
                filled.append(False)
            elif len(filled) > 1:
                filled.pop()

    def check_url_piece(self, name, position, piece):
        if piece[0] == VALUE:
            sigil, body = self.tag_at(position)[1:]
            good = sigil == "" and re.fullmatch(r"[\w.]*_url", body)
        else:  # "//" and "/{{x}}" could name another host
            good = re.match(r"[?#]|/[^/\\\x01]", piece)
        if not good:
            self.bad(position, f"{name}=: a value with a tag begins with a name ending in _url or with a literal path, ? or #")


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    failed = False
    for path in sorted(root.glob("templates/**/*.mustache")):
        for line, text in sorted(Template(path.name, path.read_text(encoding="utf-8")).check()):
            print(f"{path.relative_to(root)}:{line}: {text}")
            failed = True
    return failed


if __name__ == "__main__":
    sys.exit(main())
