"""The style sheet of the window: hairlines instead of boxes, an 8-pixel grid, one accent colour."""

from __future__ import annotations

from string import Template

from warploom_app.icons import icon_file
from warploom_app.theme import Theme, mixed

_SHEET = Template("""
QMainWindow, QWidget#page { background: $surface; }
QMainWindow::separator { background: $hairline; width: 1px; height: 1px; }
QMainWindow::separator:hover { background: $accent; }
QSplitter::handle { background: $hairline; }
QSplitter::handle:horizontal { width: 1px; }
QSplitter::handle:vertical { height: 1px; }

QMenuBar { background: $surface; padding: 2px 4px; border-bottom: 1px solid $hairline; }
QMenuBar::item { padding: 4px 8px; background: transparent; border-radius: 4px; }
QMenuBar::item:selected { background: $raised; }
QMenu { background: $surface; border: 1px solid $hairline; padding: 4px 0; }
QMenu::item { padding: 6px 32px 6px 16px; }
QMenu::item:selected { background: $selection; }
QMenu::item:disabled { color: $muted; }
QMenu::separator { height: 1px; background: $hairline; margin: 4px 0; }
QToolTip { background: $raised; color: $text; border: 1px solid $hairline; padding: 4px 8px; }

QToolBar { background: $surface; border: none; border-bottom: 1px solid $hairline; padding: 4px 8px; spacing: 6px; }
QToolBar#flat { border: none; padding: 0; spacing: 0; }
QToolBar QLabel { color: $muted; }
QToolBar#flat QToolButton { padding: 4px 6px; border-radius: 4px; border: 1px solid transparent; }
QToolBar QToolButton#qt_toolbar_ext_button { padding: 0; border: none; qproperty-icon: url($arrow_right); }
QToolBar#flat QToolButton:hover, QToolBar#flat QToolButton:pressed { background: $raised; }
QToolBar#flat QToolButton:focus { border-color: $accent; }
QToolBar#flat QToolButton:disabled { color: $faded; }
QToolBar::separator { background: $hairline; width: 1px; margin: 4px 4px; }
QToolButton[autoRaise="true"] { padding: 2px; border: 1px solid transparent; border-radius: 4px; }
QToolButton[autoRaise="true"]:hover, QToolButton[autoRaise="true"]:pressed { background: $raised; }
QToolButton[autoRaise="true"]:focus { border-color: $accent; }
QPushButton, QToolButton#bar {
    background: $raised; border: 1px solid $hairline; border-radius: 4px; padding: 0 12px; min-height: 28px;
}
QPushButton:hover { border-color: $muted; }
QPushButton:pressed { background: $hairline; }
QPushButton:focus { border-color: $accent; }
QPushButton:disabled { color: $muted; background: $surface; }
QPushButton[primary="true"] { background: $accent; color: $accent_text; border-color: $accent; font-weight: 600; }
QPushButton[primary="true"]:disabled { background: $raised; color: $muted; border-color: $hairline; }
QPushButton[link="true"] { background: transparent; border: none; color: $accent; padding: 0 4px; text-align: left; }
QPushButton[link="true"]:focus { text-decoration: underline; }
QPushButton[link="true"]:disabled { color: $faded; }
QPushButton[link="true"]:hover { text-decoration: underline; }

QCheckBox { spacing: 8px; }
QCheckBox::indicator {
    width: 14px; height: 14px; border: 1px solid $muted; border-radius: 3px; background: $surface;
}
QCheckBox::indicator:hover, QCheckBox::indicator:focus { border-color: $accent; }
QCheckBox::indicator:checked { background: $accent; border-color: $accent; image: url($check); }
QCheckBox::indicator:disabled { border-color: $hairline; background: $raised; }

QComboBox, QSpinBox, QDoubleSpinBox, QLineEdit {
    background: $surface; border: 1px solid $hairline; border-radius: 4px; padding: 0 8px; min-height: 28px;
    selection-background-color: $accent; selection-color: $accent_text;
}
QComboBox[compact="true"] { min-height: 20px; }
QPushButton[compact="true"] { min-height: 20px; }
QComboBox:hover, QSpinBox:hover, QDoubleSpinBox:hover, QLineEdit:hover { border-color: $muted; }
QComboBox:focus, QSpinBox:focus, QDoubleSpinBox:focus, QLineEdit:focus { border-color: $accent; }
QComboBox:disabled, QSpinBox:disabled, QDoubleSpinBox:disabled { color: $muted; }
QComboBox::drop-down { border: none; width: 24px; }
QComboBox::down-arrow { image: url($arrow_down); width: 12px; height: 12px; }
QComboBox QAbstractItemView { background: $surface; border: 1px solid $hairline; outline: none; padding: 4px 0; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button { border: none; background: transparent; width: 16px; }
QAbstractSpinBox::up-arrow { image: url($arrow_up); width: 10px; height: 10px; }
QAbstractSpinBox::down-arrow { image: url($arrow_down); width: 10px; height: 10px; }

QDockWidget { titlebar-close-icon: none; titlebar-normal-icon: none; }
QLabel[heading="true"] { color: $muted; font-size: 8pt; font-weight: 600; }
QLabel[muted="true"] { color: $muted; }
QLabel[refused="true"] { color: $error; font-weight: 600; }
QLabel#verdict { font-size: 17pt; font-weight: 600; }
QLabel#verdict[tight="true"] { font-size: 13pt; }
QLabel[badge="simulated"] {
    background: $warning_surface; color: $warning; border-radius: 4px; padding: 2px 8px; font-weight: 600;
}
QLabel[badge="good"] { color: $good; font-weight: 600; }
QLabel[badge="warning"] { color: $warning; font-weight: 600; }
QLabel[note="warning"] { color: $warning; }

QTreeView, QTableView, QListView {
    background: $surface; border: none; outline: none; selection-background-color: $selection;
    selection-color: $text; alternate-background-color: $surface;
}
QTreeView, QTableView { padding-left: 8px; }
QTreeView::item, QTableView::item, QListView::item { padding: 2px 8px; border: none; color: $text; }
QTreeView::item:hover, QTableView::item:hover, QListView::item:hover { background: $raised; }
QTreeView::item:selected, QTableView::item:selected, QListView::item:selected { background: $selection; color: $text; }
QTreeView::branch { background: $surface; }
QTreeView::branch:selected { background: $selection; }
QTreeView::branch:has-children:closed { image: url($arrow_right); }
QTreeView::branch:has-children:open { image: url($arrow_down); }
QHeaderView::down-arrow { image: url($arrow_down); width: 12px; height: 12px; }
QHeaderView::up-arrow { image: url($arrow_up); width: 12px; height: 12px; }
QHeaderView { background: $surface; border: none; }
QHeaderView::section {
    background: $surface; color: $muted; border: none; border-bottom: 1px solid $hairline; padding: 4px 11px;
}
QTableCornerButton::section { background: $surface; border: none; }

QTabWidget::pane { border: none; border-top: 1px solid $hairline; }
QTabBar { background: $surface; qproperty-drawBase: 0; }
QTabBar::tab {
    background: $surface; color: $muted; padding: 6px 12px; border: none; border-bottom: 2px solid $surface;
}
QTabBar::tab:selected { color: $text; border-bottom: 2px solid $accent; }
QTabBar::tab:hover { color: $text; }
QTabBar::tab:focus { color: $accent; }

QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle { background: $hairline; border-radius: 3px; min-height: 24px; min-width: 24px; margin: 2px; }
QScrollBar::handle:hover { background: $muted; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QScrollArea { border: none; background: transparent; }

QProgressBar { background: $raised; border: none; border-radius: 3px; max-height: 6px; min-height: 6px; }
QProgressBar::chunk { background: $accent; border-radius: 3px; }

QFrame#card { background: $surface; border: 1px solid $hairline; border-radius: 8px; }
QFrame#card:hover, QFrame#card:focus { border-color: $accent; }
QFrame#dropTarget { background: $background; border: 2px dashed $hairline; border-radius: 8px; }
QFrame#dropTarget[active="true"] { border-color: $accent; }
QFrame#hairline { background: $hairline; border: none; }
QFrame#errorBar { background: $error_surface; border: none; border-bottom: 1px solid $error; }
QFrame#errorBar QLabel { color: $text; }
QFrame#errorBar[level="done"] { background: $raised; border-bottom: 1px solid $hairline; }
QFrame#errorBar[level="notice"] { background: $warning_surface; border-bottom: 1px solid $warning; }
QPlainTextEdit, QTextBrowser { background: $background; border: 1px solid $hairline; border-radius: 4px; }
QWidget#progressStrip { border-top: 1px solid $hairline; }
QStatusBar { background: $surface; border-top: 1px solid $hairline; }
QFrame#runSettings { background: $surface; border: 1px solid $hairline; }
QDialog { background: $surface; }
QDialog#palette { border: 1px solid $hairline; }
QDialog#palette QListWidget { border: none; background: $surface; padding: 0; }
QDialog#palette QListWidget::item { padding: 4px 8px; }
""")


def style_sheet(theme: Theme) -> str:
    """The style sheet in a Theme's colours."""
    return _SHEET.substitute(
        background=theme.background,
        surface=theme.surface,
        raised=theme.raised,
        hairline=theme.hairline,
        text=theme.text,
        faded=mixed(theme.muted, theme.surface, 0.6),
        muted=theme.muted,
        accent=theme.accent,
        accent_text=theme.accent_text,
        selection=theme.selection,
        error=theme.error,
        error_surface=theme.error_surface,
        warning=theme.warning,
        warning_surface=theme.warning_surface,
        good=theme.good,
        check=icon_file("check-dark" if theme.is_dark else "check"),
        arrow_down=icon_file("arrow-down"),
        arrow_up=icon_file("arrow-up"),
        arrow_right=icon_file("arrow-right"),
    )
