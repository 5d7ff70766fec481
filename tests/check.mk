# Tests. `make check` runs all parts; `make check-unit` one. SANITIZE=1: the same tests on the sanitizer build.
# tests/check runs the parts and sums up; this file knows how their programs are built.
.PHONY: check check-build check-unit check-lint check-schema check-sim check-http check-browser check-bench check-fuzz unit-programs fuzz-programs fuzz golden bench ai-load
check: ## Every test: unit, lint, schema, simulators, HTTP, browser, a quick benchmark, a short run of the fuzzers
	@deploy/packages check && exec tests/check
check-build check-unit check-lint check-schema check-sim check-http check-browser check-bench check-fuzz: check-%:
	@deploy/packages check && exec tests/check $*

unit-programs: $(UNIT)

# Fuzz targets: tests/fuzz/NAME.c, kept inputs in tests/fuzz/corpus/NAME/. Built by clang into a profile of their own.
FUZZ_NAMES := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*.c))
$(B)/fuzz/%: $(B)/tests/fuzz/%.o $(B)/libproviders.a $(B)/libweb.a $(B)/libbase.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS_ALL) -fsanitize=fuzzer -o $@ $< -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LIBS)
fuzz-programs:
	@$(MAKE) --no-print-directory CC=clang PROFILE=fuzz SANITIZE= \
	  OPT='-O1 -fno-omit-frame-pointer -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=undefined' \
	  $(FUZZ_NAMES:%=build/fuzz/fuzz/%)
fuzz: fuzz-programs ## One fuzzer for long: make fuzz T=mustache SECONDS=600
	@mkdir -p build/fuzz/new/$(T)
	build/fuzz/fuzz/$(T) -max_total_time=$(or $(SECONDS),60) -timeout=5 -rss_limit_mb=1024 build/fuzz/new/$(T) $(wildcard tests/fuzz/corpus/$(T))

bench: ## Seeds a large tenant, measures and prints the table (tests/bench)
	@deploy/packages check && exec tests/bench/run

golden: all ## Generate tests/golden/routes.txt, etc/centrala.conf.example and schema/current.sql anew
	@tests/lint/golden.sh --write && tests/lint/schema.sh --write
.PHONY: golden

chaos: all ## Kill fcgi-cron and workers at 200 random moments each and count at Twilio (CHAOS_KILLS, CHAOS_SEED)
	@deploy/packages check && cd tests/http && CHAOS_KILLS=$(or $(CHAOS_KILLS),200) /usr/bin/python3 -m pytest -q -s test_kill.py
.PHONY: chaos

ai-load: all ## 1,000 messages, a model that thinks for three seconds, one fcgi-cron (tests/http/test_ai_load.py)
	@deploy/packages check && AI_LOAD=1000 /usr/bin/python3 -B -m pytest -q -s -p no:cacheprovider tests/http/test_ai_load.py
