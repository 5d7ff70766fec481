"""Headless Chromium for the browser tests, beside the fixtures of the HTTP tests (stack, test_mode_stack, make_stack)."""
import os
import pathlib
import sys

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "http"))
from core_tools import tool  # noqa: E402
from stack_fixtures import *  # noqa: E402,F401,F403 (fixtures and hooks)


@pytest.fixture(scope="session")
def chromium(tmp_path_factory):
    """chromium(width=1280, height=800, scripts=True): a new window with a profile of its own; closed at the end."""
    windows = []

    def open_window(width=1280, height=800, scripts=True):
        home = tmp_path_factory.mktemp("chromium")
        options = webdriver.ChromeOptions()
        options.binary_location = tool("chromium")
        # No sandbox: root may not have one, containers often cannot. Only our own pages are shown.
        for word in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-first-run", "--disable-background-networking",
                     "--disable-component-update", "--no-proxy-server", "--force-device-scale-factor=1", f"--user-data-dir={home}/profile"):
            options.add_argument(word)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        if not scripts:
            options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
        service = Service(tool("chromedriver"), env={**os.environ, "HOME": str(home)}, log_path=os.devnull)
        window = webdriver.Chrome(service=service, options=options)
        windows.append(window)
        # The size of the page, not of the window: headless windows have a minimum width.
        window.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500})
        window.set_page_load_timeout(100)
        return window
    yield open_window
    for window in windows:
        window.quit()


@pytest.fixture(scope="session")
def spare_windows():
    return []


@pytest.fixture
def panel(chromium, spare_windows, stack):
    """panel(role="admin", on=stack, width=1280, height=800, scripts=True, language="en"): a signed-in user's window (role
    None: nobody's), see window.py. Afterwards no page may have complained; what a test expects to go wrong it says with
    expect(). Windows are used again by later tests."""
    from window import Panel
    opened = []

    def open_panel(role="admin", on=None, width=1280, height=800, scripts=True, language="en"):
        spare = next((pair for pair in spare_windows if pair[1] == scripts), None)
        if spare:
            spare_windows.remove(spare)
        page = Panel(spare[0] if spare else chromium(scripts=scripts), on or stack, scripts)
        opened.append((page, scripts))
        page.size(width, height)
        return page.enter(role, language) if role else page
    yield open_panel
    complaints = [text for page, _ in opened for text in page.complaints()]
    for page, scripts in opened:
        page.forget()
        spare_windows.append((page.window, scripts))
    assert not complaints, "\n".join(complaints)
