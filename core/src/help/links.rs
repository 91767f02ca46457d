//! The links of an article.

use crate::model::{Block, Span, TableCell};

/// Calls `each` with every link, in order. Recurses at most as deep as blocks nest, which is bounded.
pub(super) fn each(blocks: &[Block], each: &mut dyn FnMut(&str)) {
    for block in blocks {
        match block {
            Block::Paragraph { spans } | Block::Heading { spans, .. } => of_spans(spans, each),
            Block::List { items, .. } => items.iter().for_each(|item| self::each(&item.blocks, each)),
            Block::Quote { blocks } | Block::Callout { blocks, .. } => self::each(blocks, each),
            Block::Table { header, rows } => {
                header.iter().chain(rows.iter().flatten()).for_each(|TableCell { spans }| of_spans(spans, each));
            }
            Block::Code { .. } | Block::Image { .. } | Block::Rule => {}
        }
    }
}

fn of_spans(spans: &[Span], each: &mut dyn FnMut(&str)) {
    spans.iter().filter_map(|span| span.link.as_deref()).for_each(each);
}
