# `make run`: everything, in the foreground (deploy/run).
.PHONY: run assets
run: ## Install, build, start and watch everything; Ctrl-C stops it
	@exec env --default-signal=INT deploy/run # a shell that starts programs behind itself lets them ignore it

# Style sheets and scripts of others are copied from Debian's packages: those that a template names.
VENDOR := $(shell grep -rhoE 'static/vendor/[A-Za-z0-9._-]+' templates | sort -u)
assets: $(VENDOR)
static/vendor/%: /usr/share/javascript/bootstrap5/css/%
	@mkdir -p $(@D)
	@cp $< $@
static/vendor/%: /usr/share/javascript/bootstrap5/js/%
	@mkdir -p $(@D)
	@cp $< $@
static/vendor/%: /usr/share/javascript/chart.js/%
	@mkdir -p $(@D)
	@cp $< $@
