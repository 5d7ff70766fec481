# The test host of the web core: make -f GNUmakefile -f tests/http/corehost.mk build/release/http/corehost
$(B)/http/corehost: $(B)/tests/http/corehost.o $(B)/libweb.a $(B)/libbase.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS_ALL) -o $@ $< -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LIBS)
