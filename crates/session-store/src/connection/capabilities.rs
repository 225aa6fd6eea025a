//! What the replies of a server have told about it: how it takes loads, and whether it takes writes.

use crate::verbs::load::Form;
use crate::verbs::{Meaning, Step};

pub(super) struct Capabilities {
    form: Form,
    /// Whether it takes writes; `false` where it has refused one as a replica does.
    takes_writes: Option<bool>,
    refreshes_on_load: bool,
}

impl Capabilities {
    /// `refreshes_on_load` is how the store is set up.
    pub(super) fn new(refreshes_on_load: bool) -> Self {
        Self { form: Form::Unknown, takes_writes: None, refreshes_on_load }
    }

    /// How to send a load; `None` where it refreshes nothing, and a `GET` is all there is to it.
    pub(super) fn load_form(&self) -> Option<Form> {
        self.refreshes_on_load.then_some(self.form)
    }

    /// Whether it has refused the latest write as a replica does.
    pub(super) fn is_demoted(&self) -> bool {
        self.takes_writes == Some(false)
    }

    /// Whether it has taken the latest write.
    pub(super) fn takes_writes(&self) -> bool {
        self.takes_writes == Some(true)
    }

    /// Takes note of a reply. Returns whether it refuses only the `GETEX` of a load, which is then
    /// to be sent in another form.
    pub(super) fn learn(&mut self, step: Step, meaning: &Meaning<'_>) -> bool {
        let is_write = match step {
            Step::Load => self.refreshes_on_load,
            Step::Save | Step::SaveExisting | Step::Delete | Step::Append | Step::Refresh => true,
            Step::Get | Step::Peek | Step::Touch | Step::Ping => false,
        };
        match meaning {
            Meaning::Refused(words) => {
                if words.starts_with(b"READONLY ") {
                    self.takes_writes = Some(false);
                }
                if step == Step::Load
                    && is_write
                    && let Some(form) = Form::after_refusal(words)
                {
                    self.form = form;
                    return true;
                }
            }
            Meaning::Redirected(_) => {}
            _ if is_write => {
                self.takes_writes = Some(true);
                if step == Step::Load {
                    self.form = Form::GetEx;
                } else if self.form == (Form::GetAndExpire { until_a_write: true }) {
                    self.form = Form::Unknown;
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
    use crate::handover::outcome::Answer;

    const DONE: Meaning<'_> = Meaning::Answered(Answer::Done);
    const READ_ONLY: Meaning<'_> = Meaning::Refused(b"READONLY You can't write");

    #[test]
    fn a_server_without_getex_is_asked_once() {
        for words in [&b"ERR unknown command 'GETEX'"[..], b"NOPERM no permissions"] {
            let mut server = Capabilities::new(true);
            assert!(server.learn(Step::Load, &Meaning::Refused(words)));
            server.learn(Step::Refresh, &DONE);
            let form = Some(Form::GetAndExpire { until_a_write: false });
            assert_eq!(server.load_form(), form);
        }
    }

    #[test]
    fn a_server_that_takes_no_writes_is_asked_again_once_it_takes_one() {
        let mut server = Capabilities::new(true);
        server.learn(Step::Load, &DONE);
        assert_eq!(server.load_form(), Some(Form::GetEx));
        assert!(server.learn(Step::Load, &READ_ONLY) && server.is_demoted());
        assert!(!server.learn(Step::Get, &DONE) && !server.learn(Step::Refresh, &READ_ONLY));
        assert_eq!(server.load_form(), Some(Form::GetAndExpire { until_a_write: true }));
        server.learn(Step::Refresh, &DONE);
        assert_eq!(server.load_form(), Some(Form::Unknown));
        assert!(!server.is_demoted());
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
