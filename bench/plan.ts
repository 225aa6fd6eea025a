/** What the two forms of the benchmark do, and for how long. */
import type { Load, Work } from './jobs/requests.ts'

export interface Plan {
  name: 'quick' | 'full'
  rounds: number
  cells: Cell[]
  startups: number
  pending: { rounds: number } & Some
  idle: { rounds: number; idleMs: number; busyMs: number } & Some
  http: { rounds: number; connections: number[]; ms: number; warmUp: number } & Some
}

/** Which contenders take part, where that is not all. */
interface Some {
  contenders?: string[]
}

export interface Cell extends Load {
  /** Requests before those that count, the same for everyone. */
  warmUp: number
  /** How long to measure in each round, milliseconds. */
  ms: number
}

const WORKS: Work[] = ['change', 'read']

const FEW = ['ours', 'node-redis', 'ioredis', 'map']

export const full: Plan = {
  name: 'full',
  rounds: 5,
  cells: cells([300, 4096, 65_536], [1, 4, 16, 64, 256], (size) => (size === 300 ? 400 : 160)),
  startups: 7,
  pending: { rounds: 3 },
  idle: {
    rounds: 3,
    idleMs: 800,
    busyMs: 2000,
    contenders: ['ours', 'node-redis', 'ioredis', 'ioredis-auto', 'map'],
  },
  http: { rounds: 9, connections: [4, 64, 256], ms: 400, warmUp: 50 },
}

export const quick: Plan = {
  name: 'quick',
  rounds: 3,
  cells: cells([300], [1, 16, 64, 256], () => 120),
  startups: 2,
  pending: { rounds: 1, contenders: FEW },
  idle: { rounds: 1, idleMs: 800, busyMs: 1000, contenders: FEW },
  http: { rounds: 3, connections: [64], ms: 400, warmUp: 50, contenders: FEW },
}

function cells(sizes: number[], inFlights: number[], ms: (size: number) => number): Cell[] {
  return WORKS.flatMap((work) =>
    sizes.flatMap((size) =>
      inFlights.map((inFlight) => ({
        work,
        size,
        inFlight,
        warmUp: size > 10_000 ? 100 : 500,
        ms: ms(size),
      })),
    ),
  )
}
