/** Error replies that say that something is not done now, but will be: nothing has been done. */

/** Those of a cluster whose slots move, or which is not whole. A client may hand them to the app rather than follow them. */
const OF_A_CLUSTER = ['ASK', 'CLUSTERDOWN', 'MOVED', 'TRYAGAIN']

const REPLIES = new Set([...OF_A_CLUSTER, 'BUSY', 'LOADING', 'MASTERDOWN'])

const WORTH_SENDING_AGAIN = new Set(OF_A_CLUSTER)

/** Whether a server with such a reply will take commands again. */
export function isForNow(reply: string): boolean {
  return REPLIES.has(reply)
}

/** Whether a cluster may take the same command in a moment. */
export function isOnTheMove(reply: string): boolean {
  return WORTH_SENDING_AGAIN.has(reply)
}
