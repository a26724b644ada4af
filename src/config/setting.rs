//! What a setting is.

use figment::value::Value;

use super::Environment;

/// A type that a setting can have.
pub trait Setting: Sized {
    /// What values look like, for the reference and for errors, with an example.
    const KIND: &'static str;

    /// Reads a value of a file, or the text of a variable.
    ///
    /// # Errors
    /// The value's problem and the remedy, as the rest of a sentence that begins with the value.
    fn read(value: &Value) -> Result<Self, String>;

    /// The value as it may be shown to anybody: no secret in it.
    fn show(&self) -> String;
}

/// What holds where nothing is set.
#[derive(Debug, Clone, Copy)]
pub enum Fallback {
    /// This text, read like a variable's.
    Text(&'static str),
    /// Nothing: the setting is optional. The words say what happens then.
    Unset(&'static str),
    /// Depends on the user's environment.
    Computed {
        /// What it is, for the reference.
        words: &'static str,
        /// Works it out; `Err` is the remedy where it cannot be.
        from: fn(&Environment) -> Result<String, String>,
    },
}

/// One setting as it is declared.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// Section of the file.
    pub section: &'static str,
    /// Name within the section.
    pub name: &'static str,
    /// What it does.
    pub doc: &'static str,
    /// What values look like.
    pub kind: &'static str,
    /// What holds where nothing is set.
    pub fallback: Fallback,
}

impl Key {
    /// The key as the file and the errors name it, for example `server.bind`.
    #[must_use]
    pub fn dotted(&self) -> String {
        format!("{}.{}", self.section, self.name)
    }

    /// The variable that sets it, for example `ALM_SERVER_BIND`.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("ALM_{}_{}", self.section, self.name).to_ascii_uppercase()
    }
}

/// An optional setting: an empty text is "not set".
impl<T: Setting> Setting for Option<T> {
    const KIND: &'static str = T::KIND;

    fn read(value: &Value) -> Result<Self, String> {
        if value.as_str() == Some("") { Ok(None) } else { T::read(value).map(Some) }
    }

    fn show(&self) -> String {
        self.as_ref().map_or_else(|| "\"\"".to_owned(), Setting::show)
    }
}

/// A list: an array in a file, commas in a variable.
impl<T: Setting> Setting for Vec<T> {
    const KIND: &'static str = T::KIND;

    fn read(value: &Value) -> Result<Self, String> {
        match value {
            Value::Array(_, items) => items.iter().map(T::read).collect(),
            Value::String(tag, text) => text
                .split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty())
                .map(|item| T::read(&Value::String(*tag, item.to_owned())))
                .collect(),
            _ => Err("is not a list: write [\"one\", \"two\"] in the file, one,two in the variable".to_owned()),
        }
    }

    fn show(&self) -> String {
        format!("[{}]", self.iter().map(Setting::show).collect::<Vec<_>>().join(", "))
    }
}
