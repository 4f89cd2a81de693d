"""A chart as a PNG: the one door of matplotlib. Import it where the first chart is drawn, not before.

Only artists on a figure of our own, and each property given: no pyplot, no axes, no style, so that neither a
``matplotlibrc`` nor what an application does with matplotlib changes a chart, nor the other way round.
"""

import io
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal

from otel_discord.exporters.discord.charts.shapes import ChartPlan, MarkKind, Spot


@contextmanager
def _elsewhere() -> Iterator[None]:
    """Let matplotlib keep what it writes while it is imported (its list of fonts) out of the home directory."""
    if "matplotlib" in sys.modules or "MPLCONFIGDIR" in os.environ:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="otel-discord-charts-", ignore_cleanup_errors=True) as directory:
        os.environ["MPLCONFIGDIR"] = directory
        try:
            yield
        finally:
            os.environ.pop("MPLCONFIGDIR", None)


with _elsewhere():
    from matplotlib import get_data_path
    from matplotlib.artist import Artist
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties, get_font
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch, Polygon, Rectangle
    from matplotlib.text import Text
    from matplotlib.transforms import Affine2D, Bbox, TransformedBbox
    from PIL import Image

WIDTH_PX: Final = 1600
HEIGHT_PX: Final = 480
"""Twice 800 × 240. Discord shows it 400 to 550 wide; a phone has about 340 points, of two or three pixels each."""
_TEXT_PX: Final = 50
_MOST_LETTERS: Final = 16
_UNKNOWN_LETTER: Final = "□"
_COLOURS: Final = (64, 16, 8)
"""Fewer where a picture would be too large: noise does not compress."""
MOST_BYTES: Final = 40 * 1024

_Across = Literal["right", "center"]
_Upward = Literal["top", "bottom", "baseline", "center_baseline"]

# An opaque panel: every colour has its contrast, whatever theme is around it.
_PANEL: Final = "#1e1f22"
_GRID: Final = "#3a3c42"
_TEXT: Final = "#c4c9ce"
_STRONG: Final = "#f2f3f5"
_LINE: Final = "#7aa2f7"
_WARNING: Final = "#f5a623"
_SEVERE: Final = "#f0555a"
_OVER: Final = "#4cc36e"


def draw(plan: ChartPlan) -> bytes:
    """Return a PNG of :data:`WIDTH_PX` × :data:`HEIGHT_PX`; on one machine the same bytes for the same plan."""
    inches = (WIDTH_PX / 72, HEIGHT_PX / 72)
    figure = Figure(figsize=inches, dpi=72, facecolor=_PANEL, edgecolor="none", linewidth=0)
    _plain(figure.patch)
    canvas = FigureCanvasAgg(figure)
    _Chart(figure, plan).compose()
    canvas.draw()  # type: ignore[no-untyped-call]  # of matplotlib
    size = (WIDTH_PX, HEIGHT_PX)
    pixels = canvas.buffer_rgba()  # type: ignore[no-untyped-call]
    picture = Image.frombuffer("RGBA", size, pixels, "raw", "RGBA", 0, 1).convert("RGB")
    del pixels
    _let_go(figure, canvas)
    for colours in _COLOURS:
        png = _png(picture, colours)
        if len(png) <= MOST_BYTES:
            break
    return png


def _let_go(figure: Figure, canvas: FigureCanvasAgg) -> None:
    """Free 3 MiB of pixels now: all of these know each other, and the garbage collector may come late."""
    canvas.get_renderer().__dict__.clear()  # type: ignore[no-untyped-call]
    figure.clear()


def _png(picture: Image.Image, colours: int) -> bytes:
    few = picture.quantize(colours, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    with io.BytesIO() as file:
        few.save(file, format="PNG", compress_level=6)
        return file.getvalue()


class _Chart:
    """Puts the parts of a plan on a figure, what lies below first. Pixels count from the lower left."""

    def __init__(self, figure: Figure, plan: ChartPlan) -> None:
        self._figure = figure
        self._plan = plan
        self._alarm = _SEVERE if plan.is_severe else _WARNING
        is_low = plan.worst is not None and plan.worst.is_low
        widest = max(map(_width_px, (plan.threshold_text, *(label.text for label in plan.value_labels))))
        self._left = 40 + widest
        self._right = WIDTH_PX - 44
        self._bottom, self._top = (132, HEIGHT_PX - 30) if is_low else (88, HEIGHT_PX - 66)
        self._plot = (
            Affine2D().scale(self._right - self._left, self._top - self._bottom).translate(self._left, self._bottom)
        )

    def compose(self) -> None:
        self._scales()
        self._breaches()
        self._threshold()
        for run in self._plan.lines:
            if len(run) == 1:
                self._dot(run[0], _LINE, radius_px=9)
            else:
                self._line([(spot.x, spot.y) for spot in run], _LINE, width_px=6)
        self._marks()
        self._worst()

    def _scales(self) -> None:
        for label in self._plan.value_labels:
            self._line([(0, label.at), (1, label.at)], _GRID, width_px=2)
            self._value(label.at, label.text, _TEXT)
        for label in self._plan.time_labels:
            self._time(label.at, label.text, _TEXT)

    def _breaches(self) -> None:
        least = 6 / (self._right - self._left)
        for span in self._plan.breaches:
            start = max(0.0, min(span.start, 1 - least))
            band = Rectangle((start, 0), max(span.end - start, least), 1, transform=self._plot)
            self._filled(band, alpha=0.16)
        at = self._plan.threshold
        if at is None or self._plan.bad_is_low is None:
            return
        bad_side = Bbox.from_extents(0, 0, 1, at) if self._plan.bad_is_low else Bbox.from_extents(0, at, 1, 1)
        for run in self._plan.lines:
            edge = 1.0 if self._plan.bad_is_low else 0.0
            corners = [(run[0].x, edge), *((spot.x, spot.y) for spot in run), (run[-1].x, edge)]
            area = Polygon(corners, closed=True, transform=self._plot)
            self._filled(area, alpha=0.4)
            area.set_clip_box(TransformedBbox(bad_side, self._plot))
            area.set_clip_on(True)

    def _threshold(self) -> None:
        if self._plan.threshold is not None:
            self._line(
                [(0, self._plan.threshold), (1, self._plan.threshold)], self._alarm, width_px=4, dashes_px=(18, 10)
            )
            self._value(self._plan.threshold, self._plan.threshold_text, self._alarm, bold=True)

    def _marks(self) -> None:
        for mark in self._plan.marks:
            colour = self._alarm if mark.kind is MarkKind.START else _OVER
            self._line([(mark.at, 0), (mark.at, 1)], colour, width_px=4)
            self._time(mark.at, mark.text, colour, bold=True)

    def _worst(self) -> None:
        if self._plan.worst is None:
            return
        spot, is_low = self._plan.worst.spot, self._plan.worst.is_low
        self._dot(spot, _STRONG, radius_px=11)
        x, y = self._plot.transform((spot.x, spot.y))
        half = _width_px(self._plan.worst.text) / 2
        x = min(max(x, self._left + half), WIDTH_PX - 16 - half)
        upward: _Upward = "top" if is_low else "bottom"
        self._text(x, y + (-20 if is_low else 18), self._plan.worst.text, _STRONG, "center", upward, bold=True)

    def _value(self, at: float, text: str, colour: str, *, bold: bool = False) -> None:
        _, y = self._plot.transform((0, at))
        self._text(self._left - 18, y, text, colour, "right", "center_baseline", bold=bold)

    def _time(self, at: float, text: str, colour: str, *, bold: bool = False) -> None:
        x, _ = self._plot.transform((at, 0))
        half = _width_px(text) / 2
        self._text(min(max(x, half), WIDTH_PX - 16 - half), 22, text, colour, "center", "baseline", bold=bold)

    def _text(
        self, x: float, y: float, text: str, colour: str, across: _Across, upward: _Upward, *, bold: bool
    ) -> None:
        font = FontProperties(fname=_font_file(bold=bold), size=_TEXT_PX)
        self._add(
            Text(
                x, y, _drawable(text), color=colour, fontproperties=font, horizontalalignment=across,
                verticalalignment=upward, rotation=0, parse_math=False, usetex=False, wrap=False, antialiased=True,
                transform=Affine2D(),
            )
        )  # fmt: skip

    def _dot(self, spot: Spot, colour: str, *, radius_px: float) -> None:
        self._add(
            Line2D(
                [spot.x], [spot.y], transform=self._plot, linestyle="none", marker="o", markersize=2 * radius_px,
                markerfacecolor=colour, markeredgecolor=_PANEL, markeredgewidth=4, fillstyle="full", antialiased=True,
            )
        )  # fmt: skip

    def _line(
        self,
        points: Sequence[tuple[float, float]],
        colour: str,
        *,
        width_px: float,
        dashes_px: tuple[float, float] | None = None,
    ) -> None:
        xs, ys = [x for x, _ in points], [y for _, y in points]
        line = Line2D(
            xs, ys, transform=self._plot, color=colour, linewidth=width_px, linestyle="-", marker="none",
            antialiased=True, drawstyle="default", solid_joinstyle="round", solid_capstyle="round",
            dash_joinstyle="round", dash_capstyle="butt",
        )  # fmt: skip
        if dashes_px:
            line.set_dashes([length_px / width_px for length_px in dashes_px])
        self._add(line)

    def _filled(self, shape: Patch, *, alpha: float) -> None:
        shape.set(facecolor=self._alarm, edgecolor="none", linewidth=0, alpha=alpha, hatch=None, antialiased=True)
        self._add(shape)

    def _add(self, artist: Artist) -> None:
        self._figure.add_artist(_plain(artist))


def _plain(artist: Artist) -> Artist:
    """Take off what a style puts on everything."""
    artist.set_sketch_params()
    artist.set_path_effects([])
    return artist


@lru_cache(maxsize=2)
def _font_file(*, bold: bool) -> str:
    """Return a font that comes with matplotlib, so that the system's do not matter."""
    return str(Path(get_data_path()) / "fonts" / "ttf" / ("DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"))


@lru_cache(maxsize=1)
def _letters() -> frozenset[int]:
    return frozenset(get_font(_font_file(bold=True)).get_charmap())


def _drawable(text: str) -> str:
    """Return one short line of letters that the font has; labels carry units, and units come from telemetry."""
    short = text if len(text) <= _MOST_LETTERS else text[: _MOST_LETTERS - 1] + "…"
    known = _letters()
    return "".join(letter if letter.isprintable() and ord(letter) in known else _UNKNOWN_LETTER for letter in short)


def _width_px(text: str) -> float:
    """Return how wide a label is at most, in bold."""
    font = get_font(_font_file(bold=True))
    font.set_size(_TEXT_PX, 72)
    font.set_text(_drawable(text), 0.0)
    return float(font.get_width_height()[0]) / 64
