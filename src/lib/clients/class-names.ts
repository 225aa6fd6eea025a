/** Returns the names of an object's classes, its own first: they tell errors apart that have no code. */
export function classNames(value: unknown): string[] {
  let names: string[] = []
  try {
    let prototype: any = value === null || typeof value !== 'object' ? null : value
    while ((prototype = prototype && Object.getPrototypeOf(prototype))) {
      let name: unknown = prototype.constructor?.name
      if (typeof name === 'string') names.push(name)
    }
  } catch {
    // A proxy may throw when it is looked at.
  }
  return names
}
