"""A document on A4 pages: headings, text, tables and pictures. Fonts are embedded, text can be read out and copied."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import TableBordersLayout, TableCellFillMode
from fpdf.fonts import FontFace
from fpdf.prefs import ViewerPreferences
from PIL import Image

FONTS = Path(__file__).resolve().parent / "fonts"
FONT = "DejaVu Sans"
MARGIN_MM = 18
TITLE_MM = 13
"""Room for a title of two lines above a picture."""
TEXT_PT, SMALL_PT = 9.5, 8.5
INK, QUIET, LINE, SHADE, ACCENT = (17, 17, 17), (89, 89, 89), (200, 205, 210), (238, 242, 246), (0, 94, 184)
Colour = tuple[int, int, int]


@dataclass(frozen=True)
class About:
    """What the file says of itself, and what stands at the foot of every page."""

    title: str
    subject: str
    made_at: datetime
    foot: str
    language: str = "en"


class _Paper(FPDF):
    """A4 pages that carry their foot and number."""

    def __init__(self, about: About) -> None:
        super().__init__(format="A4")
        self.about = about
        self.add_font(FONT, "", FONTS / "DejaVuSans.ttf")
        self.add_font(FONT, "B", FONTS / "DejaVuSans-Bold.ttf")
        self.set_text_shaping(use_shaping_engine=True, features={"liga": False, "dlig": False})
        self.set_margins(MARGIN_MM, MARGIN_MM, MARGIN_MM)
        self.set_auto_page_break(auto=True, margin=MARGIN_MM + 4)
        self.set_title(about.title)
        self.set_subject(about.subject)
        self.set_lang(about.language)
        self.set_creator("Skin check-in")
        self.set_creation_date(about.made_at)
        self.viewer_preferences = ViewerPreferences(display_doc_title=True)
        self.alias_nb_pages("{pages}")

    def footer(self) -> None:
        self.set_y(-MARGIN_MM + 2)
        self.set_font(FONT, "", 7.5)
        self.set_text_color(*QUIET)
        self.cell(self.epw - 14, 4, self.about.foot)
        self.cell(14, 4, f"{self.page_no()} / {{pages}}")


class Document:
    """Pages that are filled from above; whatever does not fit begins a new one."""

    def __init__(self, about: About) -> None:
        self._paper = _Paper(about)
        self._paper.add_page()

    def _write(self, text: str, size: float, style: str = "", colour: Colour = INK, gap: float = 1.5) -> None:
        paper = self._paper
        paper.set_font(FONT, style, size)
        paper.set_text_color(*colour)
        paper.multi_cell(0, size * 0.48, text, new_x="LMARGIN", new_y="NEXT", align="L")
        paper.ln(gap)

    def title(self, text: str, below: str) -> None:
        """The head of the first page."""
        self._paper.start_section(text)
        self._write(text, 18, "B", gap=0.5)
        self._write(below, SMALL_PT, colour=QUIET, gap=3)

    def heading(self, text: str, *, new_page: bool = False) -> None:
        """A section, which the file's outline lists; it never stands alone at the foot of a page."""
        if new_page:
            self._paper.add_page()
        self._room(24)
        self._paper.ln(1.5)
        self._paper.start_section(text, level=1)
        self._write(text, 13, "B", ACCENT, gap=1.5)

    def lead(self, text: str) -> None:
        """A sentence in bold, above what it sums up."""
        self._room(14)
        self._write(text, TEXT_PT + 0.5, "B")

    def text(self, text: str, *, small: bool = False) -> None:
        """A paragraph."""
        self._write(text, SMALL_PT if small else TEXT_PT, colour=QUIET if small else INK)

    def bullets(self, lines: Sequence[str]) -> None:
        """A list; lines hang behind their dot."""
        paper = self._paper
        paper.set_font(FONT, "", TEXT_PT)
        paper.set_text_color(*INK)
        for line in lines:
            self._room(6)
            paper.cell(5, TEXT_PT * 0.48, "•")
            paper.multi_cell(paper.epw - 5, TEXT_PT * 0.48, line, new_x="LMARGIN", new_y="NEXT", align="L")
            paper.ln(0.8)
        paper.ln(1.2)

    def table(
        self, head: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[int], *, numbers_from: int = 1
    ) -> None:
        """A table that repeats its head on each page; columns from ``numbers_from`` on are flush right."""
        paper = self._paper
        paper.set_font(FONT, "", SMALL_PT)
        paper.set_text_color(*INK)
        paper.set_draw_color(*LINE)
        paper.set_line_width(0.2)
        align = ["LEFT" if place < numbers_from else "RIGHT" for place in range(len(head))]
        with paper.table(
            [list(head), *[list(row) for row in rows]],
            col_widths=tuple(widths),
            text_align=tuple(align),
            line_height=4.6,
            padding=0.8,
            borders_layout=TableBordersLayout.HORIZONTAL_LINES,
            cell_fill_color=SHADE,
            cell_fill_mode=TableCellFillMode.NONE,
            headings_style=FontFace(emphasis="BOLD", fill_color=SHADE),
        ):
            pass
        paper.ln(3)

    def picture(self, title: str, png: bytes, alt: str) -> None:
        """A picture across the page below its title, with the text that says the same; both on one page."""
        paper = self._paper
        image = Image.open(BytesIO(png))
        self._room(paper.epw * image.height / image.width + TITLE_MM)
        self.lead(title)
        paper.image(image, w=paper.epw, alt_text=alt)
        paper.ln(2)

    def _room(self, high_mm: float) -> None:
        if self._paper.will_page_break(high_mm):
            self._paper.add_page()

    def content(self) -> bytes:
        """The file."""
        return bytes(self._paper.output())
