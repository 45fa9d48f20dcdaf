//! Advice on a password as one types it. Its lists of what people choose are larger than the rest of the app, so it is
//! a WASM module of its own, and `app::browser::advice` loads it when somebody is about to choose a password.
//!
//! The server judges by itself, in `lanyard_auth::password`; a test holds the two together.

use wasm_bindgen::prelude::wasm_bindgen;
use zeroize::Zeroizing;
use zxcvbn::zxcvbn;

/// How good a password is: JSON of `score`, from 0 to 4, of which the server takes 2 and more, and `advice`, a
/// sentence or none. `about` is what everybody knows of the person.
#[wasm_bindgen]
pub fn advise(password: String, about: Vec<String>) -> String {
    let password = Zeroizing::new(password);
    let words = known(&about);
    if is_made_of(&password, &words) {
        return serde_json::json!({ "score": 0, "advice": "Everybody knows these words of you." })
            .to_string();
    }
    let entropy = zxcvbn(&password, &words);
    let feedback = entropy.feedback();
    let warning = feedback.and_then(|feedback| feedback.warning()).map(|warning| warning.to_string());
    let suggestion = feedback.and_then(|feedback| feedback.suggestions().first()).map(|it| it.to_string());
    let advice = warning.or(suggestion);
    serde_json::json!({ "score": u8::from(entropy.score()), "advice": advice }).to_string()
}

/// As the server does it: all that is known, what is before an @, and each word; and where the password is used.
fn known(about: &[String]) -> Vec<&str> {
    let whole = about.iter().map(String::as_str);
    let local = about.iter().filter_map(|text| text.split_once('@')).map(|(local, _)| local);
    let parts = about.iter().flat_map(|text| text.split(|c: char| !c.is_alphanumeric()));
    whole.chain(local).chain(parts).chain(["lanyard"]).collect()
}

/// Whether there is nothing in it but these words, in whatever order and however often.
fn is_made_of(password: &str, words: &[&str]) -> bool {
    let mut parts = password.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()).peekable();
    let known = |part: &str| words.iter().any(|word| word.to_lowercase() == part.to_lowercase());
    parts.peek().is_some() && parts.all(known)
}

#[cfg(test)]
mod tests {
    use lanyard_auth::password::{Password, Passwords};
    use lanyard_auth::random::Random;

    use super::*;

    fn score(password: &str, about: &[&str]) -> u64 {
        let told = advise(password.to_owned(), about.iter().map(|&it| it.to_owned()).collect());
        let told: serde_json::Value = serde_json::from_str(&told).unwrap();
        told["score"].as_u64().unwrap()
    }

    #[tokio::test]
    async fn what_is_called_good_enough_is_what_the_server_takes() {
        let passwords = Passwords::new(Random::System, 1).unwrap();
        let (ada, nobody) = (&["Ada Lovelace", "ada.lovelace@example.com"][..], &[][..]);
        let mut verdicts = Vec::new();
        for (password, about) in [
            ("password", nobody),
            ("letmein123", nobody),
            ("adalovelace", ada),
            ("adalovelace", nobody),
            ("Lovelace, Ada", ada),
            ("ada lovelace ada", ada),
            ("lanyard lanyard", nobody),
            ("lovelace otter", ada),
            ("!!!!§§§§????", ada),
            ("ada.lovelace@example.com", ada),
            ("lovelace1", ada),
            ("qwertyuiop", nobody),
            ("correct horse battery staple", nobody),
            ("gravel otter", ada),
            ("xK9#mQ2$vL5", nobody),
            ("äöüß€éèê", nobody),
        ] {
            let known = about.iter().map(|&it| it.to_owned()).collect();
            let taken = passwords.hash_new(Password::new(password.to_owned()), known).await.is_ok();
            assert_eq!(score(password, about) >= 2, taken, "{password}");
            verdicts.push(taken);
        }
        assert!(verdicts.contains(&true) && verdicts.contains(&false));
    }

    #[test]
    fn what_is_easy_to_guess_comes_with_a_sentence() {
        let told = advise("password".to_owned(), Vec::new());
        assert!(told.contains("top-10"), "{told}");
        assert!(advise(String::new(), Vec::new()).contains("\"score\":0"));
    }
}
