"""A drawing on a painter, as PNG and as PDF."""

import subprocess
import sys
from itertools import pairwise

import pytest
from PySide6.QtGui import QColor, QFontDatabase, QImage, QPainter

from lockview.gui.painting import (
    Fonts,
    PictureTooLargeError,
    export_pdf,
    export_png,
    font_measure,
    paint,
    system_fonts,
)
from lockview.layout.drawing import Box, Curve, Drawing, Group, Line, Move, Path, Rectangle, Role, Shape, Style, Text
from lockview.layout.theme import DARK, HIGH_CONTRAST, LIGHT, Theme

LONG = "&very->long_name_" * 6
HOSTILE = ['<img src=x>"->', "a & b %s %n", "\u202eevil\u202c", "\x00\x1b[31m", "\U0001f600" * 5, LONG, ""]


def drawing(*shapes: Shape, bounds: Box = Box(0, 0, 200, 100)) -> Drawing:  # noqa: B008
    return Drawing(bounds, (Group("lock:0", "a lock", bounds, shapes),), "title", "description")


def picture(made: Drawing, theme: Theme = LIGHT, scale: float = 1.0) -> QImage:
    return QImage.fromData(export_png(made, theme, scale))


def inked(image: QImage, theme: Theme = LIGHT) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of the pixels that differ from the background; all -1 when there are none."""
    ground = QColor(theme.colours[Role.BACKGROUND]).rgb()
    found = [(x, y) for y in range(image.height()) for x in range(image.width()) if image.pixel(x, y) != ground]
    if not found:
        return (-1, -1, -1, -1)
    columns, rows = [x for x, _ in found], [y for _, y in found]
    return min(columns), min(rows), max(columns), max(rows)


@pytest.mark.parametrize("theme", [LIGHT, DARK, HIGH_CONTRAST])
def test_colours_come_from_the_theme(qapp: object, theme: Theme) -> None:
    image = picture(drawing(Rectangle(Box(50, 20, 100, 60), Style(Role.SIGNAL, width=0))), theme)
    assert image.pixelColor(2, 2).name() == theme.colours[Role.BACKGROUND]
    assert image.pixelColor(100, 50).name() == theme.colours[Role.SIGNAL]


def test_scale_makes_more_pixels_of_the_same_picture(qapp: object) -> None:
    made = drawing(Rectangle(Box(50, 20, 100, 60), Style(Role.TEXT, width=0)))
    assert inked(picture(made)) == (50, 20, 149, 79)
    assert inked(picture(made, scale=2)) == (100, 40, 299, 159)
    assert picture(made, scale=2).dotsPerMeterX() == pytest.approx(2 * 96 / 0.0254, abs=1)


def test_bounds_need_not_start_at_the_origin(qapp: object) -> None:
    made = drawing(Rectangle(Box(-90, 210, 10, 10), Style(Role.TEXT, width=0)), bounds=Box(-100, 200, 50, 40))
    image = picture(made)
    assert (image.width(), image.height()) == (50, 40)
    assert inked(image) == (10, 10, 19, 19)


@pytest.mark.parametrize("anchor", ["start", "middle", "end"])
@pytest.mark.parametrize("fixed", [True, False])
def test_text_stays_inside_its_reserved_width(qapp: object, anchor: str, fixed: bool) -> None:
    left = {"start": 40, "middle": 100, "end": 160}[anchor]
    image = picture(drawing(Text(left, 50, LONG, fixed=fixed, anchor=anchor, width=120)))
    first, _, last, _ = inked(image)
    assert 39 <= first < last <= 161
    assert last - first > 90


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_painted_as_text_within_its_width(qapp: object, name: str) -> None:
    made = drawing(Text(40, 50, name, fixed=True, width=120), Text(40, 80, "after", bold=True))
    first, _, last, _ = inked(picture(made))
    assert 39 <= first < last <= 161
    assert export_pdf(made, LIGHT).startswith(b"%PDF")


def test_unprintable_characters_take_room_in_the_measure(qapp: object) -> None:
    measure = font_measure(system_fonts())
    assert measure("a\u202eb", 13, True, False) == pytest.approx(8 * measure("a", 13, True, False))


def test_measure_agrees_with_what_is_painted(qapp: object) -> None:
    measure = font_measure(system_fonts())
    text = "&mapping->i_mmap_rwsem"
    width = measure(text, 13, True, False)
    first, _, last, _ = inked(picture(drawing(Text(10, 50, text, fixed=True)), scale=1.0))
    assert last - first <= width <= last - first + 6


def test_measure_grows_in_proportion_to_the_size(qapp: object) -> None:
    measure = font_measure(system_fonts())
    assert measure("vm_sequence", 26, True, False) == pytest.approx(
        2 * measure("vm_sequence", 13, True, False), rel=0.01
    )


def test_fonts_are_made_once_per_size_and_face(qapp: object) -> None:
    fixed = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    fonts = Fonts(fixed, fixed)
    assert fonts.font(13.0, True, False) is fonts.font(13.2, True, False)
    assert fonts.font(13.0, True, False) is not fonts.font(13.0, True, True)


def test_dashes_leave_gaps_and_solid_lines_do_not(qapp: object) -> None:
    def gaps(dash: tuple[float, ...]) -> int:
        line = Path((Move(10, 50), Line(190, 50)), Style(stroke=Role.TEXT, width=2, dash=dash))
        image = picture(drawing(line))
        row = [image.pixelColor(x, 50).lightness() > 250 for x in range(10, 190)]
        return sum(before and not after for before, after in pairwise(row))

    assert gaps(()) == 0
    assert gaps((6.0, 4.0)) == 17
    assert gaps((1.0, 3.0)) > 40


def test_hatch_is_lines_inside_the_outline(qapp: object) -> None:
    made = drawing(Rectangle(Box(50, 20, 100, 60), Style(Role.task(0), width=0, hatch=True), 4))
    image = picture(made)
    first, top, last, bottom = inked(image)
    assert first >= 50
    assert top >= 20
    assert last <= 149
    assert bottom <= 79
    filled = sum(image.pixelColor(x, 50).lightness() < 200 for x in range(50, 150))
    assert 15 < filled < 60


def test_open_paths_are_not_filled(qapp: object) -> None:
    arc = (Move(50, 80), Curve(50, 0, 150, 0, 150, 80))
    style = Style(Role.SIGNAL, Role.TEXT, 1.0)
    assert picture(drawing(Path(arc, style))).pixelColor(100, 60).name() == LIGHT.colours[Role.BACKGROUND]
    assert picture(drawing(Path(arc, style, closed=True))).pixelColor(100, 60).name() == LIGHT.colours[Role.SIGNAL]


def test_too_large_a_png_is_refused_with_the_way_out(qapp: object) -> None:
    made = drawing(bounds=Box(0, 0, 10_000, 5_000))
    with pytest.raises(PictureTooLargeError, match=r"10000 x 5000 pixels is too large.*scale 0\.89.*SVG"):
        export_png(made, LIGHT)


@pytest.mark.parametrize("scale", [0.0, -1.0, float("nan"), float("inf")])
def test_a_scale_that_is_none_is_refused(qapp: object, scale: float) -> None:
    with pytest.raises(ValueError, match="scale"):
        export_png(drawing(), LIGHT, scale)


def test_pdf_is_one_page_of_the_size_of_the_drawing_with_real_text(qapp: object) -> None:
    data = export_pdf(drawing(Text(20, 50, "fs_reclaim", fixed=True), bounds=Box(0, 0, 400, 200)), LIGHT)
    assert b"/MediaBox [0 0 300 150]" in data or b"/MediaBox [0 0 300.0" in data
    assert data.count(b"/Type /Page\n") == 1
    assert b"/FontFile2" in data or b"/Type0" in data


def test_too_long_a_pdf_page_is_refused(qapp: object) -> None:
    with pytest.raises(PictureTooLargeError, match="PDF page"):
        export_pdf(drawing(bounds=Box(0, 0, 30_000, 100)), LIGHT)


def test_painting_keeps_the_count_of_none(qapp: object) -> None:
    """PySide6 6.12.0 loses a reference to None per call and kills the process after some thousand shapes."""
    image = QImage(64, 64, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    fonts = system_fonts()
    made = drawing(*[Rectangle(Box(1, 1, 9, 9), Style(Role.NODE, Role.BORDER))] * 500)
    before = sys.getrefcount(None)
    for _ in range(10):
        paint(painter, made, LIGHT, fonts)
    painter.end()
    assert before - sys.getrefcount(None) < 1000


def test_exports_need_no_application(tmp_path: object) -> None:
    code = (
        "from lockview.gui.painting import export_pdf, export_png\n"
        "from lockview.layout.drawing import Box, Drawing\n"
        "from lockview.layout.theme import LIGHT\n"
        "made = Drawing(Box(0, 0, 10, 10), ())\n"
        "assert export_png(made, LIGHT).startswith(b'\\x89PNG') and export_pdf(made, LIGHT).startswith(b'%PDF')\n"
    )
    environment = {"PYTHONPATH": ":".join(path for path in sys.path if path), "QT_QPA_PLATFORM": "xcb"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
