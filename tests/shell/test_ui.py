"""What a supervisor sees in Temporal's own UI, looked at in a real browser.

What it is: the list, a case's page, its card and its menu of updates in headless Chromium.
What it is not: a test of Temporal's UI; only of what we put there.
"""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, async_playwright, expect
from temporalio.client import WorkflowHandle

from surfaces.server import Embedded
from tests.shell.world import World, eventually, history, send, shown

pytestmark = pytest.mark.asyncio(loop_scope="session")

PLACES = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE = 15_000
EVENTS = ["take", "remark"]


def chromium() -> str:
    """The browser's program. CI must have one (`.ci/browser` installs it); elsewhere these tests
    are left out where none can be had, and say what to do."""
    named = os.environ.get("CHROMIUM")
    found = [place for place in (named, *PLACES) if place and Path(place).exists()]
    if not found:
        missing = "no Chromium here: install it, or say where it is by CHROMIUM=…"
        if os.environ.get("CI"):
            raise AssertionError(missing)
        pytest.skip(missing)
    return found[0]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=chromium(), args=QUIET)
        yield opened
        await opened.close()


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser) -> AsyncIterator[Page]:
    context = await browser.new_context(viewport={"width": 1500, "height": 1100})
    context.set_default_timeout(PATIENCE)
    yield await context.new_page()
    await context.close()


def address(server: Embedded, handle: WorkflowHandle[object, object], tab: str = "timeline") -> str:
    """A page of a case."""
    case, run = quote(handle.id, safe=""), handle.first_execution_run_id
    return f"{server.ui_url}/namespaces/default/workflows/{case}/{run}/{tab}"


async def seen(place: Locator) -> str:
    """The text of something once it is on the page."""
    await expect(place.first).to_be_visible(timeout=PATIENCE)
    return await place.first.inner_text()


async def test_what_is_late_is_found_in_the_list(
    world: World, server: Embedded, page: Page
) -> None:
    async with world.working():
        late = await world.start("U-1", occurred_at="2026-11-10T09:30:00+08:00")
        await world.start("U-2")
        await eventually(lambda: shown(late, "CaseLevel", "L1"))
    query = f"CaseOverdue = true AND CaseLevel = 'L1' AND WorkflowId = '{late.id}'"
    await page.goto(f"{server.ui_url}/namespaces/default/workflows?query={quote(query)}")
    assert late.id in await seen(page.get_by_role("link", name=late.id))
    assert await page.get_by_role("link", name=world.case("U-2")).count() == 0


async def test_the_timer_says_who_owes_what_though_no_worker_runs(
    world: World, server: Embedded, page: Page
) -> None:
    async with world.working():
        handle = await world.start("U-3")
        await eventually(lambda: _timer(handle))
    await page.goto(address(server, handle))
    said = await seen(page.get_by_text("待 待办 To do ← 办事员 Clerk"))
    assert said.startswith("as at ")
    assert "截止 due" in said
    assert said.endswith("L0 → 办事员 Clerk")


async def test_the_card_and_the_menu_tell_what_is_possible(
    world: World, server: Embedded, page: Page
) -> None:
    async with world.working():
        handle = await world.start("U-4")
        await page.goto(address(server, handle, "user-metadata"))
        # The UI draws Markdown in frames: the static summary's comes first.
        title = f"差事 {world.key('U-4')} · Errand"
        assert title in await seen(page.frame_locator("iframe >> nth=0").locator("body"))
        details = page.frame_locator("iframe >> nth=1")
        assert await seen(details.get_by_role("heading")) == title
        card = await seen(details.locator("body"))
        for words in ("等待 waits for", "自 since", "截止 until", "届时 then", "可进行 possible"):
            assert words in card
        assert "办理时限 · Time to do it" in await seen(details.get_by_role("table"))

        menu = await _menu(page)
        listed = [(await one.inner_text()).split("\n") for one in await menu.all()]
        assert [one[0].strip() for one in listed] == [*EVENTS, "Custom"]
        assert listed[1][-1].strip() == "备注 · Remark — 办事员 Clerk, 主管 Chief — 须填 data: note"

        # What is not possible is refused there, in both languages.
        await menu.filter(has_text="take").click()
        dialog = page.get_by_role("dialog").locator("visible=true")
        await dialog.locator(".cm-content").click()
        await page.keyboard.insert_text('{"by": {"id": "wang", "roles": ["chief"]}}')
        await page.keyboard.press("Tab")
        await dialog.get_by_role("button", name="Submit").click()
        refusal = await seen(
            dialog.get_by_text("该角色无权发送此事件 · this role may not send this event")
        )
        assert "needs clerk" in refusal

        await send(handle, "take", id="e1")


async def test_the_card_leads_to_the_case_that_opened_this_one(
    world: World, server: Embedded, page: Page
) -> None:
    async with world.working():
        first = await world.start("U-5")
        handle = await world.start("U-6", origin=first.id)
        await page.goto(address(server, handle, "user-metadata"))
        link = page.frame_locator("iframe >> nth=1").get_by_role("link", name=first.id)
        await expect(link).to_be_visible(timeout=PATIENCE)
        async with page.expect_popup() as opening:
            await link.click()
        opened = await opening.value
        await opened.wait_for_url(f"**/{first.first_execution_run_id}/**")


async def _timer(handle: WorkflowHandle[object, object]) -> bool:
    return (await history(handle))["timer_started"] > 0


async def _menu(page: Page) -> Locator:
    """The names in the dialog that sends an update."""
    await page.get_by_role("button", name="More Actions").click()
    await page.get_by_role("menuitem", name="Send an Update").locator("visible=true").click()
    await (
        page.get_by_role("dialog").locator("visible=true").locator("[aria-haspopup]").first.click()
    )
    options = page.get_by_role("option").locator("visible=true")
    await expect(options.first).to_be_visible(timeout=PATIENCE)
    return options
