//! Files of boxes, and others, that no tool at hand makes.

use super::*;
