"""MainWindow: menus, run bar, message bar, start page or workbench, progress strip."""

from __future__ import annotations

import contextlib
import sys
from functools import partial
from pathlib import Path

from msgspec import structs
from PySide6.QtCore import QProcess, Qt, QTimer
from PySide6.QtGui import (
    QAction,
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QGuiApplication,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QDockWidget, QMainWindow, QMenu, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from warploom.errors import WarploomError
from warploom.report.export import FORMATS, ExportFormat
from warploom_app.actions import ActionRegistry
from warploom_app.appearance import Appearance, AppearanceMode
from warploom_app.icons import app_icon
from warploom_app.jobs import Task, TaskState
from warploom_app.notifier import Notifier
from warploom_app.session import Session
from warploom_app.settings import Settings
from warploom_app.state import AppState, Message
from warploom_app.theme import GRID, Theme
from warploom_app.views.compact import Compact, is_small
from warploom_app.views.dag_actions import DagActions
from warploom_app.views.file_dialogs import FileDialogs
from warploom_app.views.jobs_panel import JobsPanel
from warploom_app.views.message_bar import MessageBar
from warploom_app.views.progress_strip import ProgressStrip
from warploom_app.views.run_bar import RunBar
from warploom_app.views.samples import sample_file, samples, shipped_recordings
from warploom_app.views.start_page import StartPage
from warploom_app.views.widgets import DockTitle
from warploom_app.views.window_actions import register_actions
from warploom_app.views.window_dialogs import WindowDialogs
from warploom_app.views.window_menus import MENUS, menu_title
from warploom_app.views.workbench import Workbench

_START, _WORK = range(2)
_SETTLING_MS = (0, 50, 300)


class MainWindow(QMainWindow):
    """The window. Everything that it does is an action of its registry."""

    def __init__(self, state: AppState, session: Session, settings: Settings, appearance: Appearance) -> None:
        super().__init__()
        self.state, self.session = state, session
        self._settings, self._appearance = settings, appearance
        self._laid_out = False
        self._settling = [QTimer(self, singleShot=True, interval=delay_ms) for delay_ms in _SETTLING_MS]
        self.setWindowIcon(app_icon())
        self.setAcceptDrops(True)
        self.registry = ActionRegistry(self)
        self.dialogs = FileDialogs(self, settings)
        self.overlays = WindowDialogs(self, settings, appearance)
        self.notifier = Notifier(self)
        self._build_jobs(appearance.theme)
        register_actions(self)
        self._build_views(appearance.theme)
        self._build_menus()
        self._connect()
        self._restore()
        self._update_actions()
        self._update_edits()
        self._update_title()

    # -- building

    def _build_jobs(self, theme: Theme) -> None:
        self.jobs = JobsPanel(self.state, self.session.queue, theme)
        self.jobs_dock = QDockWidget(self.tr("Jobs"), self)
        self.jobs_dock.setObjectName("jobs")
        self.jobs_dock.setWidget(self.jobs)
        self.jobs_dock.setTitleBarWidget(DockTitle(self.jobs_dock, theme))
        self.jobs.setMinimumWidth(26 * GRID)
        self.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self.jobs_dock)
        self.jobs_dock.hide()

    def _build_views(self, theme: Theme) -> None:
        self.run_bar = RunBar(self.state, self.registry, self.session.hosts, theme)
        self.addToolBar(self.run_bar)
        self.message_bar = MessageBar(self.state, self.registry, theme)
        self.start_page = StartPage(self.state, samples(), shipped_recordings(), theme)
        self.workbench = Workbench(self.state, theme)
        DagActions(self.registry, self.workbench.graph_panel)
        self.pages = QStackedWidget()
        self.pages.addWidget(self.start_page)
        self.pages.addWidget(self.workbench)
        left, right, _, reasons = self.workbench.docks
        self._compact = Compact((left, right, reasons))
        self.workbench.results.setMinimumWidth(48 * GRID)  # its widest page must not keep the window from being small
        self.progress = ProgressStrip(self.state, self.session.queue, theme)
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
        self._recent_menu.triggered.connect(lambda action: self._open_file(action.data()))
        menus["file"].insertMenu(self.registry["file.save"], self._recent_menu)
        menus["view"].addSeparator()
        for dock in self.workbench.docks:
            menus["view"].addAction(dock.toggleViewAction())
        # Kept here: the menu bar does not keep its corner widget alive.
        search = self._search = QPushButton(self.tr("Search commands   Ctrl+K"), bar)
        search.setProperty("link", True)
        search.setProperty("compact", True)
        search.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        search.clicked.connect(self.overlays.show_palette)
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
        self.workbench.schedule.try_wanted.connect(self.session.try_schedule)
        self.workbench.schedule.edits_changed.connect(self._update_edits)
        self.start_page.open_wanted.connect(self.choose_file)
        self.start_page.file_chosen.connect(self._open_file)
        self.start_page.sample_chosen.connect(self.open_sample)
        self._appearance.changed.connect(self._set_theme)
        for timer in self._settling:
            timer.timeout.connect(self._fit_screen)
        self._connect_jobs()
        self.workbench.comparison.figure_wanted.connect(self.choose_figure)
        pictures = self.workbench.dag.pictures
        pictures.saved.connect(self._picture_saved)
        pictures.copied.connect(lambda: state.show(Message(self.tr("The graph is on the clipboard."), level="notice")))
        pictures.failed.connect(lambda text: state.show(Message(text)))

    def _connect_jobs(self) -> None:
        session, jobs = self.session, self.jobs
        self.run_bar.add_host_wanted.connect(self.overlays.add_host)
        self.progress.jobs_wanted.connect(self.show_jobs)
        jobs.open_wanted.connect(session.open_result)
        jobs.cancel_wanted.connect(session.runner.cancel)
        jobs.advance_wanted.connect(session.runner.advance)
        session.queue.changed.connect(self._show_queue)
        session.run_ended.connect(self._tell)
        session.hosts.changed.connect(self._keep_hosts)

    def _restore(self) -> None:
        geometry = self._settings.bytes("window")
        if geometry is None or not self.restoreGeometry(geometry):
            self.resize(1440, 900)
        self._fit_screen()
        jobs = self._settings.bytes("jobs")
        if jobs is not None:
            self.restoreState(jobs)
        self._restore_hosts()
        self.state.set_options(self._settings.options)
        self._show_recent()
        self._check_mode()

    def _fit_screen_soon(self) -> None:
        """Room that is not needed any more is free only after the layouts have noticed."""
        for timer in self._settling:
            timer.start()

    def _fit_screen(self) -> None:
        """Never larger than the screen: at 200 % scaling, half of its pixels count."""
        available = self.screen().availableSize()
        if QGuiApplication.platformName() == "offscreen" or (self._laid_out and not is_small(available)):
            return  # nobody looks; or the window has its place, maybe across two screens
        if is_small(available):
            self._compact.fit(available)
        if not self.isMaximized() and not self.isFullScreen():
            self.resize(self.size().boundedTo(available))

    def _restore_hosts(self) -> None:
        for host in self._settings.preferences.hosts:
            with contextlib.suppress(WarploomError):  # written by another release
                self.session.hosts.add(host)
        if self._settings.host in {host.address for host in self.session.hosts.hosts}:
            self.state.set_target(self._settings.host, self._settings.options.device)

    # -- following the state

    def _update_actions(self) -> None:
        job, document = self.state.job, self.state.document
        is_open = document is not None
        has_results = document is not None and document.results is not None
        stoppable = job is not None and not job.cancelling
        ended = any(task.recording is not None for task in self.session.queue.tasks)
        enabled = dict.fromkeys(("file.close", "edit.find", "view.log", "view.fit"), is_open)
        enabled |= dict.fromkeys(("export.graph-svg", "export.graph-png", "export.graph-pdf"), is_open)
        enabled |= dict.fromkeys(("file.save", "view.timelines", "view.operators", "view.figures"), has_results)
        enabled |= {f"export.{name}": has_results and self.state.chore is None for name in FORMATS}
        enabled["export.copy-figure"] = enabled["export.timelines"] = has_results
        enabled["run.open-result"] = ended
        enabled["run.resume"] = any(task.state is TaskState.CANCELLED for task in self.session.queue.tasks)
        enabled["view.zoom-selection"] = has_results and bool(self.state.selection.pinned)
        enabled["run.optimize"] = is_open and self.state.chore is None
        enabled["run.cancel"] = stoppable
        for name, value in enabled.items():
            self.registry[name].setEnabled(value)

    def _update_edits(self) -> None:
        """Undo and redo say what they would do; the tab shows that there is something to keep."""
        editor = self.workbench.schedule.editor
        names = {"edit.undo": (self.tr("&Undo"), editor.undo_label), "edit.redo": (self.tr("&Redo"), editor.redo_label)}
        for name, (text, label) in names.items():
            self.registry[name].setEnabled(label is not None)
            self.registry[name].setText(f"{text}: {label}" if label else text)
        self.registry["run.try"].setEnabled(editor.edited)
        self.workbench.mark_edited(editor.edited)

    def _update_page(self) -> None:
        self.pages.setCurrentIndex(_START if self.state.document is None else _WORK)
        if self.state.document is not None and not self._laid_out:
            self._laid_out = True
            self.workbench.restore_layout(self._settings.bytes("docks"))
            self.workbench.comparison.setFocus()
        self._fit_screen_soon()

    def _update_title(self) -> None:
        document = self.state.document
        self.setWindowTitle(f"{document.title} – Warploom" if document is not None else "Warploom")

    def _set_theme(self, theme: Theme) -> None:
        self.run_bar.set_theme(theme)
        self.message_bar.set_theme(theme)
        self.progress.set_theme(theme)
        self.jobs.set_theme(theme)
        title = self.jobs_dock.titleBarWidget()
        if isinstance(title, DockTitle):
            title.set_theme(theme)
        self.start_page.set_theme(theme)
        self.workbench.set_theme(theme)

    def _check_mode(self) -> None:
        for mode in AppearanceMode:
            self.registry[f"view.{mode.value}"].setChecked(mode is self._appearance.mode)

    def _keep_options(self) -> None:
        self._settings.options = self.state.options
        self._settings.host = self.state.host

    def _keep_hosts(self) -> None:
        hosts = self.session.hosts.hosts
        if hosts != self._settings.preferences.hosts:
            self._settings.preferences = structs.replace(self._settings.preferences, hosts=hosts)

    def _show_queue(self) -> None:
        if len(self.session.queue.unfinished) > 1 and not self.jobs_dock.isVisible():
            self.show_jobs()
        self._update_actions()

    def _tell(self, task: Task, text: str) -> None:
        """Long work ended: tells so where the window is in the background."""
        preferences = self._settings.preferences
        if preferences.notify and (task.seconds is None or task.seconds >= preferences.notify_after_s):
            self.notifier.tell("Warploom", text)

    def _keep_recent(self, path: Path) -> None:
        self._settings.add_recent(path)
        self._show_recent()

    def _show_recent(self) -> None:
        recent = self._settings.recent
        self.start_page.set_recent(recent)
        actions = self._recent_menu.actions()
        while len(actions) < len(recent):
            actions.append(QAction(self._recent_menu))
            self._recent_menu.addAction(actions[-1])
        for number, action in enumerate(actions):
            action.setVisible(number < len(recent))
            action.setData(str(recent[number]) if number < len(recent) else "")
            action.setText(action.data().replace("&", "&&"))
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

    def undo(self) -> None:
        """Takes the last edit of the schedule back."""
        self.workbench.schedule.editor.undo()

    def redo(self) -> None:
        """Brings an edit of the schedule back."""
        self.workbench.schedule.editor.redo()

    def try_edit(self) -> None:
        """Runs the schedule that was edited by hand."""
        self.workbench.schedule.try_it()

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
        self.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self.jobs_dock)
        self.jobs_dock.setVisible(bool(self.session.queue.unfinished))
        self.workbench.reset_layout()

    def set_mode(self, mode: AppearanceMode) -> None:
        """Light, dark, or as the system."""
        self._settings.appearance = mode
        self._appearance.set_mode(mode)
        self._check_mode()

    def show_run_settings(self) -> None:
        """Opens the panel with all settings of the next run."""
        self.run_bar.show_settings()

    def copy_figure(self) -> None:
        """Puts the timelines, as they are seen, on the clipboard."""
        self.workbench.comparison.copy_figure()

    def choose_figure(self) -> None:
        """Asks where to write the timelines as they are seen."""
        self.dialogs.ask_output(
            "export", self.tr("Save the timelines"), self._suggestion("svg"), self.workbench.comparison.save_figure
        )

    def open_new_window(self) -> None:
        """Starts Warploom once more, beside this window."""
        QProcess.startDetached(sys.executable, ["-m", "warploom", "gui", "--new-window"])

    def show_jobs(self) -> None:
        """Shows the list of jobs beside the rest."""
        self.jobs_dock.show()
        self.resizeDocks([self.jobs_dock], [min(46 * GRID, self.width() // 3)], Qt.Orientation.Horizontal)

    def toggle_jobs(self) -> None:
        """Shows the list of jobs with the focus on it, or hides it."""
        if self.jobs_dock.isVisible():
            self.jobs_dock.hide()
        else:
            self.show_jobs()
            self.jobs.table.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def bring_to_front(self) -> None:
        """Puts the window over the others, as far as the desktop lets it."""
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

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

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        super().showEvent(event)
        self._fit_screen_soon()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        self._compact.fit(event.size())
        super().resizeEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        self._settings.set_bytes("window", self.saveGeometry())
        self._settings.set_bytes("jobs", self.saveState())
        if self._laid_out and not self._compact.active:
            self._settings.set_bytes("docks", self.workbench.saveState())
        self._settings.sync()
        self.start_page.close_pictures()
        super().closeEvent(event)
