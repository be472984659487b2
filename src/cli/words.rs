//! The library's words in the program's: a setting by the flag that sets it.

/// The settings that the library's messages name, and the flags that set them.
const SETTINGS: &[(&str, &str)] = &[
    ("check", "--check"),
    ("column_type", "--type"),
    ("add", "--add"),
    ("before", "--before"),
    ("comment", "--comment"),
    ("compress", "--compress"),
    ("delimiter", "-d"),
    ("double_quote", "--no-double-quote"),
    ("drop", "--drop"),
    ("empty", "--empty"),
    ("encoding", "--encoding"),
    ("escape", "--escape"),
    ("escapes", "--escapes"),
    ("extra_key", "--extra-key"),
    ("fill", "--fill"),
    ("format", "--format"),
    ("hash_key", "--hash-key-file"),
    ("header", "--header"),
    ("header_comment", "--header-comment"),
    ("header_in_first", "--header-in first"),
    ("header_rows", "--header-rows"),
    ("id", "--id"),
    ("infer", "--infer"),
    ("infer_columns", "--infer=columns"),
    ("limit", "--limit"),
    ("limit_rate", "--limit-rate"),
    ("mask", "--mask"),
    ("max_errors", "--max-errors"),
    ("max_record", "--max-record"),
    ("member", "--member"),
    ("memory", "--memory"),
    ("names", "--names"),
    ("nest", "--nest"),
    ("no_clobber", "--no-clobber"),
    ("no_header", "--no-header"),
    ("null", "--null"),
    ("output", "-o FILE"),
    ("plan", "rowmill plan"),
    ("quote", "--quote"),
    ("quoted_values", "--quoted-values"),
    ("range", "--range"),
    ("rejects", "--rejects"),
    ("rename", "--rename"),
    ("replace_header", "--replace-header"),
    ("resume", "--resume"),
    ("select", "--select"),
    ("skip_after_header", "--skip-after-header"),
    ("skip_empty", "--skip-empty"),
    ("skip_last", "--skip-last"),
    ("skip_lines", "--skip-lines"),
    ("skip_repeated_headers", "--skip-repeated-headers"),
    ("filter", "--where"),
    ("skip_until", "--skip-until"),
    ("split", "--split"),
    ("split_records", "--split-records"),
    ("split_size", "--split-size"),
    ("with", "--with"),
    ("strict", "--strict"),
    ("terminator", "--terminator"),
    ("trailing_delimiter", "--trailing-delimiter"),
    ("window", "--window"),
];

/// A message of the library with flags in place of `` `settings` ``.
pub(super) fn with_flags(message: &str) -> String {
    let mut text = String::with_capacity(message.len());
    let mut rest = message;
    while let Some((before, behind)) = rest.split_once('`') {
        text.push_str(before);
        let flag = behind.split_once('`').and_then(|(name, behind)| {
            let (_, flag) = SETTINGS.iter().find(|(setting, _)| *setting == name)?;
            Some((*flag, behind))
        });
        match flag {
            Some((flag, behind)) => {
                text.push_str(flag);
                rest = behind;
            }
            None => {
                text.push('`');
                rest = behind;
            }
        }
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_become_flags_and_all_else_stays() {
        for (message, expected) in [
            ("`max_record`: raise `memory`", "--max-record: raise --memory"),
            ("a`memory`b", "a--memoryb"),
            ("a ` b `none` c `", "a ` b `none` c `"),
            ("``strict``", "`--strict`"),
            ("", ""),
        ] {
            assert_eq!(with_flags(message), expected, "{message}");
        }
    }

    /// Settings of the library that no flag sets: the program never shows their messages.
    const OF_THE_LIBRARY_ALONE: &[&str] = &["transform"];

    /// Every setting that a message names in the sources is in the table, or the library alone has
    /// it.
    #[test]
    fn the_table_has_every_setting_that_messages_name() {
        let mut folders = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))];
        let mut n_named = 0;
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() && !path.ends_with("cli") && !path.ends_with("guide") {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    let text = std::fs::read_to_string(&path).unwrap();
                    let code = text.lines().map(|line| line.split("//").next().unwrap_or(line));
                    for name in code.flat_map(|line| line.split('`').skip(1).step_by(2)) {
                        n_named += 1;
                        let known = SETTINGS.iter().any(|(setting, _)| *setting == name)
                            || OF_THE_LIBRARY_ALONE.contains(&name);
                        assert!(known, "{}: `{name}` has no flag", path.display());
                    }
                }
            }
        }
        assert!(n_named > 40, "{n_named}");
    }
}
