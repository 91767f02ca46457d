//! The difference between two lists, as steps that a list view can animate.

use std::{collections::HashSet, hash::Hash, sync::Arc};

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

/// The steps to `new` from what was given out `last`, which `new` becomes; the whole list where nothing was yet.
pub(crate) fn advance<T: Clone + PartialEq, K: Eq + Hash>(
    last: &mut Option<Vec<Arc<T>>>,
    new: Vec<Arc<T>>,
    key: impl for<'a> Fn(&'a T) -> &'a K,
) -> Vec<Diff<T>> {
    let steps = match last {
        Some(old) => between(old, &new, key),
        None => vec![reset(&new)],
    };
    *last = Some(new);
    steps
}

fn reset<T: Clone>(list: &[Arc<T>]) -> Diff<T> {
    Diff::Reset { items: list.iter().map(|item| T::clone(item)).collect() }
}

/// The steps from `old` to `new`; empty where they are equal. Keys are unique in each list. What both lists share is
/// not compared.
fn between<T: Clone + PartialEq, K: Eq + Hash>(
    old: &[Arc<T>],
    new: &[Arc<T>],
    key: impl for<'a> Fn(&'a T) -> &'a K,
) -> Vec<Diff<T>> {
    let item = |item: &Arc<T>| T::clone(item);
    // A new message is nearly always the last: all before it is the same.
    let same = old.iter().zip(new).take_while(|(old, new)| Arc::ptr_eq(old, new)).count();
    let (old, rest) = (old.get(same..).unwrap_or_default(), new.get(same..).unwrap_or_default());
    let kept: HashSet<&K> = rest.iter().map(|item| key(item)).collect();
    let mut steps = Vec::new();
    let mut work: Vec<&Arc<T>> = old.iter().collect();
    for index in (0..work.len()).rev() {
        if work.get(index).is_some_and(|item| !kept.contains(key(item))) {
            work.remove(index);
            steps.push(Diff::Remove { index: same + index });
        }
    }
    // More steps than items is more work for a view than starting over.
    let most = new.len() / 2 + 8;
    let mut present: HashSet<&K> = work.iter().map(|item| key(item)).collect();
    for (index, to) in rest.iter().enumerate() {
        if steps.len() > most {
            break;
        }
        match work.get(index) {
            Some(there) if key(there) == key(to) => {
                if !Arc::ptr_eq(there, to) && there != &to {
                    steps.push(Diff::Update { index: same + index, item: item(to) });
                }
            }
            _ => {
                if present.contains(key(to))
                    && let Some(from) = work.iter().skip(index).position(|there| key(there) == key(to))
                {
                    work.remove(index + from);
                    steps.push(Diff::Remove { index: same + index + from });
                }
                work.insert(index, to);
                present.insert(key(to));
                steps.push(Diff::Insert { index: same + index, item: item(to) });
            }
        }
    }
    if steps.len() > most { vec![reset(new)] } else { steps }
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
            let shared = |list: &[(u8, u8)], like: &[Arc<(u8, u8)>]| -> Vec<Arc<(u8, u8)>> {
                let same = |item: &(u8, u8)| like.iter().find(|like| ***like == *item).cloned();
                list.iter().map(|item| same(item).unwrap_or_else(|| Arc::new(*item))).collect()
            };
            let before = shared(&old, &[]);
            let steps = between(&before, &shared(&new, &before), |item| &item.0);
            prop_assert_eq!(steps.is_empty(), old == new);
            prop_assert_eq!(&steps, &between(&before, &shared(&new, &[]), |item| &item.0), "shared or equal");
            let mut work = old;
            for step in steps {
                step.apply(&mut work);
            }
            prop_assert_eq!(work, new);
        }
    }

    #[test]
    fn nearly_everything_gone_is_a_list_anew_whether_the_rest_is_shared_or_equal() {
        let old: Vec<Arc<(u8, u8)>> = (0..10).map(|n| Arc::new((n, 0))).collect();
        let anew = [Diff::Reset { items: vec![(0, 0)] }];
        assert_eq!(between(&old, &old[..1], |item| &item.0), anew);
        assert_eq!(between(&old, &[Arc::new((0, 0))], |item| &item.0), anew);
    }

    #[test]
    fn one_new_message_is_one_step() {
        let old: Vec<Arc<(u8, u8)>> = (0..50).map(|n| Arc::new((n, 0))).collect();
        let mut new = old.clone();
        new.push(Arc::new((99, 0)));
        assert_eq!(between(&old, &new, |item| &item.0), [Diff::Insert { index: 50, item: (99, 0) }]);
    }
}
