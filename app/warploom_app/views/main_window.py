"""MainWindow: menus, run bar, message bar, start page or workbench, progress strip."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QCloseEvent, QDragEnterEvent, QDragLeaveEvent, QDropEvent, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from warploom.report.export import FORMATS, ExportFormat
from warploom.samples.recipes import RECIPES
from warploom_app.actions import ActionRegistry
from warploom_app.appearance import Appearance, AppearanceMode
from warploom_app.icons import app_icon
from warploom_app.session import Session
from warploom_app.settings import Settings
from warploom_app.state import AppState, Message
from warploom_app.theme import Theme
from warploom_app.views.about import AboutDialog
from warploom_app.views.command_palette import CommandPalette, Entry
from warploom_app.views.dag_actions import DagActions
from warploom_app.views.file_dialogs import FileDialogs
from warploom_app.views.message_bar import MessageBar
from warploom_app.views.progress_strip import ProgressStrip
from warploom_app.views.run_bar import RunBar
from warploom_app.views.samples import sample_file, samples
from warploom_app.views.start_page import StartPage
from warploom_app.views.window_actions import MENUS, menu_title, register_actions
from warploom_app.views.workbench import Workbench

_START, _WORK = range(2)


class MainWindow(QMainWindow):
    """The window. Everything that it does is an action of its registry."""

    def __init__(self, state: AppState, session: Session, settings: Settings, appearance: Appearance) -> None:
        super().__init__()
        self.state, self.session = state, session
        self._settings, self._appearance = settings, appearance
        self._laid_out = False
        self.setWindowIcon(app_icon())
        self.setAcceptDrops(True)
        self.registry = ActionRegistry(self)
        self.dialogs = FileDialogs(self, settings)
        register_actions(self)
        self._build_views(appearance.theme)
        self._build_menus()
        self._connect()
        self._restore()
        self._update_actions()
        self._update_title()

    # -- building

    def _build_views(self, theme: Theme) -> None:
        self.run_bar = RunBar(self.state, self.registry, theme)
        self.addToolBar(self.run_bar)
        self.message_bar = MessageBar(self.state, self.registry, theme)
        self.start_page = StartPage(self.state, samples(), theme)
        self.workbench = Workbench(self.state, theme)
        DagActions(self.registry, self.workbench.graph_panel)
        self.pages = QStackedWidget()
        self.pages.addWidget(self.start_page)
        self.pages.addWidget(self.workbench)
        self.progress = ProgressStrip(self.state)
        centre = QWidget()
        layout = QVBoxLayout(centre)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.message_bar)
        layout.addWidget(self.pages, 1)
        layout.addWidget(self.progress)
        self.setCentralWidget(centre)

    def _build_menus(self) -> None:
        bar = self.menuBar()
        menus = {name: bar.addMenu(menu_title(name)) for name in MENUS}
        for spec, action in self.registry:
            if spec.separated:
                menus[spec.menu].addSeparator()
            menus[spec.menu].addAction(action)
        self._recent_menu = QMenu(self.tr("Open &recent"), self)
        menus["file"].insertMenu(self.registry["file.save"], self._recent_menu)
        menus["view"].addSeparator()
        for dock in self.workbench.docks:
            menus["view"].addAction(dock.toggleViewAction())
        # Kept here: the menu bar does not keep its corner widget alive.
        search = self._search = QPushButton(self.tr("Search commands   Ctrl+K"), bar)
        search.setProperty("link", True)
        search.setProperty("compact", True)
        search.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        search.clicked.connect(self.show_palette)
        bar.setCornerWidget(search, Qt.Corner.TopRightCorner)

    def _connect(self) -> None:
        state = self.state
        for signal in (state.document_changed, state.job_changed, state.selection_changed):
            signal.connect(self._update_actions)
        state.document_changed.connect(self._update_page)
        state.document_changed.connect(self._update_title)
        state.options_changed.connect(self._keep_options)
        self.session.opened.connect(self._keep_recent)
        self.session.logged.connect(self.workbench.log.append)
        self.start_page.open_wanted.connect(self.choose_file)
        self.start_page.file_chosen.connect(self._open_file)
        self.start_page.sample_chosen.connect(self.open_sample)
        self._appearance.changed.connect(self._set_theme)
        pictures = self.workbench.dag.pictures
        pictures.saved.connect(self._picture_saved)
        pictures.copied.connect(lambda: state.show(Message(self.tr("The graph is on the clipboard."), level="notice")))
        pictures.failed.connect(lambda text: state.show(Message(text)))

    def _restore(self) -> None:
        geometry = self._settings.bytes("window")
        if geometry is None or not self.restoreGeometry(geometry):
            self.resize(1440, 900)
        self.state.set_options(self._settings.options)
        self._show_recent()
        self._check_mode()

    # -- following the state

    def _update_actions(self) -> None:
        job, document = self.state.job, self.state.document
        is_open = document is not None
        has_results = document is not None and document.results is not None
        stoppable = job is not None and job.kind in ("import", "optimize") and not job.cancelling
        enabled = dict.fromkeys(("file.close", "edit.find", "view.log", "view.fit"), is_open)
        enabled |= dict.fromkeys(("export.graph-svg", "export.graph-png", "export.graph-pdf"), is_open)
        enabled |= dict.fromkeys(("file.save", "view.timelines", "view.figures"), has_results)
        enabled |= {f"export.{name}": has_results and job is None for name in FORMATS}
        enabled["view.zoom-selection"] = has_results and bool(self.state.selection.pinned)
        enabled["run.optimize"] = is_open and job is None
        enabled["run.cancel"] = stoppable
        for name, value in enabled.items():
            self.registry[name].setEnabled(value)

    def _update_page(self) -> None:
        self.pages.setCurrentIndex(_START if self.state.document is None else _WORK)
        if self.state.document is not None and not self._laid_out:
            self._laid_out = True
            self.workbench.restore_layout(self._settings.bytes("docks"))
            self.workbench.comparison.setFocus()

    def _update_title(self) -> None:
        document = self.state.document
        self.setWindowTitle(f"{document.title} – Warploom" if document is not None else "Warploom")

    def _set_theme(self, theme: Theme) -> None:
        self.run_bar.set_theme(theme)
        self.message_bar.set_theme(theme)
        self.start_page.set_theme(theme)
        self.workbench.set_theme(theme)

    def _check_mode(self) -> None:
        for mode in AppearanceMode:
            self.registry[f"view.{mode.value}"].setChecked(mode is self._appearance.mode)

    def _keep_options(self) -> None:
        self._settings.options = self.state.options

    def _keep_recent(self, path: Path) -> None:
        self._settings.add_recent(path)
        self._show_recent()

    def _show_recent(self) -> None:
        recent = self._settings.recent
        self.start_page.set_recent(recent)
        self._recent_menu.clear()
        for path in recent:
            action = QAction(str(path), self._recent_menu)
            action.triggered.connect(partial(self._open_file, str(path)))
            self._recent_menu.addAction(action)
        self._recent_menu.setEnabled(bool(recent))

    # -- actions

    def _open_file(self, path: str, _checked: bool = False) -> None:
        self.session.open([Path(path)])

    def open_sample(self, name: str) -> None:
        """Opens a sample model."""
        self.session.open_sample(name, sample_file(name))

    def choose_file(self) -> None:
        """Asks for a file to open."""
        self.dialogs.ask_input(lambda path: self.session.open([path]))

    def choose_copy(self) -> None:
        """Asks where to save a copy of the recording."""
        self.dialogs.ask_output(
            "save", self.tr("Save the recording"), self._suggestion("warploom"), self.session.save_copy
        )

    def choose_export(self, choice: ExportFormat) -> None:
        """Asks where to write an export."""
        write = partial(self.session.export, choice.name)
        self.dialogs.ask_output("export", self.tr("Export"), self._suggestion(choice.suffix.lstrip(".")), write)

    def choose_picture(self, suffix: str) -> None:
        """Asks where to write a picture of the graph."""
        self.dialogs.ask_output(
            "export", self.tr("Export the graph"), self._suggestion(suffix), partial(self._save_picture, suffix)
        )

    def _suggestion(self, suffix: str) -> str:
        document = self.state.document
        return f"{Path(document.title).stem if document is not None else 'warploom'}.{suffix}"

    def _save_picture(self, suffix: str, path: Path) -> None:
        self.workbench.dag.save_picture(path if path.suffix else path.with_suffix(f".{suffix}"))

    def _picture_saved(self, path: Path) -> None:
        self.state.show(Message(self.tr("Saved {}").format(path), level="notice"))

    def optimize(self) -> None:
        """Starts the main job."""
        if self.session.optimize():
            self.workbench.log.set_entries(())

    def close_document(self) -> None:
        """Goes back to the start page."""
        self.session.abandon()
        self.state.set_document(None)

    def find_operator(self) -> None:
        """Puts the cursor into the filter of the operators."""
        self.workbench.show_operators()

    def show_tab(self, tab: int) -> None:
        """Shows timelines, figures or the log."""
        self.workbench.show_tab(tab)

    def fit_everything(self) -> None:
        """Shows all of the graph and all of the time."""
        self.workbench.comparison.canvas.fit()
        self.workbench.dag.fit()

    def zoom_to_selection(self) -> None:
        """Shows the pinned operators large."""
        self.workbench.comparison.canvas.zoom_to_selection()

    def reset_layout(self) -> None:
        """Puts every dock where it was at first."""
        self.workbench.reset_layout()

    def set_mode(self, mode: AppearanceMode) -> None:
        """Light, dark, or as the system."""
        self._settings.appearance = mode
        self._appearance.set_mode(mode)
        self._check_mode()

    def show_about(self) -> None:
        """Shows the versions."""
        AboutDialog(self).open()

    def show_palette(self) -> None:
        """Offers every command, the samples, and the operators of what is open."""
        entries = [
            Entry(
                f"{menu_title(spec.menu)}: {action.text()}".replace("&", "").replace("…", ""),
                action.shortcut().toString(QKeySequence.SequenceFormat.NativeText),
                action.trigger,
            )
            for spec, action in self.registry
            if action.isEnabled() and spec.id != "edit.palette"
        ]
        for name, recipe in RECIPES.items():
            entries.append(
                Entry(self.tr("Open sample {}").format(name), recipe.description, partial(self.open_sample, name))
            )
        document = self.state.document
        if document is not None:
            entries += [
                Entry(one.name, one.label, partial(self.state.pin, [one.name])) for one in document.graph.operators
            ]
        CommandPalette(entries, self).show_over(self)

    # -- drag and drop, end

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        if event.mimeData().hasUrls():
            event.acceptProposedAction()
            self.start_page.set_dragging(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:  # noqa: N802
        self.start_page.set_dragging(False)
        super().dragLeaveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        self.start_page.set_dragging(False)
        event.acceptProposedAction()
        self.session.drop(event.mimeData().urls())

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        self._settings.set_bytes("window", self.saveGeometry())
        if self._laid_out:
            self._settings.set_bytes("docks", self.workbench.saveState())
        self._settings.sync()
        super().closeEvent(event)
