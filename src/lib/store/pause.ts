/** Waits a little before something is tried again that did not work out twice. */

/** Milliseconds that a pause takes at most. */
const LONGEST = 256

/** @param tries how often it was tried in vain; the first time it is worth trying again at once */
export async function pause(tries: number): Promise<void> {
  if (tries < 2) return
  let most = Math.min(2 ** tries, LONGEST)
  await new Promise((resolve) => setTimeout(resolve, Math.random() * most))
}
