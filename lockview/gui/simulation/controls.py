"""How a scenario is to run: the case, the variant, the switches, and who chooses the steps."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, QSize, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QComboBox,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from lockview.document.simulated import BY_HAND, DICE, RECOMMENDED, Setup, Simulated, setup_of
from lockview.gui.plain import shown, tip
from lockview.gui.simulation.switches import SwitchesDialog
from lockview.gui.simulation.words import setup_words
from lockview.kernel.switches import Switch
from lockview.kernel.variants import VARIANTS

PADDING = 8
NARROWEST = 340
NARROW = 600
"""Below this width who chooses the steps stands below the kernel."""
WAYS = (
    (RECOMMENDED, "As recommended", "In the order that the scenario proposes"),
    (DICE, "By dice", "Any task that can; the same seed makes the same run"),
    (BY_HAND, "By hand", "You say at each step which task goes"),
)


class Controls(QWidget):
    """``run_wanted`` carries the ``Setup`` that the user has put together; ``going_on_wanted`` is about this run."""

    run_wanted = Signal(object)
    going_on_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._simulated: Simulated | None = None
        self._switches: frozenset[Switch] = frozenset()
        self.case = _box("Case of the scenario")
        self.variant = _box("Variant of the kernel")
        for name, variant in VARIANTS.items():
            self.variant.addItem(shown(f"{name}: {variant.title}"), name)
        self.switches = QPushButton("Switches", self)
        self.way = _box("Who chooses the steps")
        for way, title, hint in WAYS:
            self.way.addItem(title, way)
            self.way.setItemData(self.way.count() - 1, hint, 3)  # Qt.ToolTipRole
        self.seed = QSpinBox(self)
        self.seed.setRange(0, 999_999)
        self.seed.setPrefix("seed ")
        self.seed.setAccessibleName("Seed of the dice")
        self.run = QPushButton("Run", self)
        self.run.setObjectName("primary")
        self.run.setToolTip("Start afresh in this way")
        self.on = QPushButton("Run on", self)
        self.on.setToolTip("From this step, each task as far as it gets")
        self._lay_out()
        self.case.activated.connect(self._take_case)
        self.variant.activated.connect(self._take_variant)
        self.way.currentIndexChanged.connect(self._show_seed)
        self.switches.clicked.connect(self.ask_for_switches)
        self.run.clicked.connect(self._run)
        self.on.clicked.connect(self.going_on_wanted)

    def _lay_out(self) -> None:
        kernel, way = QHBoxLayout(), QHBoxLayout()
        kernel.addWidget(self.variant, 1)
        kernel.addWidget(self.switches)
        widgets: tuple[QWidget, ...] = (self.way, self.seed, self.run, self.on)
        for widget in widgets:
            way.addWidget(widget)
        way.addStretch()
        self._line = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._line.addLayout(kernel, 1)
        self._line.addLayout(way)
        for layout in (kernel, way, self._line):
            layout.setSpacing(PADDING)
        column = QVBoxLayout(self)
        column.setSizeConstraint(QVBoxLayout.SizeConstraint.SetNoConstraint)
        column.setContentsMargins(PADDING, 4, PADDING, 4)
        column.setSpacing(4)
        column.addWidget(self.case)
        column.addLayout(self._line)

    def minimumSizeHint(self) -> QSize:
        """As narrow as the stacked form, also while it lies in one line: it must be able to get there."""
        return QSize(NARROWEST, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = self.width() < NARROW
        self._line.setDirection(QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight)

    @property
    def setup(self) -> Setup:
        """What is chosen."""
        return Setup(
            self.variant.currentData(),
            self._switches,
            self.case.currentData(),
            self.way.currentData(),
            self.seed.value(),
        )

    def show_simulated(self, simulated: Simulated) -> None:
        """Show how a scenario ran last."""
        setup = simulated.setup
        if simulated is not self._simulated:
            self._simulated = simulated
            self.case.clear()
            self.case.addItem("The scenario itself", -1)
            for number, case in enumerate(simulated.description.cases):
                self.case.addItem(shown(case.title), number)
            self.case.setVisible(bool(simulated.description.cases))
        with QSignalBlocker(self.way):
            self.way.setCurrentIndex(self.way.findData(setup.way))
        self.case.setCurrentIndex(self.case.findData(setup.case))
        self.seed.setValue(setup.seed)
        self._show_kernel(setup)
        self._show_seed()

    def ask_for_switches(self) -> None:
        """Let the user turn switches on and off; the scenario then runs again."""
        dialog = SwitchesDialog(self.variant.currentData(), self._switches, self)
        dialog.setObjectName("switches")
        dialog.chosen.connect(self._take_switches)
        dialog.open()

    def _show_kernel(self, setup: Setup) -> None:
        self._switches = setup.switches
        self.variant.setCurrentIndex(self.variant.findData(setup.variant))
        changed = sorted(setup.switches ^ VARIANTS[setup.variant].switches)
        on = [f"{switch.value} {'on' if switch in setup.switches else 'off'}: {switch.meaning}" for switch in changed]
        self.switches.setText(setup_words(setup))
        self.switches.setToolTip(tip("\n".join(on) or "As in the variant"))

    def _show_seed(self, _index: int = 0) -> None:
        self.seed.setVisible(self.way.currentData() == DICE)

    def _take_switches(self, switches: frozenset[Switch]) -> None:
        self._show_kernel(self.setup._replace(switches=switches))
        self._run()

    def _take_variant(self, _index: int) -> None:
        """Another variant brings its own switches."""
        self._show_kernel(self.setup._replace(switches=VARIANTS[self.variant.currentData()].switches))
        self._run()

    def _take_case(self, _index: int) -> None:
        assert self._simulated is not None
        self._show_kernel(setup_of(self._simulated.description, self.case.currentData()))
        self._run()

    def _run(self) -> None:
        self.run_wanted.emit(self.setup)


def _box(name: str) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    box.setToolTip(name)
    box.setMinimumContentsLength(10)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
    return box
