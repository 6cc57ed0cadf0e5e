"""What a page costs: requests and bytes, and whether it asked other hosts or broke its own content security policy."""

from __future__ import annotations

import gzip
from dataclasses import dataclass

from playwright.sync_api import BrowserContext, Page, Response

VIOLATIONS = """
  window.violations = [];
  document.addEventListener("securitypolicyviolation", (event) => {
    violations.push(event.violatedDirective + " " + event.blockedURI);
  });
"""


@dataclass(frozen=True)
class Weight:
    requests: int
    bytes_gz: int
    """Of all bodies, each as gzip would send it."""
    script_bytes_gz: int
    violations: list[str]
    foreign: list[str]


def weight_of(context: BrowserContext, path: str, base_url: str) -> Weight:
    """Load a page with an empty cache and wait until it asks for nothing more."""
    page = context.new_page()
    page.add_init_script(VIOLATIONS)
    responses: list[Response] = []
    page.on("response", lambda response: responses.append(response))  # noqa: PLW0108 -- it marks what it is given
    page.goto(path, wait_until="networkidle")
    sizes = {response.url: len(gzip.compress(response.body())) for response in responses if response.ok}
    found = Weight(
        requests=len(responses),
        bytes_gz=sum(sizes.values()),
        script_bytes_gz=sum(size for url, size in sizes.items() if ".js" in url),
        violations=violations_of(page),
        foreign=[url for url in sizes if not url.startswith((base_url, "data:"))],
    )
    page.close()
    return found


def violations_of(page: Page) -> list[str]:
    """Since the page was loaded, where `VIOLATIONS` stood in it from the start."""
    found: list[str] = page.evaluate("window.violations")
    return found
