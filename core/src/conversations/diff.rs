//! The difference between two lists, as steps that a list view can animate.

use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
};

/// One step from the old list to the new. Apply the steps of a batch in order.
///
/// ```
/// use shopbell::Diff;
/// let mut list = vec!["a", "b"];
/// for step in [Diff::Remove { index: 0 }, Diff::Insert { index: 1, item: "c" }] {
///     step.apply(&mut list);
/// }
/// assert_eq!(list, ["b", "c"]);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Diff<T> {
    /// Everything anew: the first batch, and whenever steps would be more than the list itself.
    Reset {
        /// The whole list.
        items: Vec<T>,
    },
    /// A new item at `index`; those from there on move up.
    Insert {
        /// Where it stands now.
        index: usize,
        /// The item.
        item: T,
    },
    /// The item at `index` has changed.
    Update {
        /// Where it stands.
        index: usize,
        /// The item.
        item: T,
    },
    /// The item at `index` is gone; those behind it move down.
    Remove {
        /// Where it stood.
        index: usize,
    },
}

impl<T> Diff<T> {
    /// Takes the step on a list. A step that does not fit the list (one was left out) changes nothing.
    pub fn apply(self, list: &mut Vec<T>) {
        match self {
            Self::Reset { items } => *list = items,
            Self::Insert { index, item } if index <= list.len() => list.insert(index, item),
            Self::Update { index, item } => {
                if let Some(place) = list.get_mut(index) {
                    *place = item;
                }
            }
            Self::Remove { index } if index < list.len() => {
                list.remove(index);
            }
            Self::Insert { .. } | Self::Remove { .. } => {}
        }
    }
}

/// The steps from `old` to `new`; empty where they are equal. Keys are unique in each list.
pub(crate) fn between<T: Clone + PartialEq, K: Eq + Hash>(old: &[T], new: &[T], key: impl Fn(&T) -> K) -> Vec<Diff<T>> {
    let reset = || vec![Diff::Reset { items: new.to_vec() }];
    let kept: HashSet<K> = new.iter().map(&key).collect();
    let mut steps = Vec::new();
    let mut work: Vec<&T> = old.iter().collect();
    for index in (0..work.len()).rev() {
        if work.get(index).is_some_and(|item| !kept.contains(&key(item))) {
            work.remove(index);
            steps.push(Diff::Remove { index });
        }
    }
    let mut present: HashMap<K, ()> = work.iter().map(|item| (key(item), ())).collect();
    for (index, item) in new.iter().enumerate() {
        // More steps than items is more work for a view than starting over.
        if steps.len() > new.len() / 2 + 8 {
            return reset();
        }
        match work.get(index) {
            Some(there) if key(there) == key(item) => {
                if *there != item {
                    steps.push(Diff::Update { index, item: item.clone() });
                }
            }
            _ => {
                if present.contains_key(&key(item))
                    && let Some(from) = work.iter().skip(index).position(|there| key(there) == key(item))
                {
                    work.remove(index + from);
                    steps.push(Diff::Remove { index: index + from });
                }
                work.insert(index, item);
                present.insert(key(item), ());
                steps.push(Diff::Insert { index, item: item.clone() });
            }
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn list() -> impl Strategy<Value = Vec<(u8, u8)>> {
        proptest::collection::vec((0_u8..30, 0_u8..3), 0..30).prop_map(|mut list| {
            let mut seen = HashSet::new();
            list.retain(|(key, _)| seen.insert(*key));
            list
        })
    }

    proptest! {
        #[test]
        fn steps_lead_from_the_old_list_to_the_new(old in list(), new in list()) {
            let steps = between(&old, &new, |item| item.0);
            prop_assert_eq!(steps.is_empty(), old == new);
            let mut work = old;
            for step in steps {
                step.apply(&mut work);
            }
            prop_assert_eq!(work, new);
        }
    }

    #[test]
    fn one_new_message_is_one_step() {
        let old: Vec<(u8, u8)> = (0..50).map(|n| (n, 0)).collect();
        let mut new = old.clone();
        new.push((99, 0));
        assert_eq!(between(&old, &new, |item| item.0), [Diff::Insert { index: 50, item: (99, 0) }]);
    }
}
