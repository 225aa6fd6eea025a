/** Requests per second, and what a request costs, for each kind of work and number in flight. */
import type { Load } from '../jobs/requests.ts'
import type { Cell } from '../plan.ts'
import type { CellFigures, CellResult } from '../results.ts'
import { sessionIds, sessionText } from '../sessions.ts'
import { rotated, Samples, startWorkers, WORKER_START, type Bench, type Worker } from './bench.ts'

type FigureName = Exclude<keyof CellFigures, 'commandNames'>

/** The warm-up and the counters around a measurement. */
const AROUND = 150

/**
 * What a process does before its first measurement, so that V8 has compiled all of it as well as it
 * will: an app runs for days.
 */
const WARM_UP: [load: Load, requests: number][] = [
  [{ work: 'change', size: 300, inFlight: 64 }, 20_000],
  [{ work: 'read', size: 300, inFlight: 64 }, 10_000],
]
const START = WORKER_START + 1500

export function cellsTime({ plan, names }: Pick<Bench, 'plan' | 'names'>): number {
  let round = plan.cells.reduce((sum, cell) => sum + cell.ms + AROUND, START)
  return round * names.length * plan.rounds
}

export async function measureCells(bench: Bench): Promise<CellResult[]> {
  let { plan, names, redis, step } = bench
  let samples = plan.cells.map(() => new Samples<FigureName>())
  let commandNames = new Map<string, string[]>()

  for (let round = 0; round < plan.rounds; round++) {
    step(`round ${round + 1} of ${plan.rounds}: starting`, START * names.length)
    let workers = await startWorkers(bench, names)
    await redis.fill(sessionIds(300), sessionText(300))
    for (let worker of workers.values()) {
      for (let [load, requests] of WARM_UP) await worker.call.prepare(load, requests)
    }
    for (let [index, cell] of plan.cells.entries()) {
      await redis.fill(sessionIds(cell.size), sessionText(cell.size))
      for (let name of rotated(names, round + index)) {
        step(`round ${round + 1} of ${plan.rounds}: ${titleOf(cell)}, ${name}`, cell.ms + AROUND)
        let { figures, commands } = await measure(bench, workers.get(name)!, cell)
        samples[index]!.add(name, figures)
        commandNames.set(`${index} ${name}`, commands)
      }
    }
    await Promise.all([...workers.values()].map((worker) => worker.stop()))
  }

  return plan.cells.map(({ work, size, inFlight }, index) => ({
    work,
    size,
    inFlight,
    figures: Object.fromEntries(
      names.map((name) => [
        name,
        {
          ...samples[index]!.figures(name),
          commandNames: commandNames.get(`${index} ${name}`) ?? [],
        },
      ]),
    ),
  }))
}

async function measure({ redis }: Bench, worker: Worker, cell: Cell) {
  let { work, size, inFlight } = cell
  await worker.call.prepare({ work, size, inFlight }, cell.warmUp)
  let before = await redis.counters()
  let measured = await worker.call.measure(cell.ms)
  let after = await redis.counters()

  let { requests } = measured
  let commands = Object.entries(after.commands)
    .map(([name, count]) => ({ name, count: count - (before.commands[name] ?? 0) }))
    .filter(({ count }) => count > 0)
  let figures: Record<FigureName, number> = {
    requestsPerSecond: (requests / measured.elapsed) * 1000,
    eventLoop: measured.threadCpu / requests,
    process: measured.processCpu / requests,
    ...measured.latency,
    commands: commands.reduce((sum, { count }) => sum + count, 0) / requests,
    server: (after.cpu - before.cpu) / requests,
  }
  return { figures, commands: commands.map(({ name }) => name) }
}

function titleOf({ work, size, inFlight }: Cell): string {
  return `${work} ${size} B, ${inFlight} in flight`
}
