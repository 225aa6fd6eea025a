/** Requests per second, and what a request costs, for each kind of work, session and number in flight. */
import type { Load } from '../jobs/requests.ts'
import type { Cell } from '../plan.ts'
import type { CellFigures, CellResult } from '../results.ts'
import { loadTitle } from '../report/text.ts'
import { sessionIds } from '../sessions.ts'
import {
  namesIn,
  Samples,
  startWorkers,
  turns,
  WORKER_START,
  type Bench,
  type Worker,
} from './bench.ts'

type FigureName = Exclude<keyof CellFigures, 'commandNames'>

/** Filling Redis, the warm-up, and the counters around a measurement. */
const AROUND = 250

/** Milliseconds of the warm-up before a process is measured for the first time, for each load. */
const WARM_UP = 150

export function cellsTime({ plan, names }: Pick<Bench, 'plan' | 'names'>): number {
  let start = (WORKER_START + WARM_UP * warmUps(plan.cells).length) * names.length
  let cells = plan.cells.map((cell) => (cell.ms + AROUND) * namesIn(names, cell).length)
  return cells.reduce((sum, time) => sum + time, start) * plan.rounds
}

export async function measureCells(bench: Bench): Promise<CellResult[]> {
  let { plan, names, step } = bench
  let samples = plan.cells.map(() => new Samples<FigureName>())
  let commandNames = new Map<string, string[]>()

  for (let round = 0; round < plan.rounds; round++) {
    let title = `round ${round + 1} of ${plan.rounds}`
    step(`${title}: starting`, WORKER_START * names.length)
    let workers = await startWorkers(bench, turns(names, round))
    await warmUp(bench, workers, title)
    for (let [index, cell] of plan.cells.entries()) {
      for (let name of turns(namesIn(names, cell), round, index)) {
        step(`${title}: ${loadTitle(cell)}, ${name}`, cell.ms + AROUND)
        let { figures, commands } = await measure(bench, workers.get(name)!, cell)
        samples[index]!.add(name, figures)
        commandNames.set(`${index} ${name}`, commands)
      }
    }
    await Promise.all([...workers.values()].map((worker) => worker.stop()))
  }

  return plan.cells.map((cell, index) => ({
    work: cell.work,
    shape: cell.shape,
    size: cell.size,
    inFlight: cell.inFlight,
    figures: Object.fromEntries(
      namesIn(names, cell).map((name) => [
        name,
        {
          ...samples[index]!.figures(name),
          commandNames: commandNames.get(`${index} ${name}`) ?? [],
        },
      ]),
    ),
  }))
}

/**
 * Has every process do all that it will be measured with, so that V8 has compiled it as well as it
 * will, and has seen sessions of every form before the first measurement: an app runs for days.
 */
async function warmUp(
  { plan, redis, step }: Bench,
  workers: Map<string, Worker>,
  title: string,
): Promise<void> {
  for (let load of warmUps(plan.cells)) {
    step(`${title}: warming up, ${loadTitle(load)}`, WARM_UP * workers.size)
    await redis.fill(load)
    for (let worker of workers.values()) await worker.call.prepare(load, requestsOf(load))
  }
}

/** Each kind of work with each form once. */
function warmUps(cells: Cell[]): Load[] {
  let loads = cells.map(({ work, shape, size }) => ({ work, shape, size, inFlight: 64 }))
  return [...new Map(loads.map((load) => [loadTitle(load), load])).values()]
}

/** Most of what runs is the same for all sizes, so that the small ones compile it for the others. */
function requestsOf({ size }: Load): number {
  return { 300: 6000, 4096: 2000, 65_536: 300 }[size]
}

async function measure({ redis }: Bench, worker: Worker, cell: Cell) {
  let { work, shape, size, inFlight } = cell
  // What the contender before has written does not matter to this one.
  await redis.fill(cell)
  await worker.call.prepare({ work, shape, size, inFlight }, cell.warmUp)
  let before = await redis.counters()
  let measured = await worker.call.measure(cell.ms)
  let after = await redis.counters()
  let id = sessionIds(cell)[0]!
  let stored = (await worker.call.storedSize(id)) ?? (await redis.sizeOf(id))
  if (stored !== size) throw new Error(`${loadTitle(cell)}: the session now has ${stored} B`)

  let { requests } = measured
  let commands = Object.entries(after.commands)
    .map(([name, count]) => ({ name, count: count - (before.commands[name] ?? 0) }))
    .filter(({ count }) => count > 0)
  let figures: Record<FigureName, number> = {
    requestsPerSecond: (requests / measured.elapsed) * 1000,
    eventLoop: measured.threadCpu / requests,
    process: measured.processCpu / requests,
    gc: measured.gc / requests,
    ...measured.latency,
    commands: commands.reduce((sum, { count }) => sum + count, 0) / requests,
    server: (after.cpu - before.cpu) / requests,
  }
  return { figures, commands: commands.map(({ name }) => name) }
}
