#!/usr/bin/python3
"""statements.py [ROOT] - the rules of SQL text, read from schema/*.sql and the C files.

1. A statement that touches a table with a tenant_id column takes the tenant as its first parameter: the text's first "?"
   is the value of tenant_id (tenant_id=?, or the first column of an INSERT). The parameters of an UPDATE's SET list come
   before its WHERE by the grammar; there the first "?" of the WHERE is meant. Each table with tenant_id that a statement
   names must be tied to the tenant: tenant_id occurs at least as often as such tables do. A CALL passes the tenant first.
   Exceptions stand behind a comment on the line above: /* lint: no-tenant: reason */; one that is not needed is a mistake.
2. SQL text is in fcgi/store/ only.
3. SQL text is constant: no printf directives in it, and it is never handed to a function that builds text. (SET SESSION
   may have %d and %u: it takes no parameters, and numbers cannot carry SQL.)
"""

import pathlib
import re
import sys

sys.dont_write_bytecode = True
import csource  # noqa: E402

# How a statement begins: in upper case, so that English ("Select a line", "Update the number") is not meant, or all in
# lower case.
STATEMENT = re.compile(
    r"\s*(SELECT\s|INSERT\s|UPDATE\s+\S+\s+\S*\s*SET\b|UPDATE\s.*\bSET\s|DELETE\s+(\w+\s+)?FROM\s|REPLACE\s+INTO\s|CALL\s+\w|WITH\s+\w+\s*(\(|AS)|"
    r"(CREATE|ALTER|DROP|TRUNCATE|RENAME)\s+(TABLE|DATABASE|USER|INDEX|VIEW|FUNCTION|PROCEDURE|ROLE|TRIGGER|EVENT|TEMPORARY|UNIQUE|OR)\b|"
    r"GRANT\s|REVOKE\s|SET\s+(SESSION|GLOBAL|NAMES|TRANSACTION|STATEMENT|@|[a-z_]+\s*=)|START\s+TRANSACTION|BEGIN$|COMMIT$|ROLLBACK$|"
    r"(UN)?LOCK\s+TABLES|DO\s+\w+\(|SHOW\s+\w|FLUSH\s|KILL\s|"
    r"select\s.*\sfrom\s|insert\s+(ignore\s+)?into\s|update\s+\w+\s+set\s|delete\s+from\s)",
    re.DOTALL,
)
FRAGMENT = re.compile(r"\b(FROM|JOIN|WHERE|ORDER BY|GROUP BY|HAVING|LIMIT|VALUES)\b\s*[\w(?`]")
DIRECTIVE = re.compile(r"%(\d+\$)?[-+ #0]*(\*|\d+)?(\.(\*|\d+))?(hh|h|ll|l|z|j|t)?[diouxXeEfgGcsp]")
BUILDERS = re.compile(r"^(\w*printf|str_\w+|STR_LIT|strn?cat|stpcpy|strn?cpy|memcpy|arena_strn?dup|asprintf)$")
QUOTED = re.compile(r"'(?:''|\\.|[^'\\])*'", re.DOTALL)
MARK = re.compile(r"lint:\s*no-tenant:\s*[^\s*]")


def schema_of(root):
    """Names of the tables with a tenant_id column, and for each procedure whether its first parameter is the tenant."""
    text = "".join(p.read_text(encoding="utf-8") for p in sorted(root.glob("schema/*.sql")))
    # Texts and comments at once: an apostrophe in a comment begins no text.
    text = re.sub(QUOTED.pattern + r"|--[^\n]*|/\*.*?\*/", lambda m: "''" if m.group().startswith("'") else " ", text, flags=re.DOTALL)
    tables = set()
    for match in re.finditer(r"CREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?`?(\w+)`?\s*\((.*?)\)\s*ENGINE", text, re.DOTALL | re.IGNORECASE):
        if re.search(r"(?:^|,|\()\s*`?tenant_id`?\s", match.group(2)):
            tables.add(match.group(1).lower())
    for match in re.finditer(r"ALTER\s+TABLE\s+`?(\w+)`?\s[^;]*ADD\s+(?:COLUMN\s+)?`?tenant_id`?\s", text, re.IGNORECASE):
        tables.add(match.group(1).lower())
    routines = {}
    for match in re.finditer(r"CREATE\s+(?:OR\s+REPLACE\s+)?PROCEDURE\s+`?(\w+)`?\s*\(\s*(?:IN\s+)?`?(\w*)", text, re.IGNORECASE):
        routines[match.group(1).lower()] = "tenant" in match.group(2).lower()
    return tables, routines


def tables_of(sql):
    """The tables a statement names, as often as it names them."""
    out = []
    item = r"`?(\w+)`?(?:\s+(?:AS\s+)?(?!(?:SET|WHERE|JOIN|ON|LEFT|RIGHT|INNER|CROSS|USING|ORDER|GROUP|LIMIT|FORCE|USE|FOR|VALUES|SELECT|UNION|HAVING|STRAIGHT_JOIN|RETURNING|LOCK|NATURAL)\b)\w+)?"
    for match in re.finditer(r"\b(?:FROM|JOIN|INTO|(?<!KEY\s)(?<!FOR\s)UPDATE(?:\s+IGNORE)?|TABLE)\s+((?:" + item + r"\s*,\s*)*" + item + ")", sql, re.IGNORECASE):
        for part in match.group(1).split(","):
            out.append(part.split()[0].strip("`").lower())
    return out


def tenant_first(sql):
    """Is the first parameter the tenant?"""
    text = QUOTED.sub("''", sql)
    if re.match(r"\s*UPDATE\s", text, re.IGNORECASE):
        outermost = [w.start() for w in re.finditer(r"\bWHERE\b", text, re.IGNORECASE) if text.count("(", 0, w.start()) == text.count(")", 0, w.start())]
        if outermost and "?" not in re.split(r"\bSET\b", text, flags=re.IGNORECASE)[0]:
            text = text[outermost[0] :]
    first = text.find("?")
    if first < 0:
        return False
    before = text[:first]
    if re.search(r"(?<![\w])(?:\w+\.)?tenant_id\s*=\s*$", before):
        return not re.search(r"\bNOT\s+(?:\w+\.)?tenant_id\s*=\s*$", before, re.IGNORECASE)
    insert = r"\b(?:INSERT|REPLACE)\b[^(?]*\(\s*tenant_id\b[^()?]*\)\s*"
    return bool(re.search(insert + r"(?:VALUES?\s*\(\s*|SELECT\s+(?:DISTINCT\s+)?)$", before, re.IGNORECASE))


def check_statement(sql, tables, routines):
    """What is wrong with a statement's tenant, or None; and whether the rule is about it at all."""
    text = QUOTED.sub("''", sql)
    call = re.match(r"\s*CALL\s+`?(\w+)`?\s*\(\s*(\??)", text, re.IGNORECASE)
    if call:
        if not routines.get(call.group(1).lower(), False):
            return "a procedure whose first parameter is not the tenant"
        return None if call.group(2) else "the tenant is not the first parameter"
    touched = [t for t in tables_of(text) if t in tables]
    if not touched:
        return None
    if not tenant_first(sql):
        return f"tenant_id=? is not the first parameter ({', '.join(sorted(set(touched)))})"
    mentions = len(re.findall(r"\btenant_id\b|\bON\s+FALSE\b", text, re.IGNORECASE)) + len(re.findall(r"\bUSING\s*\([^)]*\btenant_id\b", text, re.IGNORECASE))
    if mentions < len(touched):
        return f"{len(touched)} tables of tenants ({', '.join(touched)}) and tenant_id only {mentions} times"
    return None


def constants(source, macros):
    """Each run of adjacent texts (macros of texts included) as (value, first token, index, calls around it)."""
    list_of_tokens = list(csource.tokens(source))
    code = [t for t in list_of_tokens if t.kind not in ("comment", "directive")]
    around, declaration, at = [], 0, 0
    while at < len(code):
        token = code[at]
        value, behind = csource.text_at(code, at, macros)
        if value is None:
            if token.kind == "mark" and token.text in "({[":
                around.append(code[at - 1].text if token.text == "(" and at and code[at - 1].kind == "name" else "")
            elif token.kind == "mark" and token.text in ")}]" and around:
                around.pop()
            if not around and token.text in (";", "}"):
                declaration = at + 1
            at += 1
            continue
        first, at, unresolved = at, behind, None
        while at < len(code):
            more, behind = csource.text_at(code, at, macros)
            if more is None:
                if code[at].kind == "name":
                    unresolved = code[at].text
                break
            value += more
            at = behind
        yield value, code[first], code[min(declaration, first)], list(around), unresolved


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    tables, routines = schema_of(root)
    failed = False

    def bad(path, line, text):
        nonlocal failed
        failed = True
        print(f"{path.relative_to(root)}:{line}: {text}")

    if not tables:
        print("schema/*.sql: no table with tenant_id found")
        return True
    shared = {}
    for path in sorted(root.glob("fcgi/store/*.h")):
        shared.update(csource.defines(path.read_text(encoding="utf-8")))
    for path in sorted(root.glob("fcgi/**/*.[ch]")):
        source = path.read_text(encoding="utf-8")
        marks = {t.last: t.line for t in csource.tokens(source) if t.kind == "comment" and MARK.search(t.text)}
        used = set()
        in_store = path.parent.name == "store"
        for value, token, declaration, around, unresolved in constants(source, {**shared, **csource.defines(source)}):
            statement = STATEMENT.match(value)
            if not in_store:
                if statement:
                    bad(path, token.line, "SQL text outside fcgi/store/")
                continue
            directives = {d.group() for d in DIRECTIVE.finditer(QUOTED.sub("''", value))}
            numbers = value.startswith("SET SESSION ") and directives <= {"%d", "%u"}
            if (statement or FRAGMENT.search(value)) and around and BUILDERS.match(around[-1]) and not numbers:
                bad(path, token.line, f"SQL text is built with {around[-1]}()")
            if not statement:
                continue
            if directives and not numbers:
                bad(path, token.line, "a printf directive in SQL text")
            if unresolved:
                bad(path, token.line, f"cannot read the whole statement: {unresolved} is not a macro of texts")
            wrong = check_statement(value, tables, routines)
            above = {token.line - 1, declaration.line - 1} & marks.keys()
            used |= above
            if wrong and not above:
                bad(path, token.line, wrong)
            elif above and not wrong:
                bad(path, token.line, "no-tenant is not needed here: take the comment out")
        for last, line in marks.items():
            if last not in used:
                bad(path, line, "no-tenant stands above no statement")
    return failed


if __name__ == "__main__":
    sys.exit(main())
