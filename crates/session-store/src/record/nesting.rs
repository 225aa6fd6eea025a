//! The arrays and objects around a value: a bit for each, on the heap from the 64th on, so that a
//! text may nest as deep as it is long.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Container {
    Array = 0,
    Object = 1,
}

pub(super) struct Nesting {
    /// The lowest bit is the innermost container. The highest 1 is not a container, but marks the
    /// end.
    innermost: u64,
    /// Words that are full, the outermost first.
    outer: Vec<u64>,
}

const EMPTY: u64 = 1;

impl Nesting {
    pub(super) fn new() -> Self {
        Self { innermost: EMPTY, outer: Vec::new() }
    }

    pub(super) fn innermost(&self) -> Option<Container> {
        match self.innermost {
            EMPTY => None,
            bits if bits & 1 == 1 => Some(Container::Object),
            _ => Some(Container::Array),
        }
    }

    pub(super) fn enter(&mut self, container: Container) {
        if self.innermost.leading_zeros() == 0 {
            self.outer.push(self.innermost);
            self.innermost = EMPTY;
        }
        self.innermost = self.innermost << 1 | container as u64;
    }

    pub(super) fn leave(&mut self) {
        self.innermost >>= 1;
        if self.innermost == EMPTY
            && let Some(word) = self.outer.pop()
        {
            self.innermost = word;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn containers_are_left_in_the_reverse_order(steps in vec(any::<(bool, bool)>(), 0..1000)) {
            let (mut nesting, mut model) = (Nesting::new(), Vec::new());
            for (is_object, leaves) in steps {
                // Twice in, once out: deep enough for several words.
                for container in [Container::Array, Container::Object] {
                    if is_object || container == Container::Array {
                        nesting.enter(container);
                        model.push(container);
                    }
                }
                if leaves && model.pop().is_some() {
                    nesting.leave();
                }
                prop_assert_eq!(nesting.innermost(), model.last().copied());
            }
            while model.pop().is_some() {
                nesting.leave();
                prop_assert_eq!(nesting.innermost(), model.last().copied());
            }
        }
    }
}
