"""C source as tokens, as far as the lints need it: comments and texts are recognised, adjacent texts are joined."""

import re

TOKEN = re.compile(
    r"""
      (?P<comment>/\*.*?\*/|//[^\n]*)
    | (?P<directive>^[ \t]*\#(?:\\\n|/\*.*?\*/|//[^\n]*|[^\n])*)
    | (?P<text>(?:u8|u|U|L)?"(?:\\.|[^"\\\n])*")
    | (?P<char>'(?:\\.|[^'\\\n])+')
    | (?P<name>[A-Za-z_]\w*)
    | (?P<number>\.?\d[\w.]*)
    | (?P<mark>[^\s\w])
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
ESCAPE = re.compile(r"\\(x[0-9A-Fa-f]+|[0-7]{1,3}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)", re.DOTALL)
SIMPLE = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "\n": ""}


class Token:
    """kind is one of the group names above; `line` counts from 1, `last` is the line it ends in."""

    __slots__ = ("kind", "text", "line", "last")

    def __init__(self, kind, text, line):
        self.kind, self.text, self.line, self.last = kind, text, line, line + text.count("\n")


def tokens(source):
    """All tokens of a file, comments and directives included."""
    line, at = 1, 0
    for match in TOKEN.finditer(source):
        line += source.count("\n", at, match.start())
        at = match.start()
        yield Token(match.lastgroup, match.group(), line)


def unquote(literal):
    """The value of a C text literal."""
    body = literal[literal.index('"') + 1 : -1]
    raw = bytearray()
    at = 0
    for match in ESCAPE.finditer(body):
        raw += body[at : match.start()].encode()
        at = match.end()
        code = match.group(1)
        if code[0] == "x":
            raw.append(int(code[1:], 16) & 255)
        elif code[0] in "uU":
            raw += chr(int(code[1:], 16)).encode()
        elif code[0] in "01234567":
            raw.append(int(code, 8) & 255)
        else:
            raw += SIMPLE.get(code, code).encode()
    raw += body[at:].encode()
    return raw.decode("utf-8", "replace")


def defines(source):
    """Macros as name -> (names of the parameters or None, list of tokens of the value)."""
    out = {}
    for token in tokens(source):
        if token.kind == "directive":
            match = re.match(r"[ \t]*#[ \t]*define[ \t]+(\w+)(?:\(([\w\s,.]*)\))?\s*(.*)", token.text.replace("\\\n", "\n"), re.DOTALL)
            if match:
                parameters = None if match.group(2) is None else [p.strip() for p in match.group(2).split(",") if p.strip()]
                out[match.group(1)] = parameters, [t for t in tokens(match.group(3)) if t.kind != "comment"]
    return out


def text_at(list_of_tokens, at, macros, seen=()):
    """The text that stands at index `at` (a literal, or a macro that is one in the end) and the index behind it; None, at."""
    token = list_of_tokens[at]
    if token.kind == "text":
        return unquote(token.text), at + 1
    if token.kind != "name" or token.text not in macros or token.text in seen:
        return None, at
    parameters, body = macros[token.text]
    behind = at + 1
    if parameters is not None:
        if behind >= len(list_of_tokens) or list_of_tokens[behind].text != "(":
            return None, at
        arguments, behind = split_arguments(list_of_tokens, behind)
        given = dict(zip(parameters, arguments))
        body = [t for b in body for t in (given.get(b.text, [b]) if b.kind == "name" else [b])]
    value, inner = None, 0
    while inner < len(body):
        part, inner = text_at(body, inner, macros, (*seen, token.text))
        if part is None:
            return None, at
        value = (value or "") + part
    return (value, behind) if value is not None else (None, at)


def split_arguments(list_of_tokens, opening):
    """The arguments of a call whose "(" is at index `opening`, as lists of tokens, and the index behind its ")"."""
    arguments, depth, at = [[]], 0, opening
    while at < len(list_of_tokens):
        token = list_of_tokens[at]
        if token.kind == "mark" and token.text in "([{":
            depth += 1
            if depth == 1:
                at += 1
                continue
        elif token.kind == "mark" and token.text in ")]}":
            depth -= 1
            if depth == 0:
                return arguments, at + 1
        elif token.kind == "mark" and token.text == "," and depth == 1:
            arguments.append([])
            at += 1
            continue
        arguments[-1].append(token)
        at += 1
    return arguments, at
