"""A drawing as SVG: text as text, an id and a title per group, nothing that runs or loads.

All text is escaped and its invisible characters made visible. Every text carries ``textLength``, so that a reader whose
fonts are wider still keeps inside the room that the layout reserved.
"""

from __future__ import annotations

from lockview.layout.drawing import (
    Box,
    Curve,
    Drawing,
    Group,
    Line,
    Measure,
    Path,
    Piece,
    Rectangle,
    Role,
    Shape,
    Style,
    Text,
    estimated_width,
)
from lockview.layout.labels import visible
from lockview.layout.theme import Theme

FIXED_FACE, UI_FACE = "monospace", "sans-serif"
"""Generic names only: Qt's SVG reader takes a list of families for the name of one and falls back to the wrong face."""
HATCH_STEP = 5


def svg(drawing: Drawing, theme: Theme, measure: Measure = estimated_width) -> str:
    """The drawing as one SVG document, at one user unit per scene pixel. ``measure`` sets the text lengths."""
    box = drawing.bounds
    colour = theme.colours[Role.BACKGROUND]
    size = f'width="{_number(box.width)}" height="{_number(box.height)}"'
    frame = f'{size} viewBox="{" ".join(_number(value) for value in box)}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {frame} role="img" aria-labelledby="title description">',
        f'<title id="title">{_escaped(drawing.title)}</title>',
        f'<desc id="description">{_escaped(drawing.description)}</desc>',
        *_hatches(drawing, theme),
        f"<rect {_box(box)} fill={_quoted(colour)}/>",
    ]
    for number, group in enumerate(drawing.groups):
        lines += _group(group, number, theme, measure)
    lines.append("</svg>\n")
    return "\n".join(lines)


def _group(group: Group, number: int, theme: Theme, measure: Measure) -> list[str]:
    name = visible(group.name).replace(":", "-") or f"group-{number}"
    lines = [f"<g id={_quoted(name)}>"]
    if group.title:
        lines.append(f"<title>{_escaped(group.title)}</title>")
    lines += [_shape(shape, theme, measure) for shape in group.shapes]
    lines.append("</g>")
    return lines


def _hatches(drawing: Drawing, theme: Theme) -> list[str]:
    """A pattern per colour that waits."""
    roles = sorted(
        {s.style.fill for g in drawing.groups for s in g.shapes if not isinstance(s, Text) and s.style.hatch}
    )
    if not roles:
        return []
    size = f'width="{HATCH_STEP}" height="{HATCH_STEP}"'
    patterns = [
        f'<pattern id="hatch-{role}" patternUnits="userSpaceOnUse" {size} patternTransform="rotate(45)">'
        f'<path d="M1 0V{HATCH_STEP}" stroke={_quoted(theme.colours[role])} stroke-width="2"/></pattern>'
        for role in roles
    ]
    return ["<defs>", *patterns, "</defs>"]


def _shape(shape: Shape, theme: Theme, measure: Measure) -> str:
    if isinstance(shape, Rectangle):
        radius = f' rx="{_number(shape.radius)}"' if shape.radius else ""
        return f"<rect {_box(shape.box)}{radius}{_style(shape.style, theme)}/>"
    if isinstance(shape, Path):
        end = "Z" if shape.closed else ""
        return f'<path d="{"".join(_piece(piece) for piece in shape.pieces)}{end}"{_style(shape.style, theme)}/>'
    return _text(shape, theme, measure)


def _piece(piece: Piece) -> str:
    if isinstance(piece, Curve):
        return "C" + " ".join(_number(value) for value in piece)
    return ("L" if isinstance(piece, Line) else "M") + f"{_number(piece.x)} {_number(piece.y)}"


def _style(style: Style, theme: Theme) -> str:
    parts = []
    if not style.fill:
        parts.append('fill="none"')
    elif style.hatch:
        parts.append(f'fill="url(#hatch-{style.fill})"')
    else:
        parts.append(f"fill={_quoted(theme.colours[style.fill])}")
    if style.stroke and style.width:
        parts.append(f'stroke={_quoted(theme.colours[style.stroke])} stroke-width="{_number(style.width)}"')
    if style.dash:
        parts.append(f'stroke-dasharray="{" ".join(_number(length) for length in style.dash)}"')
    if style.opacity != 1.0:
        parts.append(f'opacity="{_number(style.opacity)}"')
    return " " + " ".join(parts)


def _text(text: Text, theme: Theme, measure: Measure) -> str:
    shown = visible(text.text)
    length = measure(shown, text.size, text.fixed, text.bold)
    if text.width:
        length = min(length, text.width)
    parts = [
        f'x="{_number(text.x)}" y="{_number(text.y)}" font-size="{_number(text.size)}"',
        f"font-family={_quoted(FIXED_FACE if text.fixed else UI_FACE)} fill={_quoted(theme.colours[text.role])}",
    ]
    if text.bold:
        parts.append('font-weight="bold"')
    if text.anchor != "start":
        parts.append(f'text-anchor="{text.anchor}"')
    if text.opacity != 1.0:
        parts.append(f'opacity="{_number(text.opacity)}"')
    if len(shown) > 1:
        parts.append(f'textLength="{_number(length)}" lengthAdjust="spacingAndGlyphs"')
    return f'<text {" ".join(parts)} xml:space="preserve">{_escaped(shown)}</text>'


def _box(box: Box) -> str:
    return f'x="{_number(box.x)}" y="{_number(box.y)}" width="{_number(box.width)}" height="{_number(box.height)}"'


def _number(value: float) -> str:
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _escaped(text: str) -> str:
    return visible(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _quoted(text: str) -> str:
    return '"' + _escaped(text).replace('"', "&quot;") + '"'
