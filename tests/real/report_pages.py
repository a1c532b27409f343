"""Loads the pages of `Report::write_html` in a browser, with light and dark colors and on narrow and wide screens.

    python report_pages.py BROWSER FOLDER COMMAND...

The command runs `crates/prime-batch/examples/report_pages.rs` with the folder, which gets the ledgers, the pages and the
screenshots. What the folder had before is removed.
"""

import shutil
import subprocess
import sys
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright
from report import check, finish

# Tables are blocks up to 1024 pixels.
WIDTHS = [400, 1024, 1025, 1600]

# A browser cannot take a screenshot of any height.
MAX_HEIGHT = 8000

MAX_BYTES = 500_000

# Labels that overlap another one of their axis, or that leave the page.
HIDDEN_LABELS = """() => {
    const hidden = [];
    for (const axis of document.querySelectorAll(".x, .y")) {
        const labels = [...axis.children].filter(label => label.offsetWidth > 0);
        const boxes = labels.map(label => label.getBoundingClientRect());
        boxes.forEach((box, index) => {
            const overlaps = boxes.slice(0, index).some(other => box.left < other.right && other.left < box.right
                && box.top < other.bottom && other.top < box.bottom);
            if (overlaps || box.left < 0 || box.right > innerWidth) {
                hidden.push(labels[index].textContent);
            }
        });
    }
    return hidden;
}"""


def load(browser, path, scheme, width):
    """Loads a page, and returns what is wrong with it."""
    # The policy of a page allows no scripts, so that axe needs an exception. It does not apply to the page's own requests.
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    faults, requests = [], []
    page.on("console", lambda message: faults.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: faults.append(f"script: {error}"))
    page.on("dialog", lambda dialog: (faults.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(path.as_uri(), wait_until="networkidle")
    faults += [f"request: {url}" for url in requests[1:]]
    height = page.evaluate("document.documentElement.scrollHeight")
    overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    if overflow > 0:
        faults.append(f"{overflow} pixels wider than the screen")
    faults += [f"hidden label: {label}" for label in page.evaluate(HIDDEN_LABELS)]
    clip = {"x": 0, "y": 0, "width": width, "height": min(height, MAX_HEIGHT)}
    page.screenshot(path=path.with_name(f"{path.stem}-{scheme}-{width}.png"), full_page=True, clip=clip)
    for violation in Axe().run(page).response["violations"]:
        faults.append(f"{violation['id']}: {violation['nodes'][0]['html']}")
    context.close()
    return [f"{scheme}, {width} px: {fault}" for fault in faults]


def main(executable, folder, command):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    written = subprocess.run([*command, folder], stdout=subprocess.PIPE, text=True, check=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable)
        for line in written.stdout.splitlines():
            name, path, size, millis = line.split("\t")

            @check(f"{name}: {int(size) // 1000} kB, written in {millis} ms")
            def page():
                faults = []
                for scheme in ["light", "dark"]:
                    for width in WIDTHS:
                        faults += load(browser, Path(path), scheme, width)
                assert not faults, "; ".join(faults)
                assert int(size) < MAX_BYTES, f"{size} bytes"

        browser.close()
    finish()


if __name__ == "__main__":
    executable, folder, *command = sys.argv[1:]
    main(shutil.which(executable), Path(folder), command)
