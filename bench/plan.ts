/** What the two forms of the benchmark do, and for how long. */
import { clusterContenders } from './contenders/cluster.ts'
import { MERGING, OVERWRITING } from './contenders/index.ts'
import type { Load } from './jobs/requests.ts'
import { works, type Work } from './jobs/works.ts'
import type { HttpLoad } from './load-client.ts'
import type { Shape, Size } from './sessions.ts'

export interface Plan extends CellPlan {
  name: 'quick' | 'full'
  /** What merging costs, on each kind of server. */
  merging: CellPlan
  cluster: CellPlan
  startups: { rounds: number } & Some
  pending: { rounds: number } & Some
  idle: { rounds: number; idleMs: number; busyMs: number } & Some
  http: { rounds: number; loads: HttpLoad[]; ms: number; warmUp: number } & Some
}

export interface CellPlan {
  rounds: number
  cells: Cell[]
}

/** Which contenders take part, where that is not all that overwrite. */
interface Some {
  contenders?: string[]
}

export interface Cell extends Load, Some {
  /** Requests before those that count. */
  warmUp: number
  /** How long to measure in each round, milliseconds. */
  ms: number
}

const FEW = ['ours', 'node-redis', 'ioredis', 'map']

/** One peer of each family, with which it is at its best. */
const FAMILIES = ['ours', 'node-redis', 'ioredis-auto', 'glide', 'map']

/** Those that know clusters. */
const CLUSTERS = Object.keys(clusterContenders)

/** Ours over a URL, and over a client of each family, overwriting and merging. */
const PAIR = pairsOf('ours')
const PAIRS = pairsOf('ours', 'ours-node-redis', 'ours-ioredis')

const BOTH: Work[] = ['change', 'read']
const SIZES: Size[] = [300, 4096, 65_536]

export const full: Plan = {
  name: 'full',
  rounds: 5,
  cells: [
    ...cells({ works: BOTH, sizes: [300], inFlight: [1, 4, 16, 64, 256], ms: 200 }),
    ...cells({ works: BOTH, sizes: [4096], inFlight: [1, 16, 64, 256], ms: 200 }),
    ...cells({ works: BOTH, sizes: [65_536], inFlight: [1, 64], ms: 300 }),
    ...cells({ works: ['large', 'none'], contenders: FAMILIES, ms: 200 }),
    ...cells({ works: BOTH, shape: 'keys', contenders: FAMILIES, ms: 200 }),
    ...cells({ works: BOTH, shape: 'text', contenders: FAMILIES, ms: 200 }),
  ],
  merging: {
    // With an even number, each is before the other one as often as behind it.
    rounds: 4,
    cells: [
      ...cells({ works: ['change'], sizes: [300, 4096], contenders: PAIRS, ms: 250 }),
      ...cells({ works: ['change'], sizes: [65_536], contenders: PAIR, ms: 250 }),
    ],
  },
  // An even number, as above.
  cluster: {
    rounds: 4,
    cells: cells({
      works: ['change'],
      sizes: [300],
      inFlight: [16, 64, 256],
      contenders: CLUSTERS,
      ms: 250,
    }),
  },
  startups: { rounds: 7 },
  pending: { rounds: 3 },
  idle: {
    rounds: 3,
    idleMs: 800,
    busyMs: 2000,
    contenders: ['ours', 'node-redis', 'ioredis', 'ioredis-auto', 'map'],
  },
  http: {
    rounds: 8,
    loads: [
      { size: 4096, connections: 4 },
      { size: 4096, connections: 64 },
      { size: 4096, connections: 256 },
      { size: 300, connections: 64 },
    ],
    ms: 400,
    warmUp: 50,
  },
}

export const quick: Plan = {
  name: 'quick',
  rounds: 3,
  cells: [
    ...cells({ works: ['change'], sizes: [300], inFlight: [1, 64], ms: 120 }),
    ...cells({ works: ['change'], sizes: [4096, 65_536], ms: 120 }),
    ...cells({ works: ['read', 'large'], sizes: [4096], contenders: FAMILIES, ms: 120 }),
    ...cells({ works: ['change'], shape: 'keys', sizes: [4096], contenders: FAMILIES, ms: 120 }),
    ...cells({ works: ['change'], shape: 'text', sizes: [4096], contenders: FAMILIES, ms: 120 }),
  ],
  merging: {
    rounds: 2,
    cells: [
      ...cells({ works: ['change'], sizes: [300], contenders: PAIRS, ms: 120 }),
      ...cells({ works: ['change'], sizes: [4096, 65_536], contenders: PAIR, ms: 120 }),
    ],
  },
  cluster: {
    rounds: 2,
    cells: cells({ works: ['change'], sizes: [300], contenders: CLUSTERS, ms: 120 }),
  },
  startups: { rounds: 2 },
  pending: { rounds: 1, contenders: FEW },
  idle: { rounds: 1, idleMs: 800, busyMs: 1000, contenders: FEW },
  http: {
    rounds: 3,
    loads: [{ size: 4096, connections: 64 }],
    ms: 400,
    warmUp: 50,
    contenders: FEW,
  },
}

function pairsOf(...names: string[]): string[] {
  return names.flatMap((name) => [name, MERGING[name]!])
}

/** The cells of a grid: carts of all sizes at 64 in flight, unless it says otherwise. */
interface Grid extends Some {
  works: Work[]
  shape?: Shape
  sizes?: Size[]
  inFlight?: number[]
  ms: number
}

function cells({
  works: kinds,
  shape = 'cart',
  sizes = SIZES,
  inFlight: inFlights = [64],
  ms,
  contenders = OVERWRITING,
}: Grid): Cell[] {
  return kinds.flatMap((work) =>
    sizes.flatMap((size) =>
      inFlights.map((inFlight) => {
        let warmUp = size > 10_000 ? 100 : 500
        let names = works[work].isChange ? withDefault(contenders) : contenders
        return { work, shape, size, inFlight, warmUp, ms, contenders: names }
      }),
    ),
  )
}

/** Where there is something to save, what ours costs by default is beside what it costs to overwrite. */
function withDefault(contenders: string[]): string[] {
  return [...new Set([...contenders, MERGING.ours!])]
}
