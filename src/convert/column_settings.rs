//! The settings of the builder that say what becomes of columns and values.

use super::converter::Builder;
use crate::plan::{
    Added, AddedValue, Condition, Empty, Format, HashKey, Mask, NameStyle, Nul, Transform, Type,
};

/// What becomes of columns and values. In a column's name `*` matches any characters. A name that
/// some inputs lack is passed over there, with a remark; one that all lack is an error.
impl Builder {
    /// Writes only records whose field in `column` is `text`, once its quotes and escapes are off;
    /// or is another, if `is` is false. Of several conditions all must hold. In an input without
    /// the column no field is `text`.
    pub fn filter(mut self, column: impl Into<String>, text: impl Into<String>, is: bool) -> Self {
        let condition = Condition { column: column.into(), text: text.into(), is };
        self.options.shaping.columns.filter.push(condition);
        self
    }

    /// Writes only these columns, in this order.
    pub fn select<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.options.shaping.columns.select = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// How the names of the output are spelled, but for those that are given by [`Builder::rename`]
    /// and [`Builder::add`] ([`NameStyle::Same`]). Those that become the same get a number.
    pub fn names(mut self, style: NameStyle) -> Self {
        self.options.shaping.columns.names = style;
        self
    }

    /// A column that is not in the input. It stands behind the others, or where [`Builder::select`]
    /// names it.
    pub fn add(mut self, name: impl Into<String>, value: AddedValue) -> Self {
        self.options.shaping.columns.add.push(Added { name: name.into(), value });
        self
    }

    /// A column with a hash of each record: of its fields in `columns`, or of its input's name and
    /// the byte at which it starts if there are none ([`AddedValue::IdOfColumns`],
    /// [`AddedValue::IdOfPlace`]). `*` stands for any characters.
    pub fn id<S: Into<String>>(self, name: impl Into<String>, columns: impl IntoIterator<Item = S>) -> Self {
        let columns: Vec<String> = columns.into_iter().map(Into::into).collect();
        let value =
            if columns.is_empty() { AddedValue::IdOfPlace(None) } else { AddedValue::IdOfColumns(columns) };
        self.add(name, value)
    }

    /// Leaves these columns out.
    pub fn drop<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.options.shaping.columns.drop.extend(names.into_iter().map(Into::into));
        self
    }

    /// Renames a column in the output. `*` has no meaning here.
    pub fn rename(mut self, old: impl Into<String>, new: impl Into<String>) -> Self {
        self.options.shaping.columns.rename.push((old.into(), new.into()));
        self
    }

    /// Masks a column.
    pub fn mask(mut self, column: impl Into<String>, mask: Mask) -> Self {
        self.options.shaping.columns.mask.push((column.into(), mask));
        self
    }

    /// The key of [`Mask::Hash`] and of [`Builder::id`]. Without it an id is a plain hash.
    pub fn hash_key(mut self, key: HashKey) -> Self {
        self.options.shaping.columns.hash_key = Some(key);
        self
    }

    /// Replaces a column's values by what `function` returns. Mask, type and inference apply to the
    /// result.
    pub fn transform(
        mut self,
        column: impl Into<String>,
        function: impl Fn(&str) -> String + Send + Sync + 'static,
    ) -> Self {
        self.options.shaping.columns.transform.push((column.into(), Transform::new(None, function)));
        self
    }

    /// As [`Builder::transform`], with a name for what the function does. A run with transforms can
    /// be resumed only if all have names. The same name must mean the same function.
    pub fn named_transform(
        mut self,
        column: impl Into<String>,
        name: impl Into<String>,
        function: impl Fn(&str) -> String + Send + Sync + 'static,
    ) -> Self {
        let transform = Transform::new(Some(name.into()), function);
        self.options.shaping.columns.transform.push((column.into(), transform));
        self
    }

    /// Makes an array of a column's fields, of which `separator` parts the elements. An empty field
    /// gives an empty array. Type and mask are of the elements.
    pub fn split(mut self, column: impl Into<String>, separator: impl Into<String>) -> Self {
        self.options.shaping.columns.split.push((column.into(), separator.into()));
        self
    }

    /// The type of a column. A value that does not fit is an anomaly, and stays a string.
    pub fn column_type(mut self, column: impl Into<String>, wanted: Type) -> Self {
        self.options.shaping.columns.types.push((column.into(), wanted));
        self
    }

    /// Whether an unquoted field that is exactly a number, `true`, `false` or `null` of JSON is
    /// written as it is (`false`).
    pub fn infer(mut self, infer: bool) -> Self {
        self.options.shaping.columns.infer = infer;
        self
    }

    /// Whether [`Builder::infer`] and [`Builder::null`] look at quoted fields too, at what is
    /// between the quotes (`false`).
    pub fn quoted_values(mut self, quoted_values: bool) -> Self {
        self.options.shaping.columns.quoted_values = quoted_values;
        self
    }

    /// Unquoted fields that are exactly one of these texts are null, in all columns.
    pub fn null<S: Into<String>>(self, texts: impl IntoIterator<Item = S>) -> Self {
        self.column_null("*", texts)
    }

    /// As [`Builder::null`] in one column, or in all that match if there is a `*` in it.
    pub fn column_null<S: Into<String>>(
        mut self,
        column: impl Into<String>,
        texts: impl IntoIterator<Item = S>,
    ) -> Self {
        let column = column.into();
        let texts = texts.into_iter().map(|text| (column.clone(), text.into()));
        self.options.shaping.columns.null.extend(texts);
        self
    }

    /// What empty fields give in all columns. Unless it is said, `""`, and null in those of a type
    /// other than string.
    pub fn empty(self, empty: Empty) -> Self {
        self.column_empty("*", empty)
    }

    /// As [`Builder::empty`] in one column, or in all that match if there is a `*` in it.
    pub fn column_empty(mut self, column: impl Into<String>, empty: Empty) -> Self {
        self.options.shaping.columns.empty.push((column.into(), empty));
        self
    }

    /// Whether numbers that are typed or inferred have a decimal comma (`false`).
    pub fn decimal_comma(mut self, decimal_comma: bool) -> Self {
        self.options.shaping.columns.decimal_comma = decimal_comma;
        self
    }

    /// What NUL characters in values become ([`Nul::Keep`]).
    pub fn nul(mut self, nul: Nul) -> Self {
        self.options.shaping.columns.nul = nul;
        self
    }

    /// Makes nested objects of names, split at `separator`: `a.b` and `a.c` give
    /// `"a":{"b":…,"c":…}`.
    pub fn nest(mut self, separator: impl Into<String>) -> Self {
        self.options.shaping.columns.nest = Some(separator.into());
        self
    }

    /// The key of the array for fields beyond the header (`_extra`); an empty one drops them.
    pub fn extra_key(mut self, key: impl Into<String>) -> Self {
        self.options.shaping.columns.extra_key = key.into();
        self
    }

    /// Whether what an input or a short record lacks is null (`false`). So all records have the
    /// same keys in the same order: those of the selection, or else of all inputs as they are
    /// first seen.
    pub fn fill(mut self, fill: bool) -> Self {
        self.options.shaping.columns.fill = fill;
        self
    }

    /// The format of records ([`Format::Jsonl`]).
    pub fn format(mut self, format: Format) -> Self {
        self.options.shaping.columns.format = format;
        self
    }

    /// A line before each record, without its end, for [`Format::Jsonl`]. It is written as it is:
    /// of 1 to 4096 bytes, without a newline.
    pub fn before(mut self, line: impl Into<String>) -> Self {
        self.options.shaping.columns.before = Some(line.into());
        self
    }
}
