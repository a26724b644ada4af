//! Properties of the spool: what was written is read, or nothing is.

use std::{fs, path::Path};

use alm_domain::{LogLine, LogStream, Observation, RunObservation, RunStatus};
use proptest::prelude::*;

use super::{Folded, Payload, Reader, Step, Token, Writer};

fn lines(texts: &[String]) -> Payload {
    let line = |text: &String| LogLine {
        stage: None,
        attempt: 0,
        stream: LogStream::Stdout,
        at: None,
        text: text.clone(),
        continued: false,
    };
    Payload::of(vec![Observation::Lines(texts.iter().map(line).collect())])
}

fn payloads() -> impl Strategy<Value = Vec<Payload>> {
    let payload = prop_oneof![
        proptest::collection::vec("[a-zA-Z\u{0}-\u{ff}]{0,12}", 1..5).prop_map(|texts| lines(&texts)),
        Just(Payload::of(vec![Observation::Run(RunObservation::status(RunStatus::Running))])),
        Just(Payload::of(vec![Observation::CancelDelivered])),
    ];
    proptest::collection::vec(payload, 1..8)
}

fn write(path: &Path, payloads: &[Payload]) {
    let mut writer = Writer::open(path).unwrap();
    payloads.iter().for_each(|payload| writer.append(payload, false).unwrap());
}

fn read(path: &Path) -> (Vec<Payload>, Vec<Token>) {
    let mut reader = Reader::open(path).unwrap();
    let (mut payloads, mut tokens) = (Vec::new(), Vec::new());
    while let Step::Record(header, payload) = reader.read().unwrap() {
        tokens.push(reader.token(&header));
        payloads.push(payload);
    }
    (payloads, tokens)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_spool_cut_anywhere_gives_whole_records_and_goes_on(written in payloads(), more in payloads(), cut in 0.0f64..1.0) {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("spool");
        write(&path, &written);
        let bytes = fs::read(&path).unwrap();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a place in a small file")]
        let at = (bytes.len() as f64 * cut) as usize;
        fs::write(&path, &bytes[..at]).unwrap();
        let (whole, _) = read(&path);
        prop_assert_eq!(&whole[..], &written[..whole.len()]);
        write(&path, &more);
        let (all, _) = read(&path);
        prop_assert_eq!(&all[..whole.len()], &whole[..]);
        prop_assert_eq!(&all[whole.len()..], &more[..]);
    }

    #[test]
    fn a_spoiled_byte_never_gives_a_wrong_record(written in payloads(), place in any::<prop::sample::Index>(), flip in 1u8..) {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("spool");
        write(&path, &written);
        let mut bytes = fs::read(&path).unwrap();
        let at = place.index(bytes.len());
        bytes[at] ^= flip;
        fs::write(&path, &bytes).unwrap();
        let (seen, _) = read(&path);
        prop_assert!(seen.len() < written.len());
        prop_assert_eq!(&seen[..], &written[..seen.len()]);
        Folded::read(&path).unwrap();
    }

    #[test]
    fn every_token_leads_to_the_rest_and_no_other_text_does(written in payloads(), rubbish in "\\PC{0,30}") {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("spool");
        write(&path, &written);
        let (all, tokens) = read(&path);
        for (index, token) in tokens.iter().enumerate() {
            let text = alm_domain::ResumeToken::from(*token).0;
            let mut reader = Reader::open(&path).unwrap();
            prop_assert!(reader.seek(text.parse().unwrap()).unwrap().is_some());
            let mut rest = Vec::new();
            while let Step::Record(_, payload) = reader.read().unwrap() {
                rest.push(payload);
            }
            prop_assert_eq!(&rest[..], &all[index + 1..]);
            let off = Token { record: token.record + 1, ..*token };
            prop_assert!(reader.seek(off).unwrap().is_none());
        }
        if let Ok(token) = rubbish.parse::<Token>() {
            prop_assert!(Reader::open(&path).unwrap().seek(token).unwrap().is_none());
        }
    }

    #[test]
    fn rubbish_is_no_spool(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("spool");
        fs::write(&path, &bytes).unwrap();
        prop_assert_eq!(read(&path).0.len(), 0);
        write(&path, &[lines(&["fresh".to_owned()])]);
        prop_assert_eq!(read(&path).0.len(), 1);
    }
}
