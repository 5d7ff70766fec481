#!/usr/bin/python3
"""catalogue.py [--update] [--prune] [ROOT] - every text of the interface is in every etc/locale/*.po, and nothing else is.

Texts are {{"..."}} in templates/, and in fcgi/ the literals in N_(...), say(rq, ...), sayf(rq, ...), say_n(rq, one, many, n),
tr(c, ...), tr_n(c, one, many, n), err_field(ctx, field, ...), err_text(ctx, code, ...), request_field_error(rq, field, ...)
and the public texts of ERR_LIST. An entry must have a translation that is not empty and not fuzzy, with the printf
directives of its text where sayf() fills them in. --update adds what is missing, with an empty msgstr (in English: the
text itself), and --prune takes out what is not used any more.
"""

import pathlib
import re
import sys

sys.dont_write_bytecode = True
import csource  # noqa: E402

# Function -> (place of the text, whether the next argument is its plural, whether printf fills it in).
CALLS = {
    "N_": (0, False, False),
    "say": (1, False, False),
    "sayf": (1, False, True),
    "say_n": (1, True, False),
    "tr": (1, False, False),
    "tr_n": (1, True, False),
    "err_field": (2, False, False),
    "err_text": (2, False, False),
    "request_field_error": (2, False, False),
}
TEMPLATE_TEXT = re.compile(r'\{\{\s*"([^"]*)"\s*\}\}')
DIRECTIVE = re.compile(r"%(?:\d+\$)?[-+ #0]*(?:\*|\d+)?(?:\.(?:\*|\d+))?(?:hh|h|ll|l|z|j|t)?[diouxXeEfgGcsp]|%%")
LANGUAGES = {
    "en": "nplurals=2; plural=(n != 1);",
    "es": "nplurals=2; plural=(n != 1);",
    "pl": "nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) ? 1 : 2);",
}


class Message:
    def __init__(self, text, plural):
        self.text, self.plural, self.formatted, self.files = text, plural, False, []


def literals(argument, macros):
    """The texts in an argument: adjacent ones joined, each branch of ?: one of its own."""
    out, at = [], 0
    while at < len(argument):
        value, behind = csource.text_at(argument, at, macros)
        if value is None:
            at += 1
            continue
        at = behind
        while at < len(argument):
            more, behind = csource.text_at(argument, at, macros)
            if more is None:
                break
            value, at = value + more, behind
        out.append(value)
    return out


def texts_of_c(source):
    """(text, plural or None, formatted) of each literal that reaches the reader of a page."""
    macros = csource.defines(source)
    code = [t for t in csource.tokens(source) if t.kind not in ("comment", "directive")]
    done = set()  # an N_() within say_n() is part of its plural pair
    for at, token in enumerate(code):
        if token.kind != "name" or token.text not in CALLS or id(token) in done or at + 1 >= len(code) or code[at + 1].text != "(":
            continue
        place, has_plural, formatted = CALLS[token.text]
        arguments, _ = csource.split_arguments(code, at + 1)
        if len(arguments) <= place + has_plural:
            continue
        done.update(id(t) for t in arguments[place] + (arguments[place + 1] if has_plural else []) if t.text == "N_")
        first = literals(arguments[place], macros)
        many = literals(arguments[place + 1], macros) if has_plural else [None] * len(first)
        yield from ((one, plural, formatted) for one, plural in zip(first, many))
    if "ERR_LIST" in macros:
        body = macros["ERR_LIST"][1]
        for at, token in enumerate(body):
            if token.text == "ERR" and at + 1 < len(body) and body[at + 1].text == "(":
                arguments, _ = csource.split_arguments(body, at + 1)
                yield from ((text, None, False) for text in literals(arguments[-1], macros))


def collect(root):
    messages = {}

    def add(text, plural, formatted, path):
        if not text:
            return
        message = messages.setdefault(text, Message(text, plural))
        message.plural = message.plural or plural
        message.formatted |= formatted
        name = str(path.relative_to(root))
        if name not in message.files:
            message.files.append(name)

    for path in sorted(root.glob("templates/**/*.mustache")):
        for match in TEMPLATE_TEXT.finditer(path.read_text(encoding="utf-8")):
            add(match.group(1), None, False, path)
    for path in sorted(root.glob("fcgi/**/*.[ch]")):
        for text, plural, formatted in texts_of_c(path.read_text(encoding="utf-8")):
            add(text, plural, formatted, path)
    return messages


class Entry:
    def __init__(self):
        self.text = self.plural = None
        self.translations, self.flags, self.first, self.last = {}, set(), 0, 0


def read_po(path):
    """Entries in order, obsolete ones (#~) left out; raises ValueError with line and reason."""
    entries, entry, field = [], Entry(), None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines() + [""], 1):
        line = line.strip()
        if line.startswith("#"):
            if entry.text is not None and not line.startswith("#~"):
                entries.append(entry)
                entry, field = Entry(), None
            entry.first = entry.first or number
            if line.startswith("#,"):
                entry.flags |= {flag.strip() for flag in line[2:].split(",")}
            continue
        match = re.fullmatch(r'(?:(msgid|msgid_plural|msgstr|msgstr\[(\d+)\])\s+)?("(?:[^"\\]|\\.)*")', line)
        if not match:
            if line:
                raise ValueError(f"{number}: not a line of a catalogue")
            if entry.text is not None:
                entries.append(entry)
            entry, field = Entry(), None
            continue
        keyword, value = match.group(1), csource.unquote(match.group(3))
        if keyword == "msgid":
            if entry.text is not None:
                entries.append(entry)
                entry = Entry()
            entry.text, field = value, "text"
        elif keyword == "msgid_plural":
            entry.plural, field = value, "plural"
        elif keyword:
            field = int(match.group(2) or 0)
            entry.translations[field] = value
        elif field == "text":
            entry.text += value
        elif field == "plural":
            entry.plural += value
        elif field is not None:
            entry.translations[field] += value
        entry.first = entry.first or number
        entry.last = number
    return entries


def quote(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t") + '"'


def write_missing(path, missing, language, forms):
    with path.open("a", encoding="utf-8") as out:
        for message in missing:
            out.write("\n#: " + " ".join(message.files) + "\n")
            if message.formatted:
                out.write("#, c-format\n")
            out.write(f"msgid {quote(message.text)}\n")
            english = language == "en"
            if message.plural:
                out.write(f"msgid_plural {quote(message.plural)}\n")
                for form in range(forms):
                    out.write(f"msgstr[{form}] {quote((message.text, message.plural)[min(form, 1)] if english else '')}\n")
            else:
                out.write(f"msgstr {quote(message.text if english else '')}\n")


def prune(path, unused):
    lines = path.read_text(encoding="utf-8").splitlines()
    for entry in reversed(unused):
        del lines[entry.first - 1 : entry.last]
    path.write_text(re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).rstrip("\n") + "\n", encoding="utf-8")


def check_entry(entry, message, forms):
    """What is wrong with one entry, or None."""
    if "fuzzy" in entry.flags:
        return "is marked fuzzy"
    if (message.plural or None) != entry.plural:
        return f"has the plural {entry.plural!r} and should have {message.plural!r}"
    wanted = forms if message.plural else 1
    if any(not entry.translations.get(form) for form in range(wanted)) or len(entry.translations) != wanted:
        return "is not translated"
    for translation in entry.translations.values():
        if message.formatted and DIRECTIVE.findall(translation) != DIRECTIVE.findall(entry.text):
            return f"has other directives than its text: {translation!r}"
        if entry.text.endswith("\n") != translation.endswith("\n"):
            return "ends otherwise than its text"
    return None


def check(path, messages, update, cut):
    """Prints what is wrong with one catalogue; the number of mistakes."""
    mistakes = []
    entries = read_po(path)
    header = next((e for e in entries if e.text == ""), None)
    plural = re.search(r"nplurals\s*=\s*(\d)", header.translations.get(0, "") if header else "")
    if not plural or "charset=UTF-8" not in header.translations[0]:
        mistakes.append("1: the header lacks Plural-Forms or charset=UTF-8")
    forms = int(plural.group(1)) if plural else 2
    known, unused = {}, []
    for entry in entries:
        if entry.text == "":
            continue
        if entry.text in known:
            mistakes.append(f"{entry.first}: twice: {entry.text!r}")
        known[entry.text] = entry
        if entry.text not in messages:
            unused.append(entry)
            if not cut:
                mistakes.append(f"{entry.first}: not used any more: {entry.text!r}")
            continue
        wrong = check_entry(entry, messages[entry.text], forms)
        if wrong:
            mistakes.append(f"{entry.first}: {entry.text!r} {wrong}")
    missing = [message for text, message in messages.items() if text not in known]
    if cut and unused:
        prune(path, unused)
    if update:
        write_missing(path, missing, path.stem, forms)
        if missing:
            print(f"{path}: added {len(missing)}" + ("" if path.stem == "en" else ", to be translated"))
    if not update or path.stem != "en":
        mistakes += [f"missing: {m.text!r} ({', '.join(m.files)})" for m in missing]
    for mistake in mistakes:
        print(f"{path}:{mistake}")
    return len(mistakes)


def main():
    options = {a for a in sys.argv[1:] if a.startswith("--")}
    places = [a for a in sys.argv[1:] if not a.startswith("--")]
    root = pathlib.Path(places[0] if places else ".")
    if options - {"--update", "--prune"}:
        print(__doc__)
        return 2
    messages = collect(root)
    folder = root / "etc/locale"
    if "--update" in options:
        folder.mkdir(parents=True, exist_ok=True)
        for language, plural in LANGUAGES.items():
            path = folder / f"{language}.po"
            if not path.exists():
                path.write_text(f'msgid ""\nmsgstr ""\n"Language: {language}\\n"\n"MIME-Version: 1.0\\n"\n"Content-Type: text/plain; charset=UTF-8\\n"\n'
                                f'"Content-Transfer-Encoding: 8bit\\n"\n"Plural-Forms: {plural}\\n"\n', encoding="utf-8")
    mistakes = 0
    for language in LANGUAGES:
        if not (folder / f"{language}.po").exists():
            print(f"{folder}/{language}.po: missing (catalogue.py --update makes it)")
            mistakes += 1
    for path in sorted(folder.glob("*.po")):
        try:
            mistakes += check(path, messages, "--update" in options, "--prune" in options)
        except ValueError as problem:
            print(f"{path}:{problem}")
            mistakes += 1
    return mistakes > 0


if __name__ == "__main__":
    sys.exit(main())
