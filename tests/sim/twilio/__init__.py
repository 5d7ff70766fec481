"""A Twilio for tests: the part of the 2010-04-01 API that Centrala uses, over real HTTP."""
