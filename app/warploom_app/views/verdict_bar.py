"""VerdictBar: the largest text on the screen says whether it is faster; beside it, whether that is true and real."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from warploom_app.presenters.verdict import VerdictLine
from warploom_app.theme import GRID, figure_font
from warploom_app.views.widgets import set_flag


class VerdictBar(QWidget):
    """One line of text, made of parts that give way one after another when there is no room."""

    def __init__(self) -> None:
        super().__init__()
        layout = self._row = QHBoxLayout(self)
        layout.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        layout.setSpacing(3 * GRID)
        self._latency, self._speedup = QLabel(), QLabel()
        for label in (self._latency, self._speedup):
            label.setObjectName("verdict")
            label.setFont(figure_font())
        self._badge, self._warps, self._verified, self._device = QLabel(), QLabel(), QLabel(), QLabel()
        self._badge.setProperty("badge", "simulated")
        self._device.setProperty("muted", True)
        self._warps.setFont(figure_font())
        for label in (self._latency, self._speedup, self._badge, self._warps, self._verified):
            layout.addWidget(label)
        self._badge.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Maximum)
        layout.addStretch(1)
        layout.addWidget(self._device)
        self._shown: VerdictLine | None = None

    @property
    def verdict(self) -> VerdictLine | None:
        """What is shown."""
        return self._shown

    @property
    def badge(self) -> QLabel:
        """The mark of simulated results, or of estimated timelines."""
        return self._badge

    def show_verdict(self, verdict: VerdictLine | None) -> None:
        """Shows another verdict, or hides."""
        self._shown = verdict
        self.setVisible(verdict is not None)
        if verdict is None:
            return
        self._latency.setText(verdict.latency)
        self._speedup.setText(verdict.speedup)
        self._mark(verdict.basis)
        self._warps.setText(verdict.warps)
        self._verified.setText(verdict.verified)
        set_flag(self._verified, "badge", "good" if verdict.verified_ok else "warning")
        self._device.setText(verdict.device)
        self.setToolTip(verdict.details)
        self.setAccessibleName(verdict.details.replace("\n", "; "))
        self._fit()

    def _mark(self, basis: str) -> None:
        """Nobody may mistake a model for a measurement, nor placed spans for traced ones."""
        simulated = basis == "simulated"
        self._badge.setVisible(basis != "measured")
        self._badge.setText(self.tr("SIMULATED") if simulated else self.tr("TIMELINES ESTIMATED"))
        self._badge.setToolTip(
            self.tr("A model of the device made these figures; no hardware was measured.")
            if simulated
            else self.tr("Latencies are measured; spans and warps are placed by what each kernel takes alone.")
        )

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Gives up the least important first (it stays in the tooltip) until the rest fits."""
        self._device.show()
        self._warps.show()
        self._verified.show()
        self._set_tight("false")
        for give_up in (self._device.hide, lambda: self._set_tight("true"), self._warps.hide, self._verified.hide):
            if self._row.minimumSize().width() <= self.width():
                break
            give_up()

    def _set_tight(self, tight: str) -> None:
        """Smaller figures and gaps, for a narrow window."""
        for label in (self._latency, self._speedup):
            set_flag(label, "tight", tight)
            label.updateGeometry()
        self._row.setSpacing((2 if tight == "true" else 3) * GRID)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return QSize(0, super().minimumSizeHint().height())
