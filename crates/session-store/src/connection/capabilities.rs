//! What the replies of a server have told about it: how it takes loads, and whether it takes writes.

use crate::command::Content;
use crate::verbs::{Encoder, Meaning, Step, load, replace};

pub(super) struct Capabilities {
    form: load::Form,
    replaces: replace::Known,
    /// Whether it takes writes; `false` where it has refused one as a replica does.
    takes_writes: Option<bool>,
    refreshes_on_load: bool,
}

impl Capabilities {
    /// `refreshes_on_load` is how the store is set up.
    pub(super) fn new(refreshes_on_load: bool) -> Self {
        let replaces = replace::Known::default();
        Self { form: load::Form::Unknown, replaces, takes_writes: None, refreshes_on_load }
    }

    /// How to send a load; `None` where it refreshes nothing, and a `GET` is all there is to it.
    pub(super) fn load_form(&self) -> Option<load::Form> {
        self.refreshes_on_load.then_some(self.form)
    }

    /// How to send a replacement; without `may_stage`, as a single command.
    pub(super) fn replace_form(
        &self,
        encoder: &Encoder,
        content: &Content<'_>,
        may_stage: bool,
    ) -> replace::Form {
        self.replaces.form(encoder, content, may_stage)
    }

    /// Whether to probe what the server takes, ahead of a replacement.
    pub(super) fn needs_probe(&mut self) -> bool {
        self.replaces.needs_probe()
    }

    /// Of how many bytes the largest text is that the server had better compare by itself.
    pub(super) fn most_compared(&self) -> u32 {
        self.replaces.most_compared()
    }

    /// Whether it has refused the latest write as a replica does.
    pub(super) fn is_demoted(&self) -> bool {
        self.takes_writes == Some(false)
    }

    /// Whether it has taken the latest write.
    pub(super) fn takes_writes(&self) -> bool {
        self.takes_writes == Some(true)
    }

    /// Takes note of a reply. Returns whether it refuses only the form of the step, for which there is
    /// another.
    pub(super) fn learn(&mut self, step: Step, meaning: &Meaning<'_>) -> bool {
        let is_write = match step {
            Step::Load => self.refreshes_on_load,
            Step::Save(_)
            | Step::Replace(_)
            | Step::Stage
            | Step::Delete
            | Step::Append
            | Step::Refresh => true,
            Step::Probe | Step::Get | Step::Peek | Step::Touch | Step::Asking | Step::Ping => false,
        };
        match meaning {
            Meaning::Refused(words) => {
                if words.starts_with(b"READONLY ") {
                    self.takes_writes = Some(false);
                }
                if step == Step::Probe {
                    self.replaces.learn_probe_refused(words);
                }
                if let Step::Replace(form) = step {
                    return self.replaces.learn_refused(form, words);
                }
                if step == Step::Load
                    && is_write
                    && let Some(form) = load::Form::after_refusal(words)
                {
                    self.form = form;
                    return true;
                }
            }
            Meaning::Redirected(_) if step == Step::Probe => self.replaces.learn_probe_redirected(),
            Meaning::Redirected(_) => {}
            _ if step == Step::Probe => self.replaces.learn_probed(),
            _ if is_write => {
                self.takes_writes = Some(true);
                if let Step::Replace(form) = step {
                    self.replaces.learn_done(form);
                }
                if step == Step::Load {
                    self.form = load::Form::GetEx;
                } else if self.form == (load::Form::GetAndExpire { until_a_write: true }) {
                    self.form = load::Form::Unknown;
                }
            }
            _ => {}
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Options};
    use crate::handover::outcome::Answer;
    use crate::verbs::replace::Form;

    const DONE: Meaning<'_> = Meaning::Answered(Answer::Done);
    const READ_ONLY: Meaning<'_> = Meaning::Refused(b"READONLY You can't write");

    #[test]
    fn a_server_without_getex_is_asked_once() {
        for words in [&b"ERR unknown command 'GETEX'"[..], b"NOPERM no permissions"] {
            let mut server = Capabilities::new(true);
            assert!(server.learn(Step::Load, &Meaning::Refused(words)));
            server.learn(Step::Refresh, &DONE);
            let form = Some(load::Form::GetAndExpire { until_a_write: false });
            assert_eq!(server.load_form(), form);
        }
    }

    #[test]
    fn a_server_that_takes_no_writes_is_asked_again_once_it_takes_one() {
        let mut server = Capabilities::new(true);
        server.learn(Step::Load, &DONE);
        assert_eq!(server.load_form(), Some(load::Form::GetEx));
        assert!(server.learn(Step::Load, &READ_ONLY) && server.is_demoted());
        assert!(!server.learn(Step::Get, &DONE) && !server.learn(Step::Refresh, &READ_ONLY));
        assert_eq!(server.load_form(), Some(load::Form::GetAndExpire { until_a_write: true }));
        server.learn(Step::Refresh, &DONE);
        assert_eq!(server.load_form(), Some(load::Form::Unknown));
        assert!(!server.is_demoted());
    }

    fn encoder() -> Encoder {
        let options = Options { urls: vec!["redis://localhost".into()], ..Options::default() };
        Encoder::new(&Config::new(options).unwrap())
    }

    #[test]
    fn a_server_without_ifeq_gets_the_script_once_and_then_its_name() {
        let encoder = encoder();
        let mut server = Capabilities::new(true);
        let whole = Content { expected: b"the old", tail: 3, ..Content::default() };
        let tail = Content { expected: b"old", ..whole };
        assert!(server.needs_probe() && !server.needs_probe());
        assert_eq!(server.replace_form(&encoder, &whole, true), Form::Whole);
        assert!(!server.learn(Step::Probe, &Meaning::Refused(b"OOM no memory")));
        assert!(server.needs_probe(), "that told nothing");
        assert!(!server.learn(Step::Probe, &Meaning::Refused(b"ERR syntax error")));
        assert!(!server.needs_probe());
        assert_eq!(server.replace_form(&encoder, &whole, true), Form::Whole);
        server.learn(Step::Replace(Form::Whole), &DONE);
        assert_eq!(server.replace_form(&encoder, &whole, true), Form::Named);
        let flushed = Meaning::Refused(b"NOSCRIPT No matching script");
        assert!(server.learn(Step::Replace(Form::Named), &flushed));
        assert_eq!(server.replace_form(&encoder, &tail, true), Form::Whole);

        for words in [&b"ERR in the script"[..], b"NOPERM eval", b"OOM"] {
            assert!(!server.learn(Step::Replace(Form::Whole), &Meaning::Refused(words)));
        }
    }

    #[test]
    fn a_server_with_ifeq_needs_no_script_and_no_right_to_it() {
        let encoder = encoder();
        let mut server = Capabilities::new(true);
        let whole = Content { expected: b"the old", tail: 3, ..Content::default() };
        assert_eq!(server.most_compared(), 0);
        server.learn(Step::Probe, &Meaning::Answered(Answer::Missing));
        assert!((1..100_000).contains(&server.most_compared()), "larger ones are staged");
        let refused = Meaning::Refused(b"NOPERM eval");
        assert!(server.learn(Step::Replace(Form::Whole), &refused), "asked again in another form");
        assert_eq!(server.most_compared(), u32::MAX);
        assert_eq!(server.replace_form(&encoder, &whole, true), Form::IfEqual);
        assert_eq!(
            server.replace_form(&encoder, &Content { expected: b"old", ..whole }, true),
            Form::Whole
        );
    }

    #[test]
    fn a_user_who_is_denied_a_command_of_the_script_needs_none_where_the_server_compares() {
        for words in [
            &b"NOPERM User u has no permissions to run the 'eval' command"[..],
            b"ERR The user executing the script can't run this command or subcommand script: ab, on 1.",
            b"ERR ACL failure in script: User u has no permissions to run the 'rename' command",
        ] {
            let mut server = Capabilities::new(true);
            let refused = Meaning::Refused(words);
            let step = Step::Replace(Form::StagedWhole);
            assert!(!server.learn(step, &refused));
            server.learn(Step::Probe, &Meaning::Answered(Answer::Missing));
            assert!(server.learn(step, &refused));
        }
    }

    #[test]
    fn each_script_is_sent_once_and_a_server_that_loses_staged_texts_gets_all_in_the_script() {
        let encoder = encoder();
        let mut server = Capabilities::new(true);
        let text = [b'x'; 5000];
        let small = Content { text: b"new", expected: b"old", tail: 3, ..Content::default() };
        let large = Content { text: &text, ..small };
        assert_eq!(server.replace_form(&encoder, &large, true), Form::StagedWhole);
        server.learn(Step::Replace(Form::StagedWhole), &DONE);
        assert_eq!(server.replace_form(&encoder, &large, true), Form::StagedNamed);
        assert_eq!(server.replace_form(&encoder, &small, true), Form::Whole);
        server.learn(Step::Replace(Form::Whole), &DONE);
        assert_eq!(server.replace_form(&encoder, &small, true), Form::Named);

        let flushed = Meaning::Refused(b"NOSCRIPT No matching script");
        assert!(server.learn(Step::Replace(Form::StagedNamed), &flushed));
        assert_eq!(server.replace_form(&encoder, &large, true), Form::StagedWhole);
        assert_eq!(server.replace_form(&encoder, &small, true), Form::Named);

        let lost = Meaning::Refused(b"UNSTAGED The new text is not there");
        assert!(server.learn(Step::Replace(Form::StagedWhole), &lost));
        assert_eq!(server.replace_form(&encoder, &large, true), Form::Named);
    }

    #[test]
    fn what_get_would_be_refused_for_too_is_not_tried_with_it() {
        let mut server = Capabilities::new(true);
        for words in ["WRONGTYPE no", "LOADING not yet", "NOAUTH who are you"] {
            assert!(!server.learn(Step::Load, &Meaning::Refused(words.as_bytes())));
        }
        assert!(!Capabilities::new(false).learn(Step::Load, &READ_ONLY));
    }
}
