/* The project's own template cases: layouts, whitespace, messages, strictness, mistakes and ceilings. */
#include "base/base.h"
#include <setjmp.h>
#include <cmocka.h>
#include "base/json.h"
#include "web/i18n.h"
#include "web/mustache.h"
#include "rendering.h"

static const char layout[] = "<!doctype html>\n<title>{{$title}}Centrala{{/title}}</title>\n<main>\n{{$content}}{{/content}}\n"
                             "</main>\n{{>parts/foot}}\n";
static const char page[] = "{{<layout/page}}\n{{$title}}{{name}}{{/title}}\n{{$content}}\n<h1>{{name}}</h1>\n{{#rows}}\n"
                           "<p>{{.}}</p>\n{{/rows}}\n{{/content}}\n{{/layout/page}}\n";
static const char foot[] = "<footer>{{name}}</footer>\n";

static void pages_put_blocks_into_layouts(void **state)
{
    (void)state;
    EXPECT("{\"name\":\"A&B\",\"rows\":[1,2]}",
           "<!doctype html>\n<title>A&amp;B</title>\n<main>\n<h1>A&amp;B</h1>\n<p>1</p>\n<p>2</p>\n\n</main>\n"
           "<footer>A&amp;B</footer>\n",
           "page", page, "layout/page", layout, "parts/foot", foot);
    EXPECT("{}", "<!doctype html>\n<title>Centrala</title>\n<main>\n\n</main>\n<footer></footer>\n", "page",
           "{{<layout/page}}{{/layout/page}}", "layout/page", layout, "parts/foot", foot);
    /* On one line, as a short page is written. */
    EXPECT("{}", "[T|C]", "page", "{{<l}}{{$content}}C{{/content}}{{$title}}T{{/title}}{{/l}}", "l",
           "[{{$title}}{{/title}}|{{$content}}{{/content}}]");
}

/* A page's component with a block called as one of the layout's: each gets its own. */
static void blocks_of_components_are_their_own(void **state)
{
    (void)state;
    EXPECT("{}", "<Page: (Card=body) (none=)>", "page",
           "{{<layout}}{{$title}}Page{{/title}}{{$content}}{{<card}}{{$title}}Card{{/title}}{{$text}}body{{/text}}{{/card}} "
           "{{>card}}{{/content}}{{/layout}}",
           "layout", "<{{$title}}{{/title}}: {{$content}}{{/content}}>", "card",
           "({{$title}}none{{/title}}={{$text}}{{/text}})");
    /* A partial of the layout is part of it: the page's block reaches it, as the specification has it. */
    EXPECT("{}", "<head Page>", "page", "{{<layout}}{{$title}}Page{{/title}}{{/layout}}", "layout", "<{{>head}}>", "head",
           "head {{$title}}none{{/title}}");
    /* Three levels: the outermost wins, the middle one counts where the outermost is silent. */
    EXPECT("{}", "1:page 2:middle 3:base", "page", "{{<middle}}{{$a}}page{{/a}}{{/middle}}", "middle",
           "{{<base}}{{$a}}middle{{/a}}{{$b}}middle{{/b}}{{/base}}", "base",
           "1:{{$a}}base{{/a}} 2:{{$b}}base{{/b}} 3:{{$c}}base{{/c}}");
    /* A block in a loop sees the row at hand. */
    EXPECT("{\"rows\":[{\"n\":1},{\"n\":2}]}", "<1><2>", "page", "{{<list}}{{$row}}<{{n}}>{{/row}}{{/list}}", "list",
           "{{#rows}}{{$row}}-{{/row}}{{/rows}}");
}

static void indentation_follows_partials_and_blocks(void **state)
{
    (void)state;
    EXPECT("{\"b\":\"x\\ny\"}", "<ul>\n  <li>\n    x\ny\n\n  </li>\n</ul>\n", "page", "<ul>\n  {{>p}}\n</ul>\n", "p",
           "<li>\n  {{b}}\n\n</li>\n");
    /* Partials in partials add up; one in the middle of a line starts anew. */
    EXPECT("{}", "  a\n   b\n   c\n  [b\nc\n]\n", "page", "  {{>p}}\n", "p", "a\n {{>q}}\n[{{>q}}]\n", "q", "b\nc\n");
    EXPECT("{}", "x {\n  one\n    two\n}\n", "page", "{{<l}}\n    {{$c}}\n        one\n          two\n    {{/c}}\n{{/l}}\n", "l",
           "x {\n  {{$c}}\n  {{/c}}\n}\n");
    /* Default text that nobody replaces stays as it is written. */
    EXPECT("{}", "<\n    a\n\n      b\n>\n", "page", "<\n  {{$c}}\n    a\n\n      b\n  {{/c}}\n>\n");
    EXPECT("{}", "  one|\n", "page", "  {{$c}}one{{/c}}|\n");
    EXPECT("{}", "  ONE\n  TWO\n\n", "page", "{{<l}}{{$c}}\nONE\nTWO\n{{/c}}{{/l}}", "l", "  {{$c}}one{{/c}}\n");
    EXPECT("{}", "a\n  (in) tail\nb\n", "page", "a\n  {{<l}}{{/l}} tail\nb\n", "l", "(in)");
    EXPECT("{}", "a\n  (in)\n  (out)\nb\n", "page", "a\n  {{<l}}\n    ignored\n  {{/l}}\nb\n", "l", "(in)\n(out)\n");
    EXPECT("{\"t\":true,\"v\":1}", "  1 1\n  1\n\n  \t1\n", "page", "  {{>p}}\n", "p", "{{#t}}{{v}} {{v}}{{/t}}\n{{! c }}{{v}}\n\n\t{{v}}\n");
}

/* The indentation is part of the line, so it is repeated or left out with the section that the line begins in. */
static void indentation_inside_sections(void **state)
{
    (void)state;
    EXPECT("{\"l\":[1,2]}", "   |\n", "page", " {{>p}}\n", "p", "{{#l}}\n{{/l}}{{^no}} {{/no}}|\n");
    EXPECT("{\"l\":[1,2]}", " 1\n 2\n", "page", " {{>p}}\n", "p", "{{#l}}\n{{.}}\n{{/l}}\n");
    EXPECT("{\"l\":[1,2]}", " 1,2,\n", "page", " {{>p}}\n", "p", "{{#l}}{{.}},{{/l}}\n");
    EXPECT("{}", "|\n", "page", " {{>p}}\n", "p", "{{#l}}\n{{/l}}|\n");
}

static void standalone_lines_also_with_crlf(void **state)
{
    (void)state;
    EXPECT("{\"t\":true}", "a\r\nb\r\nc\r\n", "page", "a\r\n  {{#t}}  \r\nb\r\n\t{{/t}}\r\nc\r\n");
    EXPECT("{\"t\":false}", "a\r\nc", "page", "a\r\n{{#t}}\r\nb\r\n{{/t}}\r\nc");
    EXPECT("{}", "a\r\nb\r\n", "page", "a\r\n{{! one\r\n two }}\r\nb\r\n");
    EXPECT("{}", "  x\r\n\r\n  y\r\n|", "page", "  {{>p}}\r\n|", "p", "x\r\n\r\ny\r\n");
    EXPECT("{}", "<\r\none\r\n>\r\n", "page", "{{<l}}\r\n{{$c}}\r\none\r\n{{/c}}\r\n{{/l}}\r\n", "l", "<\r\n{{$c}}\r\n{{/c}}\r\n>\r\n");
    EXPECT("{\"t\":true}", "\r|\r", "page", "\r{{#t}}|{{/t}}\r");
    EXPECT("{\"t\":true}", " x\n", "page", " {{#t}}x{{/t}}\n");
    /* Two tags on a line: neither takes it away. */
    EXPECT("{\"t\":true}", "a\n\nb\n", "page", "a\n{{#t}}{{/t}}\nb\n");
    EXPECT("{\"v\":1}", "  1\n", "page", "  {{v}}\n");
}

static void delimiters_change(void **state)
{
    (void)state;
    EXPECT("{\"a\":1}", "{{a}} 1\n1 <%a%>", "page", "{{=<% %>=}}\n{{a}} <%a%>\n<%={{ }}=%>\n{{a}} <%a%>");
    EXPECT("{\"a\":\"<\"}", "< < &lt;", "page", "{{=[ ]=}}[{a}] [&a] [a]");
    EXPECT("{\"a\":1}", "1 {{a}} in:1", "page", "{{=| |=}}|a| {{a}} |>p|", "p", "in:{{a}}");
    REFUSE("{}", false, "page:1: {{=open close=}} needs two words without \"=\", at most 16 bytes each", "page", "{{=<%=}}");
    REFUSE("{}", false, "page:1: {{=open close=}} needs two words without \"=\", at most 16 bytes each", "page", "{{=a b c=}}");
    REFUSE("{}", false, "page:2: {{=open close=}} needs two words without \"=\", at most 16 bytes each", "page",
           "\n{{=aaaaaaaaaaaaaaaaa b=}}");
    REFUSE("{}", false, "page:1: this tag is not closed", "page", "{{=<% %>");
}

static void names_and_values(void **state)
{
    (void)state;
    EXPECT("{\"n\":0,\"e\":\"\",\"b\":false}", "[0][][false]", "page", "[{{n}}][{{e}}][{{b}}]");
    EXPECT("{\"n\":0,\"e\":\"\",\"z\":\"0\"}", "^n ^e #z", "page", "{{#n}}n{{/n}}{{^n}}^n{{/n}} {{^e}}^e{{/e}} {{#z}}#z{{/z}}");
    EXPECT("{\"s\":\"t\"}", "t-t", "page", "{{#s}}{{.}}-{{s}}{{/s}}");
    EXPECT("{\"min\":-9007199254740992}", "-9007199254740992", "page", "{{min}}");
    EXPECT("{\"long_name_of_twenty\":1,\"long_name_of_twentY\":2}", "12", "page", "{{long_name_of_twenty}}{{long_name_of_twentY}}");
    EXPECT("{\"a\":{\"b\":{\"c\":\"x\"}},\"b\":{\"c\":\"wrong\"}}", "x|", "page", "{{#a}}{{b.c}}{{/a}}|{{a.b.d}}");
    EXPECT("{\"v\":\"<script>alert('1')</script>&\\\"\"}",
           "&lt;script&gt;alert(&#x27;1&#x27;)&lt;/script&gt;&amp;&quot;", "page", "{{v}}");
    EXPECT("{\"v\":\"# %$ \xC4\x85\xC4\x99 12345678 #<\"}", "# %$ \xC4\x85\xC4\x99 12345678 #&lt;", "page", "{{v}}");
    EXPECT("[{\"a\":1},{\"a\":2}]", "1,2,", "page", "{{#.}}{{a}},{{/.}}");
    EXPECT("{\"list\":[1],\"o\":{}}", "[][]", "page", "[{{list}}][{{o}}]");
    EXPECT("{\"v\":1}", "1", "page", "{{ v }}");
    EXPECT("{}", "", "page", "");
}

/* Eight bytes are looked at together: every length, with what must be escaped at every place and in pairs. */
static void escaping_at_every_place(void **state)
{
    (void)state;
    static const char marks[] = "&<>\"'#%$;\x7f";
    struct template_set *set = templates_new(NULL);
    const char *problem;
    assert_true(templates_add(set, "page", "[{{v}}]", 7, &problem) && templates_link(set, true, &problem));
    for (size_t len = 0; len <= 26; len++)
        for (size_t at = 0; at <= len; at++)
            for (size_t k = 0; k < 2 * (sizeof marks - 1); k++) {
                struct arena *a = arena_new((size_t)1 << 20);
                char *text = arena_zalloc(a, len + 1); /* a piece of its own: reading behind it is seen */
                memset(text, 'a' + (int)(at % 3), len);
                if (at < len)
                    text[at] = marks[k / 2];
                if (k % 2 && at + 1 < len)
                    text[at + 1 + (at + k) % (len - at - 1)] = '<';
                struct str want, got;
                str_init(&want, a, 64, 1024);
                str_putc(&want, '[');
                str_html(&want, text, len);
                str_putc(&want, ']');
                str_init(&got, a, 0, 1024);
                struct value *v = object_new(a);
                object_text(v, "v", text);
                assert_true(template_render(templates_get(set, "page"), v, &got, true, &problem));
                assert_string_equal(got.s, want.s);
                arena_free(a);
            }
    templates_free(set);
}

static void messages_are_literals(void **state)
{
    (void)state;
    EXPECT("{}", "Say &quot;no&quot; &amp; don&#x27;t \\n", "page", "{{\"Say \\\"no\\\" & don't \\\\n\"}}");
    EXPECT("{}", "a }} b|a & b|a & b", "page", "{{ \"a }} b\" }}|{{&\"a & b\"}}|{{{ \"a & b\" }}}");
    EXPECT("{}", "x|\"x\"", "page", "{{=<% %>=}}<%\"x\"%>|\"x\"");
    REFUSE("{}", false, "page:2: the message's quote is not closed", "page", "\n{{\"Text}}");
    REFUSE("{}", false, "page:1: a message's tag ends after the quote", "page", "{{\"Text\" x}}");
    REFUSE("{}", false, "page:1: a message's tag ends after the quote", "page", "{{{\"Text\"}}");
}

static void strict_wants_every_name(void **state)
{
    (void)state;
    const char *ok = "{{a}}{{#no}}x{{/no}}{{^no}}y{{/no}}{{#o}}{{a}}{{/o}}{{null}}{{null.x}}{{#o.no}}z{{/o.no}}";
    struct outcome o = render_with("{\"a\":1,\"o\":{},\"null\":null}", true, OUTPUT, TEMPLATES("page", ok));
    assert_string_equal(o.text, "1y1");
    arena_free(o.arena);
    REFUSE("{}", true, "page:2: unknown name: typo", "page", "a\n{{typo}}");
    REFUSE("{\"o\":{}}", true, "page:1: unknown name: o.typo", "page", "{{o.typo}}");
    REFUSE("{\"o\":1}", true, "page:1: unknown name: o.typo", "page", "{{o.typo}}");
    REFUSE("{\"o\":{}}", true, "part:3: unknown name: typo", "page", "{{>part}}", "part", "\n\n{{typo}}");
    REFUSE("{}", true, "page:2: unknown name: typo", "page", "{{<l}}\n{{$c}}{{typo}}{{/c}}{{/l}}", "l", "\n\n\n{{$c}}{{/c}}");
    REFUSE("{\"l\":[1]}", true, "page:1: a list or object is no text: l", "page", "{{l}}");
    REFUSE("{}", true, "page:2: there is no template \"none\"", "page", "\n{{>none}}");
    REFUSE("{}", true, "page:1: there is no template \"none\"", "page", "{{<none}}{{/none}}");
    EXPECT("{}", "[][]", "page", "[{{>none}}][{{<none}}{{$a}}x{{/a}}{{/none}}]");
}

static void mistakes_name_their_line(void **state)
{
    (void)state;
    REFUSE("{}", false, "page:2: {{#a}} is not closed", "page", "\n{{#a}}\n\n");
    REFUSE("{}", false, "page:3: {{^b}} is not closed", "page", "{{#a}}\n{{/a}}\n{{^b}}");
    REFUSE("{}", false, "page:1: {{<a}} is not closed", "page", "{{<a}}");
    REFUSE("{}", false, "page:1: {{$a}} is not closed", "page", "{{$a}}x");
    REFUSE("{}", false, "page:3: {{/b}} where {{#a}} of line 1 is open", "page", "{{#a}}\n\n{{/b}}");
    REFUSE("{}", false, "page:3: {{/a}} closes nothing", "page", "{{! two\nlines}}\n{{/a}}");
    REFUSE("{}", false, "page:2: this tag is not closed", "page", "a\n{{b");
    REFUSE("{}", false, "page:1: this tag is not closed", "page", "{{{b}}");
    REFUSE("{}", false, "page:1: this tag is not closed", "page", "{{! b");
    REFUSE("{}", false, "page:1: a tag without a name", "page", "{{}}");
    REFUSE("{}", false, "page:1: a tag without a name", "page", "{{# }}{{/ }}");
    REFUSE("{}", false, "page:2: a name may not contain blanks", "page", "\n{{a b}}");
    REFUSE("{}", false, "page:1: \"a..b\" is not a name", "page", "{{a..b}}");
    REFUSE("{}", false, "page:1: \".a\" is not a name", "page", "{{.a}}");
    REFUSE("{}", false, "page:1: \"a.\" is not a name", "page", "{{#a.}}{{/a.}}");
    REFUSE("{}", false, "page:1: dynamic names are not supported", "page", "{{>*a}}");
    REFUSE("{}", false, "page:2: only blocks may stand directly inside {{<l}}", "page", "{{<l}}\n{{a}}{{/l}}");
    REFUSE("{}", false, "page:1: there is a template of this name already", "page", "", "page", "");
}

/* `n` times `open`, then `middle`, then n times `close`. */
static void constants_are_literals(void **state)
{
    (void)state;
    static const char text[] = "{{c}}|{{{c}}}|{{d}}|{{#o}}{{c}}{{/o}}|{{o.c}}|{{#c}}no{{/c}}";
    struct arena *a = arena_new(1024 * 1024);
    struct template_set *set = templates_new(NULL);
    templates_constant(set, "c", "<1>");
    templates_constant(set, "d", "2");
    assert_true(templates_add(set, "t", text, sizeof text - 1, NULL));
    struct value *view = object_new(a);
    object_text(view, "d", "the view has no say in it");
    object_text(object_object(view, "o"), "c", "a member of that name is another thing");
    struct str out;
    str_init(&out, a, 0, 1000);
    assert_true(template_render(templates_get(set, "t"), view, &out, true, NULL));
    assert_string_equal(out.s, "&lt;1&gt;|<1>|2|&lt;1&gt;|a member of that name is another thing|");
    templates_free(set);
    arena_free(a);
}

static void output_is_added_to_what_is_there(void **state)
{
    (void)state;
    struct arena *a = arena_new(1024 * 1024);
    struct template_set *set = templates_new(NULL);
    assert_true(templates_add(set, "t", "{{v}}!", 6, NULL));
    struct value *view = object_new(a);
    object_text(view, "v", "w");
    struct str out;
    str_init(&out, a, 0, 1000);
    str_puts(&out, "before ");
    assert_true(template_render(templates_get(set, "t"), view, &out, true, NULL));
    assert_string_equal(out.s, "before w!");
    assert_int_equal(out.len, 9);
    str_puts(&out, " after");
    assert_string_equal(out.s, "before w! after");
    assert_true(template_render(templates_get(set, "t"), NULL, &out, false, NULL));
    assert_string_equal(out.s, "before w! after!");
    assert_false(templates_add(set, "u", "{{", 2, NULL));
    assert_null(templates_get(set, "u"));
    assert_null(templates_get(set, "s"));
    templates_free(set);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_put_blocks_into_layouts),
        cmocka_unit_test(blocks_of_components_are_their_own),
        cmocka_unit_test(indentation_follows_partials_and_blocks),
        cmocka_unit_test(indentation_inside_sections),
        cmocka_unit_test(standalone_lines_also_with_crlf),
        cmocka_unit_test(delimiters_change),
        cmocka_unit_test(names_and_values),
        cmocka_unit_test(escaping_at_every_place), cmocka_unit_test(messages_are_literals),
        cmocka_unit_test(strict_wants_every_name),
        cmocka_unit_test(mistakes_name_their_line),
        cmocka_unit_test(constants_are_literals),
        cmocka_unit_test(output_is_added_to_what_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
