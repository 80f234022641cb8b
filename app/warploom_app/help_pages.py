"""The help pages that ship with Warploom: Markdown files in `assets/help`, in the order of their names."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from warploom.errors import WarploomError
from warploom.paths import data_path


@dataclass(frozen=True, slots=True)
class HelpPage:
    """One page.

    Attributes:
        name: Of its file, without number and suffix: what links and the palette use.
        title: Its first heading.
        text: Markdown.
    """

    name: str
    title: str
    text: str

    @property
    def headings(self) -> tuple[str, ...]:
        """What the page talks about."""
        return tuple(line.lstrip("# ") for line in self.text.splitlines() if line.startswith("## "))

    def holds(self, words: str) -> bool:
        """Whether every word occurs somewhere in the page."""
        text = self.text.lower()
        return all(word in text for word in words.lower().split())


@functools.cache
def help_pages() -> tuple[HelpPage, ...]:
    """All pages; none where the installation lacks them."""
    try:
        files = sorted(data_path("assets", "help").glob("*.md"))
    except WarploomError:
        return ()
    return tuple(_page(path.stem.partition("-")[2], path.read_text(encoding="utf-8")) for path in files)


def _page(name: str, text: str) -> HelpPage:
    return HelpPage(name, text.partition("\n")[0].lstrip("# ").strip(), text)
