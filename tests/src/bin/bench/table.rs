//! Lines, and how they are shown: to people as a table, to machines as JSON.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::machine::Machine;

/// An amount.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Amount {
    pub(crate) value: f64,
    pub(crate) unit: &'static str,
}

impl Amount {
    pub(crate) fn new(value: f64, unit: &'static str) -> Self {
        Self { value, unit }
    }

    /// Three digits that count; whole numbers as they are.
    fn shown(self) -> String {
        let Self { value, unit } = self;
        let digits = if unit == "B" || value.abs() >= 1_000.0 {
            grouped(value)
        } else if value.fract() == 0.0 || value.abs() >= 100.0 {
            format!("{value:.0}")
        } else if value.abs() >= 10.0 {
            format!("{value:.1}")
        } else {
            format!("{value:.2}")
        };
        format!("{digits} {unit}").trim_end().to_owned()
    }
}

fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut shown = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// What is to be reached.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Goal {
    /// Ours is at most so many times the bare figure.
    Ratio(f64),
    /// Ours is at most this, in its own unit.
    AtMost(f64),
    /// A figure to look at.
    None,
}

/// A line of the table.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) name: &'static str,
    pub(crate) ours: Amount,
    pub(crate) bare: Option<Amount>,
    pub(crate) goal: Goal,
    /// What else is worth knowing, below the table.
    pub(crate) notes: Vec<String>,
}

impl Line {
    fn ratio(&self) -> Option<f64> {
        self.bare.filter(|bare| bare.value > 0.0).map(|bare| self.ours.value / bare.value)
    }

    fn reached(&self) -> Option<bool> {
        match self.goal {
            Goal::Ratio(most) => self.ratio().map(|ratio| ratio <= most),
            Goal::AtMost(most) => Some(self.ours.value <= most),
            Goal::None => None,
        }
    }

    fn cells(&self) -> [String; 6] {
        let goal = match self.goal {
            Goal::Ratio(most) => format!("× {most}"),
            Goal::AtMost(most) => format!("≤ {}", Amount { value: most, ..self.ours }.shown()),
            Goal::None => String::new(),
        };
        [
            self.name.to_owned(),
            self.ours.shown(),
            self.bare.map(Amount::shown).unwrap_or_default(),
            self.ratio().map(|ratio| format!("× {ratio:.2}")).unwrap_or_default(),
            goal,
            match self.reached() {
                Some(true) => "ok".to_owned(),
                Some(false) => "MISS".to_owned(),
                None => String::new(),
            },
        ]
    }
}

/// The table, and the notes below it.
pub(crate) fn table(lines: &[Line]) -> String {
    let head = ["name", "ours", "bare", "ratio", "goal", ""].map(str::to_owned);
    let rows: Vec<[String; 6]> = std::iter::once(head).chain(lines.iter().map(Line::cells)).collect();
    let widths: Vec<usize> =
        (0..6).map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0)).collect();
    let mut shown = String::new();
    for (at, row) in rows.iter().enumerate() {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let width = widths[column];
            let gap = if column == 0 { "" } else { "   " };
            // Names to the left, numbers to the right.
            let _ = match column {
                0 | 5 => write!(line, "{gap}{cell:<width$}"),
                _ => write!(line, "{gap}{cell:>width$}"),
            };
        }
        let _ = writeln!(shown, "{}", line.trim_end());
        if at == 0 {
            let _ = writeln!(shown, "{}", "─".repeat(widths.iter().sum::<usize>() + 15));
        }
    }
    for line in lines.iter().filter(|line| !line.notes.is_empty()) {
        let _ = writeln!(shown, "\n{}", line.name);
        line.notes.iter().for_each(|note| {
            let _ = writeln!(shown, "  {note}");
        });
    }
    shown
}

/// The same for a machine.
pub(crate) fn json(machine: &Machine, lines: &[Line]) -> Value {
    let amount = |amount: Amount| json!({ "value": amount.value, "unit": amount.unit });
    let lines: Vec<Value> = lines
        .iter()
        .map(|line| {
            json!({
                "name": line.name,
                "ours": amount(line.ours),
                "bare": line.bare.map(amount),
                "ratio": line.ratio(),
                "goal": match line.goal {
                    Goal::Ratio(most) => json!({ "ratio": most }),
                    Goal::AtMost(most) => json!({ "at_most": most }),
                    Goal::None => Value::Null,
                },
                "reached": line.reached(),
                "notes": line.notes,
            })
        })
        .collect();
    json!({ "machine": machine.json(), "measures": lines })
}
