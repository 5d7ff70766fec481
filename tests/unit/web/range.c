/* range.c (test) - parts of files. */
#include "base/base.h"
#include "web/range.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void test_ranges(void **state UNUSED)
{
    static const struct { const char *header; int64_t size; enum range is; int64_t offset, length; } cases[] = {
        { NULL, 100, RANGE_WHOLE, 0, 100 },
        { "bytes=0-0", 100, RANGE_PART, 0, 1 },
        { "bytes=0-", 100, RANGE_PART, 0, 100 },
        { "Bytes=10-19", 100, RANGE_PART, 10, 10 },
        { "bytes=90-1000", 100, RANGE_PART, 90, 10 },
        { "bytes=99-", 100, RANGE_PART, 99, 1 },
        { "bytes=-1", 100, RANGE_PART, 99, 1 },
        { "bytes=-100", 100, RANGE_PART, 0, 100 },
        { "bytes=-1000", 100, RANGE_PART, 0, 100 },
        { "bytes=0-99999999999999999999999", 100, RANGE_PART, 0, 100 },
        { "bytes=100-", 100, RANGE_OUTSIDE, 0, 0 },
        { "bytes=100-200", 100, RANGE_OUTSIDE, 0, 0 },
        { "bytes=99999999999999999999999-", 100, RANGE_OUTSIDE, 0, 0 },
        { "bytes=-0", 100, RANGE_OUTSIDE, 0, 0 },
        { "bytes=0-", 0, RANGE_OUTSIDE, 0, 0 },
        { "bytes=-5", 0, RANGE_OUTSIDE, 0, 0 },
        { "bytes=5-4", 100, RANGE_WHOLE, 0, 100 },
        { "bytes=-", 100, RANGE_WHOLE, 0, 100 },
        { "bytes=", 100, RANGE_WHOLE, 0, 100 },
        { "bytes=a-b", 100, RANGE_WHOLE, 0, 100 },
        { "bytes=0-1,5-6", 100, RANGE_WHOLE, 0, 100 },
        { "items=0-1", 100, RANGE_WHOLE, 0, 100 },
        { "", 100, RANGE_WHOLE, 0, 100 },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int64_t offset, length;
        if (range_parse(cases[i].header, cases[i].size, &offset, &length) != cases[i].is)
            fail_msg("%s", cases[i].header);
        if (cases[i].is == RANGE_OUTSIDE)
            continue;
        assert_int_equal(offset, cases[i].offset);
        assert_int_equal(length, cases[i].length);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_ranges) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
