//! What the desk was told of the customer's profile, beside what the app wants it to be.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{StoreError, Tx};
use crate::{
    json::{self, from_json},
    model::{AttributeValue, CustomerProfile, ProfileField},
};

/// What one session's contact was told.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Told {
    /// What the desk has accepted, cleared fields included.
    pub(crate) profile: CustomerProfile,
    /// The values that were set aside.
    pub(crate) refused: BTreeMap<ProfileField, Refused>,
}

/// A value that the desk does not take.
#[derive(Clone, PartialEq)]
pub(crate) struct Refused {
    /// `None` where it was to be cleared.
    pub(crate) value: Option<AttributeValue>,
    /// The desk's own words, or the rule that it breaks.
    pub(crate) reason: String,
}

/// As it is kept.
#[derive(serde::Serialize)]
struct KeptRefusal {
    field: ProfileField,
    value: Option<AttributeValue>,
    reason: String,
}

from_json!(KeptRefusal { field, value, reason });

impl std::fmt::Debug for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Refused")
    }
}

impl Told {
    /// Of a session; nothing where there is no such session.
    pub(crate) fn of(connection: &Connection, session: &str) -> Result<Self, StoreError> {
        let mut statement = connection.prepare_cached("SELECT told, refused FROM sessions WHERE id = ?1")?;
        let row = statement
            .query_row([session], |row| Ok((row.get::<_, Option<String>>(0)?, row.get::<_, Option<String>>(1)?)))
            .optional()?;
        let Some((told, refused)) = row else { return Ok(Self::default()) };
        let refused: Vec<KeptRefusal> = match refused {
            Some(refused) => json::from_str(&refused)?,
            None => Vec::new(),
        };
        let refused = refused.into_iter().map(|kept| {
            let KeptRefusal { field, value, reason } = kept;
            (field, Refused { value, reason })
        });
        Ok(Self {
            profile: told.map(|told| json::from_str(&told)).transpose()?.unwrap_or_default(),
            refused: refused.collect(),
        })
    }

    /// Replaces what is kept of a session.
    pub(crate) fn save(&self, tx: &mut Tx<'_>, session: &str) -> Result<(), StoreError> {
        let told = (!self.profile.is_empty()).then(|| serde_json::to_string(&self.profile)).transpose()?;
        let refused: Vec<KeptRefusal> = self
            .refused
            .iter()
            .map(|(field, refused)| KeptRefusal {
                field: field.clone(),
                value: refused.value.clone(),
                reason: refused.reason.clone(),
            })
            .collect();
        let refused = (!refused.is_empty()).then(|| serde_json::to_string(&refused)).transpose()?;
        tx.prepare_cached("UPDATE sessions SET told = ?2, refused = ?3 WHERE id = ?1")?
            .execute(params![session, told, refused])?;
        tx.touch_customer();
        Ok(())
    }

    /// The desk has accepted these.
    pub(crate) fn accept(&mut self, sent: CustomerProfile) {
        for field in sent.set_fields().map(|(field, _)| field).chain(sent.cleared.iter().cloned()) {
            self.refused.remove(&field);
        }
        self.profile = std::mem::take(&mut self.profile).merged(sent);
    }

    /// Every refusal under any session, each field once.
    pub(crate) fn all_refused(connection: &Connection) -> Result<BTreeMap<ProfileField, Refused>, StoreError> {
        let mut all = BTreeMap::new();
        for session in super::SessionRow::all(connection)? {
            for (field, refused) in Self::of(connection, &session.id)?.refused {
                all.entry(field).or_insert(refused);
            }
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_form_is_stable() {
        let refused = KeptRefusal {
            field: ProfileField::Attribute("plan".into()),
            value: Some(AttributeValue::Text("x".into())),
            reason: "too long".into(),
        };
        let cleared = KeptRefusal { field: ProfileField::Name, value: None, reason: "no".into() };
        let kept = serde_json::to_string(&[refused, cleared]).unwrap();
        insta::assert_snapshot!(kept, @r#"[{"field":"attribute:plan","value":"x","reason":"too long"},{"field":"name","value":null,"reason":"no"}]"#);
        let read: Vec<KeptRefusal> = json::from_str(&kept).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), kept);
    }
}
