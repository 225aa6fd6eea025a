//! Sessions like those of a real app, made up from a seed.

use std::fmt::{Arguments, Write};

/// Makes a session of about this many bytes. Each seed gives another one.
pub type Shape = fn(size: usize, seed: u64) -> String;

/// The ways in which sessions are laid out, by name.
pub const SHAPES: [(&str, Shape); 3] = [("cart", cart), ("keys", keys), ("text", text)];

/// In bytes.
pub const SIZES: [usize; 3] = [350, 4096, 65_536];

/// A handful of small keys, and a large nested cart.
#[must_use]
pub fn cart(size: usize, seed: u64) -> String {
    let note = r#"Gift wrap, please: \"Happy birthday!\""#;
    with_cart(size, seed, "linen shirt with a long collar, washed", note)
}

/// The same in scripts that are not ASCII.
#[must_use]
pub fn text(size: usize, seed: u64) -> String {
    with_cart(size, seed, "рубашка из льна — リネンシャツ", "Подарочная упаковка, пожалуйста 🎁")
}

fn with_cart(size: usize, seed: u64, title: &str, note: &str) -> String {
    let mut random = Random(seed);
    let mut json = format!(
        r#"[{{"userId":"{:016x}","locale":"de-DE","theme":"dark","visits":{},"admin":{},"cart":["#,
        random.next(),
        random.below(5000),
        random.below(2) == 1,
    );
    let letters: Vec<char> = title.chars().collect();
    loop {
        let title: String = letters[..4 + random.below(letters.len() - 4)].iter().collect();
        let (id, sku) = (random.below(1_000_000), random.next() >> 36);
        let (price, cents) = (random.below(300), random.below(100));
        append(
            &mut json,
            format_args!(
                r#"{{"id":{id},"sku":"{sku:x}","title":"{title}","price":{price}.{cents:02}"#
            ),
        );
        let fit = [r#""M""#, r#""XL""#, "null"][random.below(3)];
        append(&mut json, format_args!(r#","quantity":{},"size":{fit}"#, 1 + random.below(12)));
        if random.below(4) == 0 {
            append(&mut json, format_args!(r#","note":"{note}""#));
        }
        json.push('}');
        if json.len() + 35 >= size {
            return json + r#"]},{"notice":"Added to your cart."}]"#;
        }
        json.push(',');
    }
}

/// Small keys, and nothing else.
#[must_use]
pub fn keys(size: usize, seed: u64) -> String {
    let mut random = Random(seed);
    let mut json = String::from("[{");
    for n in 0.. {
        let name = ["seen", "filter", "lastVisited", "sort", "tab", "preference"][random.below(6)];
        append(&mut json, format_args!(r#""{name}{n}":"#));
        match random.below(4) {
            0 => append(&mut json, format_args!("{}", random.below(100_000))),
            1 => append(&mut json, format_args!("{}", random.below(2) == 0)),
            _ => append(&mut json, format_args!(r#""{:x}""#, random.next() >> random.below(60))),
        }
        if json.len() + 5 >= size {
            break;
        }
        json.push(',');
    }
    json + "},{}]"
}

fn append(json: &mut String, part: Arguments<'_>) {
    json.write_fmt(part).expect("a String takes everything");
}

/// Random enough, and the same in every run: `SplitMix64`.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() >> 33).expect("31 bits fit") % limit
    }
}
