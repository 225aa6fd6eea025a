/** Where Redis is, as `npm run demo` says. */

export interface Servers {
  /** One, or nodes of a cluster. */
  urls: [string, ...string[]]
  isCluster: boolean
}

/** The argument with which the demo uses a cluster. */
export const CLUSTER = '--cluster'

/**
 * @param variable The value of `REDIS_URL`: a URL, or several with commas in between of a cluster
 * @param args Those of the process
 */
export function serversIn(variable: string, args: string[]): Servers {
  let isCluster = args.includes(CLUSTER)
  return { urls: (isCluster ? variable.split(',') : [variable]) as Servers['urls'], isCluster }
}
