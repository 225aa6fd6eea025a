/** Requests per second, and what a request costs, for each kind of work, session and number in flight. */
import { isMerging } from '../contenders/index.ts'
import type { Load } from '../jobs/requests.ts'
import type { Cell, CellPlan } from '../plan.ts'
import type { CellFigures, CellResult } from '../results.ts'
import { loadTitle } from '../report/text.ts'
import { sessionIds, type Size } from '../sessions.ts'
import {
  namesIn,
  Samples,
  startWorkers,
  turns,
  WORKER_START,
  type Bench,
  type Worker,
} from './bench.ts'
import { storedSizes } from './stored-sizes.ts'

/** A benchmark of which only some cells are to be measured. */
export type CellBench = Omit<Bench, 'plan'> & { plan: CellPlan }

type FigureName = Exclude<keyof CellFigures, 'commandNames'>

/** Filling Redis, the warm-up, and the counters around a measurement. */
const AROUND = 250

/**
 * What a process does with each kind of work and form before it is measured for the first time:
 * requests, and roughly the milliseconds that they take. The small sessions compile what is the same
 * for all of them; with 6000 requests, some measurements began with twice the time on the event loop.
 */
const WARM_UP: Record<Size, { requests: number; ms: number }> = {
  300: { requests: 20_000, ms: 300 },
  4096: { requests: 4000, ms: 250 },
  65_536: { requests: 100, ms: 150 },
}

export function cellsTime({ plan, names }: Pick<CellBench, 'plan' | 'names'>): number {
  let warming = warmUps(plan.cells).map(
    (cell) => WARM_UP[cell.size].ms * namesIn(names, cell).length,
  )
  let cells = plan.cells.map((cell) => (cell.ms + AROUND) * namesIn(names, cell).length)
  let start = WORKER_START * namesInCells(names, plan).length
  return [...warming, ...cells].reduce((sum, time) => sum + time, start) * plan.rounds
}

export async function measureCells(bench: CellBench): Promise<CellResult[]> {
  let { plan, step } = bench
  let names = namesInCells(bench.names, plan)
  let samples = plan.cells.map(() => new Samples<FigureName>())
  let commandNames = new Map<string, string[]>()

  for (let round = 0; round < plan.rounds; round++) {
    let title = `round ${round + 1} of ${plan.rounds}`
    step(`${title}: starting`, WORKER_START * names.length)
    let workers = await startWorkers(bench, turns(names, round))
    await warmUp(bench, workers, round)
    for (let [index, cell] of plan.cells.entries()) {
      for (let name of turns(namesIn(names, cell), round, index)) {
        step(`${title}: ${loadTitle(cell)}, ${name}`, cell.ms + AROUND)
        let { figures, commands } = await measure(bench, workers, name, cell)
        samples[index]!.add(name, figures)
        commandNames.set(`${index} ${name}`, commands)
      }
    }
    await Promise.all([...workers.values()].map((worker) => worker.stop()))
  }

  return plan.cells.map((cell, index) => {
    let { work, shape, size, inFlight } = cell
    let figures = namesIn(names, cell).map((name) => {
      let commands = commandNames.get(`${index} ${name}`) ?? []
      return [name, Object.assign(samples[index]!.figures(name), { commandNames: commands })]
    })
    return { work, shape, size, inFlight, figures: Object.fromEntries(figures) }
  })
}

/**
 * Has every process do all that it will be measured with, so that V8 has compiled it as well as it
 * will, and has seen sessions of every form before the first measurement: an app runs for days.
 */
async function warmUp(
  bench: CellBench,
  workers: Map<string, Worker>,
  round: number,
): Promise<void> {
  for (let [index, cell] of warmUps(bench.plan.cells).entries()) {
    let { requests, ms } = WARM_UP[cell.size]
    let names = namesIn(bench.names, cell)
    bench.step(`round ${round + 1}: warming up, ${loadTitle(cell)}`, ms * names.length)
    await bench.redis.fill(cell)
    for (let name of turns(names, round, index)) {
      await workers.get(name)!.call.prepare({ ...loadOf(cell), inFlight: 64 }, requests)
    }
  }
}

/** The contenders that take part in any of the cells. */
function namesInCells(names: string[], { cells }: CellPlan): string[] {
  return names.filter((name) => cells.some((cell) => namesIn([name], cell).length > 0))
}

/** The first cell with each kind of work and form. */
function warmUps(cells: Cell[]): Cell[] {
  let isSame = (a: Cell, b: Cell) => a.work === b.work && a.shape === b.shape && a.size === b.size
  return cells.filter((cell) => cells.find((other) => isSame(cell, other)) === cell)
}

function loadOf({ work, shape, size, inFlight }: Cell): Load {
  return { work, shape, size, inFlight }
}

async function measure(
  { redis }: CellBench,
  workers: Map<string, Worker>,
  name: string,
  cell: Cell,
) {
  let worker = workers.get(name)!
  // What the contender before has written does not matter to this one.
  await redis.fill(cell)
  await worker.call.prepare(loadOf(cell), warmUpOf(cell, name))
  let before = await redis.counters()
  let measured = await worker.call.measure(cell.ms)
  let after = await redis.counters()
  let id = sessionIds(cell)[0]!
  let stored = (await worker.call.storedSize(id)) ?? (await redis.sizeOf(id))
  if (!storedSizes(cell, name).includes(stored)) {
    throw new Error(`${loadTitle(cell)}, ${name}: the session now has ${stored} B`)
  }

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

/**
 * A text that has no version yet is compared as a whole, once in its life: a contender that merges saves each
 * session before it is measured.
 */
function warmUpOf(cell: Cell, name: string): number {
  return isMerging(name) ? Math.max(cell.warmUp, sessionIds(cell).length) : cell.warmUp
}
