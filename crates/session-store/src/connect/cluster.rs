//! Asks a node of a Redis Cluster who has which slots.

use super::{ConnectError, Talk};
use crate::error::without_arguments;
use crate::resp::{Reply, error_code};
use crate::topology::slots::{Share, ids, shares};

/// Asks a node who has which slots.
pub(crate) fn ask(talk: &mut Talk<'_>, prefix: &[u8]) -> Result<Vec<Share>, ConnectError> {
    talk.send(&[&[b"CLUSTER", b"SLOTS"], &[b"CLUSTER", b"MYID"]])?;
    let (mut shares, ids) = talk.reply(|reply| match reply {
        Reply::Array(ranges) => {
            let shares = shares(ranges);
            if shares.is_empty() {
                return Err(ConnectError::transient("the node knows nobody who has any slots"));
            }
            Ok((shares, ids(ranges)))
        }
        Reply::Error(words) => Err(refusal(words, prefix)),
        _ => Err(ConnectError::permanent("what answered is no node of a Redis Cluster")),
    })?;
    // Proxies that speak for a cluster may call nodes so who do not call themselves so.
    let are_own = talk.reply(|reply| {
        Ok(matches!(reply, Reply::Bulk(own) if ids.iter().any(|id| id.as_bytes() == *own)))
    })?;
    if !are_own {
        for share in &mut shares {
            share.node.id = None;
        }
    }
    Ok(shares)
}

fn refusal(words: &[u8], prefix: &[u8]) -> ConnectError {
    let shown = without_arguments(words, &[], prefix);
    match error_code(words) {
        // What it says is that cluster support is disabled, or that it does not know the command.
        b"ERR" => ConnectError::permanent(format!(
            "the server is not a node of a Redis Cluster (it answered: {shown}); leave out \"cluster\", also for \
             managed services that route commands by themselves"
        )),
        b"NOPERM" => ConnectError::permanent(format!(
            "Redis answered: {shown}. Allow this user +cluster|slots"
        )),
        _ => ConnectError::transient(format!("Redis answered: {shown}")),
    }
}
