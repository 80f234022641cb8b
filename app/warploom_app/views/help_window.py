"""HelpWindow: the help pages beside the work, with a search over all of them."""

from __future__ import annotations

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QTextCursor
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from warploom_app.help_pages import HelpPage, help_pages
from warploom_app.theme import GRID


class HelpWindow(QDialog):
    """Does not block the window."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Warploom help"))
        self.setObjectName("helpWindow")
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Search the help"))
        self.search.setAccessibleName(self.tr("Search the help"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        self.pages = QListWidget()
        self.pages.setAccessibleName(self.tr("Pages"))
        self.pages.currentItemChanged.connect(self._show_current)
        self.browser = QTextBrowser()
        self.browser.setAccessibleName(self.tr("Help page"))
        self.browser.setOpenLinks(False)
        self.browser.document().setDocumentMargin(2 * GRID)
        self.browser.anchorClicked.connect(self._follow)
        side = QVBoxLayout()
        side.addWidget(self.search)
        side.addWidget(self.pages, 1)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        layout.setSpacing(2 * GRID)
        layout.addLayout(side)
        layout.addWidget(self.browser, 1)
        self.pages.setFixedWidth(24 * GRID)
        self.search.setFixedWidth(24 * GRID)
        self.resize(100 * GRID, 75 * GRID)
        self._filter("")

    def show_page(self, name: str = "", heading: str = "") -> None:
        """Shows a page, at one of its headings."""
        for row in range(self.pages.count()):
            if not name or self.pages.item(row).data(Qt.ItemDataRole.UserRole).name == name:
                self.pages.setCurrentRow(row)
                break
        if heading:
            self.browser.moveCursor(QTextCursor.MoveOperation.Start)
            self.browser.find(heading)
        self.show()
        self.raise_()
        self.browser.setFocus()

    def _filter(self, words: str) -> None:
        self.pages.clear()
        for page in help_pages():
            if page.holds(words):
                item = QListWidgetItem(page.title)
                item.setData(Qt.ItemDataRole.UserRole, page)
                self.pages.addItem(item)
        self.pages.setCurrentRow(0)

    def _show_current(self) -> None:
        item = self.pages.currentItem()
        if item is None:
            self.browser.setPlainText(self.tr("No page holds all of these words."))
            return
        page: HelpPage = item.data(Qt.ItemDataRole.UserRole)
        self.browser.setMarkdown(page.text)
        self.browser.moveCursor(QTextCursor.MoveOperation.Start)
        words = self.search.text().split()
        if words:
            self.browser.find(words[0])

    def _follow(self, url: QUrl) -> None:
        if url.isRelative():
            self.show_page(url.path().removesuffix(".md").partition("-")[2] or url.path())
        else:
            QDesktopServices.openUrl(url)
