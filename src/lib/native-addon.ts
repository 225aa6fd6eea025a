export interface NativeOptions {
  url: string
  connections: number
  tls?: object | undefined
  prefix: string
  ttl?: number | undefined
  refreshOnLoad: boolean
  timeout: number
}
export declare class NativeConnection {
  constructor(options: NativeOptions, wake: () => void)
  load(ticket: number, id: string): void
  save(ticket: number, id: string, text: string, existing: boolean): void
  replace(
    ticket: number,
    id: string,
    text: string,
    stored: string | null,
    obsolete: string | null,
  ): void
  touch(ticket: number, id: string): void
  delete(ticket: number, ids: string[]): void
  ping(ticket: number): void
  flush(): void
  drain(outcomes: Uint32Array, payloads: unknown[]): number
  close(): void
}
