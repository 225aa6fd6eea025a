/** The shape of `results.json`. A key of a record is a contender's. */
import type { Contender } from './contenders/contender.ts'
import type { Work } from './jobs/works.ts'
import type { HttpLoad } from './load-client.ts'
import type { Shape, Size } from './sessions.ts'
import type { Figure } from './statistics.ts'

export interface Results {
  date: string
  command: string
  plan: 'quick' | 'full'
  rounds: number
  machine: { cpu: string; cores: number; memory: number; system: string }
  versions: Record<string, string>
  /** Bytes of our `.node` file. */
  addonSize: number
  contenders: Record<string, { name: string; kind: Contender['kind'] }>
  cells: CellResult[]
  merging: MergingResult[]
  cluster: ClusterResult
  http: HttpResult[]
  startup: Record<string, StartupFigures>
  pending: Record<string, PendingFigures>
  idle: Record<string, IdleFigures>
}

export interface CellResult {
  work: Work
  shape: Shape
  size: Size
  inFlight: number
  figures: Record<string, CellFigures>
}

export interface CellFigures {
  requestsPerSecond: Figure
  /** CPU time of the main thread per request, microseconds. */
  eventLoop: Figure
  /** CPU time of the process per request, microseconds. */
  process: Figure
  /** How long collecting garbage stopped the main thread per request, microseconds. */
  gc: Figure
  /** Latencies in microseconds. */
  p50: Figure
  p99: Figure
  p999: Figure
  /** Redis commands per request. */
  commands: Figure
  commandNames: string[]
  /** CPU time of the server per request, microseconds. */
  server: Figure
}

/** Ours overwriting and merging, on one server. */
export interface MergingResult {
  /** Name and version, such as `Valkey 9.1.2`. */
  server: string
  rounds: number
  cells: CellResult[]
}

/** Ours and the peers on a cluster. */
export interface ClusterResult {
  /** Name and version of its servers, such as `Redis 7.0.15`. */
  server: string
  primaries: number
  rounds: number
  cells: CellResult[]
}

export interface HttpResult extends HttpLoad {
  figures: Record<string, HttpFigures>
}

export interface HttpFigures {
  requestsPerSecond: Figure
  /** CPU time of the app's process per request, microseconds. */
  process: Figure
  /** Latencies in microseconds. */
  p50: Figure
  p99: Figure
}

/** Milliseconds, and bytes that importing and creating added. */
export interface StartupFigures {
  import: Figure
  create: Figure
  importAndCreate: Figure
  connect: Figure
  firstRead: Figure
  cpu: Figure
  memory: Figure
}

/** Resident memory that 10,000 requests in flight add, bytes. */
export interface PendingFigures {
  reads: Figure
  saves: Figure
}

/** CPU time, percent of one core. */
export interface IdleFigures {
  idle: Figure
  busy: Figure
}
