//! How a command is sent: which Redis commands that takes on this connection, and which replies they expect.

use super::in_flight::{AwaitedBy, InFlight};
use super::{Connection, Turn};
use crate::command::{Command, Content};
use crate::verbs::Step;
use crate::verbs::load::Form;

impl Connection {
    /// Writes a command, whose content is passed beside it, and expects the reply. What may be
    /// needed once more is kept with it.
    pub(super) fn transmit(
        &mut self,
        mut command: Command,
        content: &Content<'_>,
        turn: &Turn<'_>,
    ) {
        if let Step::Replace(_) = command.step {
            self.transmit_replacement(command, content, turn);
            return;
        }
        let Some(wire) = &mut self.wire else { return };
        let output = wire.output();
        let is_asking = command.is_asking;
        let mut send = Send { output, in_flight: &mut self.in_flight, turn, is_asking };
        let mut refresh = None;
        if command.step == Step::Load
            && let Some(Form::GetAndExpire { .. }) = self.capabilities.load_form()
        {
            command.step = Step::Get;
            let (ticket, deadline) = (command.ticket, command.deadline);
            refresh = Some(Command::bare(ticket, Step::Refresh, deadline));
        }
        if command.step.is_repeatable() || turn.may_redirect {
            command.keep(content);
        }
        send.awaited(command, content);
        if let Some(refresh) = refresh {
            send.unawaited(refresh, content);
        }
    }

    /// Writes a replacement, and ahead of it what it takes besides.
    fn transmit_replacement(
        &mut self,
        mut command: Command,
        content: &Content<'_>,
        turn: &Turn<'_>,
    ) {
        let Some(wire) = &mut self.wire else { return };
        let output = wire.output();
        // While a slot moves, nothing can be done with two keys of which only one has arrived.
        let may_stage = command.detours == 0;
        let form = self.capabilities.replace_form(turn.encoder, content, may_stage);
        let (ticket, deadline) = (command.ticket, command.deadline);
        let is_asking = command.is_asking;
        let mut send = Send { output, in_flight: &mut self.in_flight, turn, is_asking };
        command.step = Step::Replace(form);
        if turn.may_redirect {
            command.keep(content);
        }
        if self.capabilities.needs_probe() {
            send.unawaited(Command::bare(ticket, Step::Probe, deadline), content);
        }
        if command.step.is_staged() {
            let id = self.staging_ids.next(turn.encoder, content.id);
            let staged = Content { id: &id, ..*content };
            send.unawaited(Command::bare(ticket, Step::Stage, deadline), &staged);
            send.awaited(command, &Content { text: &id, ..*content });
        } else {
            send.awaited(command, content);
        }
    }
}

/// Writes commands and expects their replies.
struct Send<'a> {
    output: &'a mut Vec<u8>,
    in_flight: &'a mut InFlight,
    turn: &'a Turn<'a>,
    /// Whether each of them needs to ask for it.
    is_asking: bool,
}

impl Send<'_> {
    fn awaited(&mut self, command: Command, content: &Content<'_>) {
        self.send(command, content, AwaitedBy::Caller);
    }

    fn unawaited(&mut self, command: Command, content: &Content<'_>) {
        self.send(command, content, AwaitedBy::Nobody);
    }

    fn send(&mut self, command: Command, content: &Content<'_>, awaited_by: AwaitedBy) {
        let Turn { encoder, now, .. } = *self.turn;
        if self.is_asking {
            let asking = Command::bare(command.ticket, Step::Asking, command.deadline);
            asking.step.write(self.output, encoder, content);
            self.in_flight.push(asking, AwaitedBy::Nobody, now);
        }
        command.step.write(self.output, encoder, content);
        self.in_flight.push(command, awaited_by, now);
    }
}
