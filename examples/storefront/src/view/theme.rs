//! Colours and signs.
//!
//! The colours are of the 256-colour cube's middle: each has a contrast of about 4 to black and to white alike, for
//! nobody can ask a terminal which of the two it shows. No background is ever set but by reversing.

use ratatui::style::{Color, Modifier, Style};

const LANTERN: Color = Color::Indexed(166);
const TEAL: Color = Color::Indexed(31);
const LEAF: Color = Color::Indexed(64);
const ROSE: Color = Color::Indexed(161);
const PLUM: Color = Color::Indexed(133);
const GREY: Color = Color::Indexed(244);

/// The shop's own colour: headings, what is selected.
pub(crate) fn brand() -> Style {
    Style::new().fg(LANTERN).add_modifier(Modifier::BOLD)
}

/// The line under the cursor.
pub(crate) fn cursor() -> Style {
    Style::new().add_modifier(Modifier::REVERSED)
}

pub(crate) fn quiet() -> Style {
    Style::new().fg(GREY)
}

pub(crate) fn strong() -> Style {
    Style::new().add_modifier(Modifier::BOLD)
}

pub(crate) fn good() -> Style {
    Style::new().fg(LEAF)
}

pub(crate) fn bad() -> Style {
    Style::new().fg(ROSE).add_modifier(Modifier::BOLD)
}

pub(crate) fn link() -> Style {
    Style::new().fg(TEAL).add_modifier(Modifier::UNDERLINED)
}

/// Read by an agent.
pub(crate) fn read() -> Style {
    Style::new().fg(TEAL).add_modifier(Modifier::BOLD)
}

/// The customer's bubbles.
pub(crate) fn own() -> Style {
    Style::new().fg(LANTERN)
}

/// The desk's people.
pub(crate) fn agent() -> Style {
    Style::new().fg(TEAL)
}

/// The desk's programs.
pub(crate) fn bot() -> Style {
    Style::new().fg(PLUM)
}
