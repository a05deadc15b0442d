"""Our palettes as Textual themes, for what Textual itself draws: borders, scroll bars, the prompt, the palette."""

from __future__ import annotations

from textual.theme import Theme

from mailsim.views.tui.inks import PALETTES, SIXTEEN, Palette


def themes() -> tuple[Theme, ...]:
    """One theme for each palette, under the same name."""
    return tuple(_theme(palette) for palette in (*PALETTES, *SIXTEEN))


def _theme(palette: Palette) -> Theme:
    return Theme(
        name=palette.name,
        dark=palette.dark,
        primary=palette.heading,
        secondary=palette.data,
        warning=palette.later,
        error=palette.failed,
        success=palette.reply,
        accent=palette.heading,
        foreground=palette.text,
        background=palette.page,
        surface=palette.page,
        panel=palette.bar,
        variables={
            "border": palette.line,
            "border-blurred": palette.line,
            "block-cursor-background": palette.chip,
            "block-cursor-foreground": palette.on_chip,
            "input-cursor-background": palette.text,
            "input-cursor-foreground": palette.page,
            "input-selection-background": palette.cursor,
            "scrollbar": palette.line,
            "scrollbar-hover": palette.dim,
            "scrollbar-active": palette.text,
            "scrollbar-background": palette.page,
            "scrollbar-background-hover": palette.page,
            "scrollbar-background-active": palette.page,
            "scrollbar-corner-color": palette.page,
            "foreground-muted": palette.dim,
            "text-muted": palette.dim,
            "mailsim-line": palette.line,
            "mailsim-text": palette.text,
            "mailsim-bar": palette.bar,
        },
    )
