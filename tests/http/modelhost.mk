# The test host of providers/model.h: make -f GNUmakefile -f tests/http/modelhost.mk build/release/http/modelhost
$(B)/http/modelhost: $(B)/tests/http/modelhost.o $(B)/libproviders.a $(B)/libbase.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS_ALL) -o $@ $< -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LIBS)
