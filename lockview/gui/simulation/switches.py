"""The switches of a simulated kernel, to be turned on and off."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from lockview.kernel.switches import Switch
from lockview.kernel.variants import VARIANTS

NAME = Qt.ItemDataRole.UserRole


class SwitchesDialog(QDialog):
    """``chosen`` carries the switches (frozenset) that are to be on."""

    chosen = Signal(object)

    def __init__(self, variant: str, switches: frozenset[Switch], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Switches of the simulated kernel")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(640, 520)
        self._variant = variant
        self.search = QLineEdit(self)
        self.search.setPlaceholderText("Search by name or meaning")
        self.search.setAccessibleName("Search the switches")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        self.list = QListWidget(self)
        self.list.setAccessibleName("Switches")
        self.list.setAlternatingRowColors(False)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        for switch in Switch:
            item = QListWidgetItem(f"{switch.value}: {switch.meaning}", self.list)
            item.setToolTip(switch.meaning)
            item.setData(NAME, switch.value)
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok
            | QDialogButtonBox.StandardButton.Cancel
            | QDialogButtonBox.StandardButton.RestoreDefaults,
            self,
        )
        reset = buttons.button(QDialogButtonBox.StandardButton.RestoreDefaults)
        reset.setText("As in the variant")
        reset.clicked.connect(self._reset)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self.accepted.connect(self._choose)
        column = QVBoxLayout(self)
        for widget in (self.search, self.list, buttons):
            column.addWidget(widget)
        self._show(switches)

    def set_on(self, switch: Switch, *, on: bool) -> None:
        """Turn one switch on or off."""
        self._item(switch).setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)

    @property
    def switches(self) -> frozenset[Switch]:
        """Those that are on."""
        return frozenset(switch for switch in Switch if self._item(switch).checkState() is Qt.CheckState.Checked)

    def _item(self, switch: Switch) -> QListWidgetItem:
        return self.list.item(list(Switch).index(switch))

    def _show(self, switches: frozenset[Switch]) -> None:
        for switch in Switch:
            self.set_on(switch, on=switch in switches)

    def _reset(self) -> None:
        self._show(VARIANTS[self._variant].switches)

    def _filter(self, text: str) -> None:
        for number in range(self.list.count()):
            item = self.list.item(number)
            item.setHidden(text.strip().lower() not in item.text().lower())

    def _choose(self) -> None:
        self.chosen.emit(self.switches)
