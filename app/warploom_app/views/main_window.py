"""MainWindow: menus, run bar, message bar, start page or workbench, progress strip."""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import QProcess, QSize, Qt, QTimer
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QGuiApplication,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QDockWidget, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from warploom_app.actions import ActionRegistry
from warploom_app.appearance import Appearance, AppearanceMode
from warploom_app.icons import app_icon
from warploom_app.jobs import Task
from warploom_app.notifier import Notifier
from warploom_app.session import Session
from warploom_app.settings import Settings
from warploom_app.state import AppState
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
from warploom_app.views.window_files import WindowFiles
from warploom_app.views.window_memory import WindowMemory
from warploom_app.views.window_menus import WindowMenus
from warploom_app.views.window_states import WindowStates
from warploom_app.views.workbench import Workbench

_START, _WORK = range(2)
_USUAL_FRAME = QSize(0, 32)
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
        self.files = WindowFiles(self, FileDialogs(self, settings))
        self._memory = WindowMemory(self, settings)
        self.overlays = WindowDialogs(self, settings, appearance)
        self.notifier = Notifier(self)
        self._build_jobs(appearance.theme)
        register_actions(self)
        self._build_views(appearance.theme)
        self._build_menus()
        self._states = WindowStates(self)
        self._connect()
        self._restore()
        self._states.update()
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
        self._menus = WindowMenus(self.menuBar(), self.registry, self.overlays.show_palette)
        self._menus.add_views([dock.toggleViewAction() for dock in self.workbench.docks])

    def _connect(self) -> None:
        state = self.state
        state.document_changed.connect(self._update_page)
        state.document_changed.connect(self._update_title)
        state.options_changed.connect(self._memory.keep_options)
        self.session.opened.connect(self._keep_recent)
        self.session.logged.connect(self.workbench.log.append)
        self.workbench.schedule.try_wanted.connect(self.session.try_schedule)
        self.start_page.open_wanted.connect(self.files.choose_file)
        self.start_page.file_chosen.connect(self._open_file)
        self.start_page.sample_chosen.connect(self.open_sample)
        self._appearance.changed.connect(self._set_theme)
        for timer in self._settling:
            timer.timeout.connect(self._fit_screen)
        self._connect_jobs()
        self.workbench.comparison.figure_wanted.connect(self.files.choose_figure)
        self.files.tell_pictures()

    def _connect_jobs(self) -> None:
        session, jobs = self.session, self.jobs
        self.run_bar.add_host_wanted.connect(self.overlays.add_host)
        self.progress.jobs_wanted.connect(self.show_jobs)
        jobs.open_wanted.connect(session.open_result)
        jobs.cancel_wanted.connect(session.runner.cancel)
        jobs.advance_wanted.connect(session.runner.advance)
        session.queue.changed.connect(self._show_queue)
        session.run_ended.connect(self._tell)
        session.hosts.changed.connect(self._memory.keep_hosts)

    def _restore(self) -> None:
        self._memory.restore_size()
        self._fit_screen()
        self._memory.restore()
        self._show_recent()
        self._states.check_mode(self._appearance.mode)

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
            frame = self.frameGeometry().size() - self.size()
            frame = frame if frame.height() > 0 else _USUAL_FRAME  # not known before the window manager gave one
            self.resize(self.size().boundedTo(available - frame))

    # -- following the state

    def _update_page(self) -> None:
        self.pages.setCurrentIndex(_START if self.state.document is None else _WORK)
        if self.state.document is not None and not self._laid_out:
            self._laid_out = True
            self._memory.restore_docks()
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

    def _show_queue(self) -> None:
        if len(self.session.queue.unfinished) > 1 and not self.jobs_dock.isVisible():
            self.show_jobs()
        self._states.update()

    def _tell(self, task: Task, text: str) -> None:
        """Long work ended: tells so where the window is in the background."""
        preferences = self._settings.preferences
        if preferences.notify and (task.seconds is None or task.seconds >= preferences.notify_after_s):
            self.notifier.tell("Warploom", text)

    def _keep_recent(self, path: Path) -> None:
        self._memory.keep_recent(path)
        self._show_recent()

    def _show_recent(self) -> None:
        recent = self._settings.recent
        self.start_page.set_recent(recent)
        self._menus.show_recent(recent, self._open_file)

    # -- actions

    def _open_file(self, path: str) -> None:
        self.session.open([Path(path)])

    def open_sample(self, name: str) -> None:
        """Opens a sample model."""
        self.session.open_sample(name, sample_file(name))

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
        self._states.check_mode(mode)

    def show_run_settings(self) -> None:
        """Opens the panel with all settings of the next run."""
        self.run_bar.show_settings()

    def copy_figure(self) -> None:
        """Puts the timelines, as they are seen, on the clipboard."""
        self.workbench.comparison.copy_figure()

    def open_new_window(self) -> None:
        """Starts Warploom once more, beside this window."""
        QProcess.startDetached(sys.executable, ["-m", "warploom", "gui", "--new-window"])

    def show_jobs(self) -> None:
        """Shows the list of jobs beside the rest."""
        self.jobs_dock.show()
        self.resizeDocks(
            [self.jobs_dock], [min(46 * GRID, max(36 * GRID, self.width() // 5))], Qt.Orientation.Horizontal
        )

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
        self.workbench.schedule.editor.save()
        self._memory.keep(docks=self._laid_out and not self._compact.active)
        self.start_page.close_pictures()
        super().closeEvent(event)
