//! Declaring a section: one struct, and the same words as its reference.

/// Declares a section of settings. The doc comments become rustdoc, the reference and nothing else has to be kept in step.
macro_rules! section {
    (
        $(#[doc = $about:literal])*
        pub struct $name:ident in $section:literal {
            $( $(#[doc = $doc:literal])* pub $field:ident: $kind:ty = $fallback:expr; )*
        }
    ) => {
        $(#[doc = $about])*
        #[derive(Debug, Clone)]
        pub struct $name {
            $( $(#[doc = $doc])* pub $field: $kind, )*
        }

        impl $name {
            /// What the section is about.
            pub(in crate::config) const ABOUT: &'static str = concat!($($about, "\n"),*);

            /// The settings, in the order of declaration.
            pub(in crate::config) const KEYS: &'static [crate::config::Key] = &[
                $( crate::config::Key {
                    section: $section,
                    name: stringify!($field),
                    doc: concat!($($doc, "\n"),*),
                    kind: <$kind as crate::config::Setting>::KIND,
                    fallback: $fallback,
                }, )*
            ];

            /// Takes the section's values out of what was read; `None` when a value is not good, which was noted.
            pub(in crate::config) fn read(reader: &mut crate::config::load::Reader<'_>) -> Option<Self> {
                let mut keys = Self::KEYS.iter();
                $( let $field = keys.next().and_then(|key| reader.take::<$kind>(key)); )*
                Some(Self { $( $field: $field?, )* })
            }
        }
    };
}

pub(in crate::config) use section;
