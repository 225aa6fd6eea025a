/** A client whose every command waits until it is told to answer. */
export function heldClient() {
  let sent: string[] = []
  let answers = new Map<string, PromiseWithResolvers<any>>()
  function command(name: string) {
    return (key: string) => {
      let line = `${name} ${key.replace('session:', '')}`
      let answer = Promise.withResolvers<any>()
      sent.push(line)
      answers.set(line, answer)
      return answer.promise
    }
  }
  let [get, set, del] = ['get', 'set', 'del'].map(command) as any[]
  return { client: { get, set, del, expire: command('expire') }, sent, answers }
}
