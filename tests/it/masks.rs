//! What masks show, and BLAKE3 after its paper.

use rowmill::Mask;

use super::SECRET;

pub(super) fn masked(mask: &Mask, value: &str) -> String {
    match mask {
        Mask::Email => match value.split_once('@') {
            None => value.chars().take(1).collect::<String>() + "***",
            Some((user, domain)) => format!("{}***@{domain}", user.chars().take(1).collect::<String>()),
        },
        Mask::Redact => "***".to_owned(),
        Mask::Last4 => {
            let characters: Vec<char> = value.chars().collect();
            let last = if characters.len() > 4 { &characters[characters.len() - 4..] } else { &[] };
            format!("***{}", last.iter().collect::<String>())
        }
        Mask::Hash(_) => token(&mask.to_string(), value),
        Mask::EmailHash(_) => {
            let domain = value.split_once('@').map_or(String::new(), |(_, domain)| format!("@{domain}"));
            let is_lower = mask.to_string().ends_with("(lower)");
            let domain: String =
                if is_lower { domain.chars().flat_map(char::to_lowercase).collect() } else { domain };
            token(&mask.to_string()["email:".len()..], value) + &domain
        }
        Mask::Phone => {
            let digits: Vec<char> = value.chars().filter(char::is_ascii_digit).collect();
            let shown = if digits.len() > 4 { &digits[digits.len() - 2..] } else { &[] };
            format!("***{}", shown.iter().collect::<String>())
        }
        Mask::Year => {
            let mut runs = value.split(|c: char| !c.is_ascii_digit());
            runs.find(|run| run.len() == 4).unwrap_or("***").to_owned()
        }
        Mask::Prefix(_) => {
            let n: usize = mask.to_string()["prefix:".len()..].parse().expect("a number");
            let shown = if value.chars().count() > n { n } else { 0 };
            value.chars().take(shown).collect::<String>() + "***"
        }
        Mask::Domain => value.split_once('@').map_or("***", |(_, domain)| domain).to_owned(),
        other => panic!("the model does not know {other:?}"),
    }
}

/// A hash as long as asked for, of the value in its normal form.
fn token(how: &str, value: &str) -> String {
    let (name, form) = how.split_once('(').unwrap_or((how, ""));
    let n = name.split_once(':').map_or(64, |(_, n)| n.parse().expect("a number"));
    let digits: String = value.chars().filter(char::is_ascii_digit).collect();
    let value = match form {
        "lower)" => value.chars().flat_map(char::to_lowercase).collect(),
        "digits)" if !digits.is_empty() => digits,
        _ => value.to_owned(),
    };
    let key = blake3(SECRET, &material(), MATERIAL);
    hexadecimal(&blake3(value.as_bytes(), &key, KEYED))[..n].to_owned()
}

/// The hash of texts, each behind its length; with the key of the masks if it is `keyed`.
pub(super) fn id(texts: &[String], keyed: bool) -> String {
    let with_length = |text: &String| [&(text.len() as u64).to_le_bytes()[..], text.as_bytes()].concat();
    let bytes: Vec<u8> = texts.iter().flat_map(with_length).collect();
    hexadecimal(&match keyed {
        true => blake3(&bytes, &blake3(SECRET, &material(), MATERIAL), KEYED),
        false => blake3(&bytes, &initial(), 0),
    })
}

fn hexadecimal(hash: &[u8; 32]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

const KEYED: u32 = 16;
const CONTEXT: u32 = 32;
const MATERIAL: u32 = 64;
const IV: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// What the key of a secret is derived with.
fn material() -> [u8; 32] {
    blake3(b"rowmill 2026-11-23 mask hash", &initial(), CONTEXT)
}

/// What stands for a key where there is none.
fn initial() -> [u8; 32] {
    IV.map(u32::to_le_bytes).concat().try_into().expect("32 bytes")
}

/// BLAKE3 of a few chunks, after its paper.
fn blake3(data: &[u8], key: &[u8; 32], flags: u32) -> [u8; 32] {
    let key: [u32; 8] = std::array::from_fn(|i| word(key, i));
    tree(data, &key, flags, 0, true).map(u32::to_le_bytes).concat().try_into().expect("32 bytes")
}

fn word(bytes: &[u8], i: usize) -> u32 {
    u32::from_le_bytes(bytes[4 * i..4 * i + 4].try_into().expect("four bytes"))
}

/// The chaining value of data that starts with chunk `number`.
fn tree(data: &[u8], key: &[u32; 8], flags: u32, number: u64, root: bool) -> [u32; 8] {
    if data.len() > 1024 {
        // The left side has the largest power of two of chunks that leaves something.
        let n = 1024 << ((data.len() - 1) / 1024).ilog2();
        let (left, right) = data.split_at(n);
        let left = tree(left, key, flags, number, false);
        let right = tree(right, key, flags, number + n as u64 / 1024, false);
        let block: Vec<u8> = left.iter().chain(&right).flat_map(|word| word.to_le_bytes()).collect();
        return compress(key, &block, 0, 64, flags | 4 | if root { 8 } else { 0 });
    }
    let blocks: Vec<&[u8]> = if data.is_empty() { vec![b""] } else { data.chunks(64).collect() };
    let mut chain = *key;
    for (i, block) in blocks.iter().enumerate() {
        let last = i + 1 == blocks.len();
        let what = flags | u32::from(i == 0) | if last { 2 } else { 0 } | if last && root { 8 } else { 0 };
        chain = compress(&chain, block, number, block.len() as u32, what);
    }
    chain
}

fn compress(chain: &[u32; 8], block: &[u8], counter: u64, length: u32, what: u32) -> [u32; 8] {
    let mut padded = block.to_vec();
    padded.resize(64, 0);
    let mut words: [u32; 16] = std::array::from_fn(|i| word(&padded, i));
    let mut v = [0u32; 16];
    v[..8].copy_from_slice(chain);
    v[8..12].copy_from_slice(&IV[..4]);
    v[12..].copy_from_slice(&[counter as u32, (counter >> 32) as u32, length, what]);
    let lines = [
        (0, 4, 8, 12),
        (1, 5, 9, 13),
        (2, 6, 10, 14),
        (3, 7, 11, 15),
        (0, 5, 10, 15),
        (1, 6, 11, 12),
        (2, 7, 8, 13),
        (3, 4, 9, 14),
    ];
    for _ in 0..7 {
        for (n, (a, b, c, d)) in lines.into_iter().enumerate() {
            for (word, r, s) in [(words[2 * n], 16, 12), (words[2 * n + 1], 8, 7)] {
                v[a] = v[a].wrapping_add(v[b]).wrapping_add(word);
                v[d] = (v[d] ^ v[a]).rotate_right(r);
                v[c] = v[c].wrapping_add(v[d]);
                v[b] = (v[b] ^ v[c]).rotate_right(s);
            }
        }
        words = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8].map(|i| words[i]);
    }
    std::array::from_fn(|i| v[i] ^ v[i + 8])
}
