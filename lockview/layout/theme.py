"""Colour themes: values for the roles of a drawing. Accents are the colour-blind-safe set of Okabe and Ito."""

from __future__ import annotations

from typing import NamedTuple


class Theme(NamedTuple):
    """``colours`` maps each role of ``drawing.Role`` to ``#rrggbb``."""

    name: str
    dark: bool
    colours: dict[str, str]


LIGHT = Theme(
    "light",
    False,
    {
        "background": "#ffffff",
        "text": "#1b1d21",
        "dim": "#5c626b",
        "line": "#d5d8dd",
        "edge": "#4a4f57",
        "node": "#f7f8fa",
        "border": "#8d939c",
        "pill": "#ffffff",
        "accent": "#0b62c4",
        "signal": "#b3261e",
        "task-1": "#0072b2",
        "task-2": "#c04f00",
        "task-3": "#00795a",
        "task-4": "#a8527f",
        "task-5": "#2f7fb0",
        "task-6": "#9a6700",
    },
)

DARK = Theme(
    "dark",
    True,
    {
        "background": "#1d1f23",
        "text": "#e8eaed",
        "dim": "#a3a9b3",
        "line": "#3a3e45",
        "edge": "#b4bac4",
        "node": "#282b31",
        "border": "#7d848f",
        "pill": "#1d1f23",
        "accent": "#6cb2ff",
        "signal": "#ff7b72",
        "task-1": "#56b4e9",
        "task-2": "#ff9a57",
        "task-3": "#3ccb9d",
        "task-4": "#e3a1c5",
        "task-5": "#8fd0f5",
        "task-6": "#f0b93a",
    },
)

HIGH_CONTRAST = Theme(
    "high-contrast",
    True,
    {
        "background": "#000000",
        "text": "#ffffff",
        "dim": "#e0e0e0",
        "line": "#ffffff",
        "edge": "#ffffff",
        "node": "#000000",
        "border": "#ffffff",
        "pill": "#000000",
        "accent": "#ffff00",
        "signal": "#ff8a80",
        "task-1": "#56b4e9",
        "task-2": "#ff9a57",
        "task-3": "#3ccb9d",
        "task-4": "#f0b6d6",
        "task-5": "#a5dcff",
        "task-6": "#ffd24d",
    },
)

THEMES = {theme.name: theme for theme in (LIGHT, DARK, HIGH_CONTRAST)}
