"""ProgressStrip: what is being done, how far it is, the best so far; the last line of the window."""

from __future__ import annotations

import time

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QWidget

from warploom.units import time_text
from warploom_app.jobs import JobState, TaskQueue
from warploom_app.presenters.names import scheduler_title
from warploom_app.presenters.units import count, duration
from warploom_app.state import AppState
from warploom_app.theme import GRID, Theme, figure_font
from warploom_app.views.best_curve import BestCurve


class ProgressStrip(QWidget):
    """Follows AppState's job; says what is open when there is none.

    Signals:
        jobs_wanted: The user wants to see the list of jobs.
    """

    jobs_wanted = Signal()

    def __init__(self, state: AppState, queue: TaskQueue, theme: Theme) -> None:
        super().__init__()
        self._state, self._queue = state, queue
        layout = QHBoxLayout(self)
        layout.setContentsMargins(2 * GRID, 0, 2 * GRID, 0)
        layout.setSpacing(3 * GRID)
        self._what, self._where, self._costed, self._best, self._elapsed = (QLabel() for _ in range(5))
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(25 * GRID)
        self._bar.setAccessibleName(self.tr("Progress"))
        for label in (self._what, self._where, self._costed, self._best):
            label.setFont(figure_font(9))
            layout.addWidget(label)
        self.curve = BestCurve(theme, QSize(12 * GRID, 3 * GRID))
        layout.addWidget(self.curve)
        layout.addStretch(1)
        self._waiting = QPushButton()
        self._waiting.setProperty("link", True)
        self._waiting.setProperty("compact", True)
        self._waiting.clicked.connect(self.jobs_wanted)
        layout.addWidget(self._waiting)
        layout.addWidget(self._bar)
        self._elapsed.setFont(figure_font(9))
        self._elapsed.setProperty("muted", True)
        layout.addWidget(self._elapsed)
        self.setObjectName("progressStrip")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(4 * GRID)
        self._clock = QTimer(self)
        self._clock.setInterval(200)
        self._clock.timeout.connect(self._tick)
        state.job_changed.connect(self._update)
        state.document_changed.connect(self._update)
        queue.changed.connect(self._show_waiting)
        self._update()
        self._show_waiting()

    def set_theme(self, theme: Theme) -> None:
        """Draws in other colours."""
        self.curve.set_theme(theme)

    @property
    def text(self) -> str:
        """Everything that the strip says, for tests and screen readers."""
        labels = (self._what, self._where, self._costed, self._best)
        return "  ".join(label.text() for label in labels if label.text())

    def _update(self) -> None:
        job = self._state.job
        self._bar.setVisible(job is not None)
        self._elapsed.setVisible(job is not None)
        for label in (self._where, self._costed, self._best):
            label.clear()
        if job is None:
            self._clock.stop()
            self._what.setText(self._idle_text())
        else:
            self._clock.start()
            self._what.setText(self._phase_text(job))
            self._show_progress(job)
            self._tick()
        run = self._state.run
        self.curve.setVisible(run is not None and len(run.curve) > 0 and job is run)
        self.curve.show_run(run)
        self.setAccessibleName(self.text)

    def _show_waiting(self) -> None:
        waiting = len(self._queue.waiting)
        self._waiting.setVisible(bool(waiting))
        self._waiting.setText(self.tr("{} waiting").format(waiting))

    def _idle_text(self) -> str:
        document = self._state.document
        if document is None:
            return self.tr("Ready")
        operators = self.tr("{} operators").format(count(len(document.graph.operators)))
        where = document.path or document.model
        self._what.setToolTip(str(where or ""))
        return f"{operators}   {where.name}" if where else operators

    def _phase_text(self, job: JobState) -> str:
        if job.cancelling:
            return self.tr("Stopping; what was found is kept")
        if job.kind == "export":
            return self.tr("Exporting {}").format(job.subject)
        if job.kind == "copy":
            return self.tr("Drawing the figure")
        if job.kind == "try" and not job.phase:
            return self.tr("Trying {}").format(job.subject)
        if job.kind == "build":
            return self.tr("Building {}").format(job.subject)
        scheduler = scheduler_title(job.progress.scheduler) if job.progress is not None else job.detail
        texts = {
            "import": self.tr("Importing {}").format(job.subject),
            "search": self.tr("Searching: {}").format(scheduler) if scheduler else self.tr("Searching"),
            "verify": self.tr("Comparing outputs with the original model"),
            "measure": self.tr("Measuring"),
            "profile": self.tr("Recording timelines"),
            "save": self.tr("Saving"),
            "upload": self.tr("Sending {} to {}").format(job.subject, job.host),
            "download": self.tr("Fetching the recording from {}").format(job.host),
        }
        text = texts.get(job.phase, self.tr("Working on {}").format(job.subject))
        return f"{text} · {job.host}" if job.host and job.phase not in ("upload", "download") else text

    def _show_progress(self, job: JobState) -> None:
        progress = job.progress
        done = job.fraction if job.done is None else job.done
        self._bar.setRange(0, 0 if done is None else 1000)
        self._bar.setValue(round(1000 * (done or 0.0)))
        if job.kind != "optimize" or progress is None or job.phase != "search":
            return
        if progress.blocks > 1:  # the search cuts wide blocks into parts: other blocks than those of the graph
            number = min(progress.block + 1, progress.blocks)
            self._where.setText(self.tr("part {} of {}").format(number, progress.blocks))
        costed = progress.stages_costed
        many = self.tr("{} stages costed").format(count(costed))
        self._costed.setText(self.tr("one stage costed") if costed == 1 else many)
        if job.curve:  # of all schedulers: the one at work may still be far from it
            best = self.tr("best {}").format(time_text(job.curve[-1][1]))
            gained = self.tr("{}× faster").format(f"{job.gained:.2f}") if job.gained is not None else ""
            self._best.setText(f"{best}, {gained}" if gained else best)

    def _tick(self) -> None:
        job = self._state.job
        if job is not None:
            self._elapsed.setText(duration(time.monotonic() - job.started_s))
