/**
 * Waits for steps that are under way at the same time, also where one of them has failed: until the last
 * has ended, others must not begin with the session.
 */
export async function together<const steps extends readonly unknown[]>(
  steps: steps,
): Promise<{ -readonly [index in keyof steps]: Awaited<steps[index]> }> {
  await Promise.allSettled(steps)
  return Promise.all(steps)
}
