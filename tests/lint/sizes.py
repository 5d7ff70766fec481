#!/usr/bin/python3
"""sizes.py [ROOT] - functions over 80 lines and C files over 500 lines fail; over 60 and 400 they are named."""

import pathlib
import sys

sys.dont_write_bytecode = True
import csource  # noqa: E402

FUNCTION_WARN, FUNCTION_MAX, FILE_WARN, FILE_MAX = 60, 80, 400, 500


def functions(source):
    """(name, first line, last line) of each function: a brace at the outermost level behind a closing parenthesis."""
    list_of_tokens = [t for t in csource.tokens(source) if t.kind not in ("comment", "directive")]
    depth, declaration, is_body = 0, [], False
    for token in list_of_tokens:
        mark = token.text if token.kind == "mark" else ""
        if depth == 0 and mark == "{":
            is_body = bool(declaration) and declaration[-1].text == ")" and not any(t.text == "=" for t in declaration)
        if mark == "{":
            depth += 1
        elif mark == "}":
            depth -= 1
            if depth == 0 and is_body:
                opening = next(i for i, t in enumerate(declaration) if t.text == "(" and i and declaration[i - 1].kind == "name"
                               and declaration[i - 1].text not in ("__attribute__", "PRINTF_LIKE"))
                yield declaration[opening - 1].text, declaration[0].line, token.line
            if depth == 0:
                declaration = []
                continue
        if depth == 0:
            declaration = [] if mark == ";" else declaration + [token]


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    failed = False
    for path in sorted([*root.glob("fcgi/**/*.[ch]"), *root.glob("tests/**/*.[ch]")]):
        source = path.read_text(encoding="utf-8")
        name = path.relative_to(root)
        lines = source.count("\n")
        if lines > FILE_WARN:
            failed |= lines > FILE_MAX
            print(f"{name}: {lines} lines{'' if lines > FILE_MAX else ' (a warning: it is growing)'}")
        for function, first, last in functions(source):
            length = last - first + 1
            if length > FUNCTION_WARN:
                failed |= length > FUNCTION_MAX
                print(f"{name}:{first}: {function}() has {length} lines{'' if length > FUNCTION_MAX else ' (a warning: it is growing)'}")
    return failed


if __name__ == "__main__":
    sys.exit(main())
