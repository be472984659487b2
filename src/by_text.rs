//! Values that are one word in JSON.

/// Makes serde write a type as the text that `$to` returns, and read it with `$from`, which returns
/// `None` for any other text.
macro_rules! by_text {
    ($type:ty, $to:expr, $from:expr) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let to: fn(&$type) -> String = $to;
                serializer.serialize_str(&to(self))
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <String as serde::Deserialize>::deserialize(deserializer)?;
                let from: fn(&str) -> Option<$type> = $from;
                from(&text).ok_or_else(|| serde::de::Error::custom(format!("'{text}' is none of its values")))
            }
        }
    };
}

pub(crate) use by_text;

/// Whether a value is its type's default. Serde leaves such out where it is asked to.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
