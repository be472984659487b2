//! Dialects with a name: the flags that each stands for, written once.
//!
//! A flag that is typed beside `--dialect` overrides the one here. Advice for maintainers: a new
//! dialect is a line in [`ALL`]; the help, the guide's page of options and `--check` read it.

/// A dialect with a name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Preset {
    name: &'static str,
    flags: &'static [(&'static str, &'static str)],
}

/// What all that quote as Python's `csv` does have in common.
const QUOTED: (&str, &str) = ("--quote", "\"");

/// All of them.
pub(super) const ALL: [Preset; 5] = [
    Preset {
        name: "postgres",
        flags: &[
            ("-d", "tab"),
            ("--quote", "none"),
            ("--escape", "\\"),
            ("--escapes", "postgres"),
            ("--terminator", "any"),
            ("--trim", "none"),
            ("--null", "\\N"),
        ],
    },
    Preset {
        name: "mysql",
        flags: &[
            ("-d", "tab"),
            ("--quote", "none"),
            ("--escape", "\\"),
            ("--escapes", "mysql"),
            ("--terminator", "\\n"),
            ("--trim", "none"),
            ("--null", "\\N"),
        ],
    },
    Preset {
        name: "hive",
        flags: &[
            ("-d", "\\x01"),
            ("--quote", "none"),
            ("--escape", "none"),
            ("--terminator", "\\n"),
            ("--trim", "none"),
            ("--null", "\\N"),
        ],
    },
    Preset {
        name: "excel",
        flags: &[("-d", "auto"), QUOTED, ("--escape", "none"), ("--terminator", "any"), ("--trim", "none")],
    },
    Preset {
        name: "unix",
        flags: &[("-d", "comma"), QUOTED, ("--escape", "none"), ("--terminator", "\\n"), ("--trim", "none")],
    },
];

impl Preset {
    /// Its name.
    pub(super) const fn name(self) -> &'static str {
        self.name
    }

    /// The one of that name.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        ALL.into_iter().find(|preset| preset.name == name)
    }

    /// The value that it gives a flag.
    pub(super) fn value(self, flag: &str) -> Option<&'static str> {
        self.flags.iter().find(|(name, _)| *name == flag).map(|(_, value)| *value)
    }

    /// The flags that it stands for, as a shell takes them.
    pub(super) fn typed(self) -> String {
        let is_plain = |value: &str| value.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let flag = |(name, value): &(&str, &str)| match is_plain(value) {
            true => format!("{name} {value}"),
            false => format!("{name} '{value}'"),
        };
        self.flags.iter().map(flag).collect::<Vec<_>>().join(" ")
    }
}
