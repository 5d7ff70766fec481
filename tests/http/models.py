"""Starts the simulated language models (tests/sim/models_sim.py) and talks to their control calls.

    def test_x(models, make_stack):
        stack = make_stack(**models.settings)                 # CENTRALA_OPENAI_API_BASE and CENTRALA_ANTHROPIC_API_BASE
        models.script(kind="hand_off", reason="wants a person", match={"last": "refund"})
        models.config(hold=True)                              # every request waits …
        models.wait(lambda counts: counts["in_flight"] == 1)
        models.release()                                      # … until now
        assert models.asked()[-1]["body"]["messages"][-1]["content"] == "refund please"
"""
import json

import pytest

from sim import Program


class Models(Program):
    """Both providers on one address; the settings are those of tests/sim/README.md."""

    def __init__(self, **config):
        super().__init__("models_sim.py", "--config", json.dumps(config))

    @property
    def settings(self):
        """For Stack(…, **models.settings)."""
        return {"openai_api_base": self.url, "anthropic_api_base": self.url}

    def asked(self, **equal):
        """Every request in the order of arrival: {provider, path, headers, body, outcome, status, reason}."""
        return [row for row in self.call("asked") if all(row[k] == v for k, v in equal.items())]

    def release(self):
        """Lets those go on that `hold` keeps."""
        return self.call("release", {})


@pytest.fixture(scope="session")
def running_models():
    with Models() as models:
        yield models


@pytest.fixture
def models(running_models):
    running_models.reset()
    yield running_models
    running_models.reset()  # what a failed test held goes on
