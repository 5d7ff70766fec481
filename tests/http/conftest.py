from panel import other  # noqa: F401 (a fixture)
from stack_fixtures import *  # noqa: F401,F403 (fixtures and hooks)
