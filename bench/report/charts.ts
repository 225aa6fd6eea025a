/** The results as charts: each as SVG for light pages and for dark ones. */
import { parse, View } from 'vega'
import { compile, type Config, type TopLevelSpec } from 'vega-lite'

import type { Results } from '../results.ts'
import type { Figure } from '../statistics.ts'
import { clientRatios } from './clients.ts'
import { OURS } from './comparison.ts'
import { sizeText } from './text.ts'

type Theme = 'light' | 'dark'

interface Row {
  x: string
  contender: string
  value: number
  low: number
  high: number
}

const INK: Record<
  Theme,
  { text: string; faint: string; line: string; ours: string; floor: string }
> = {
  light: {
    text: '#1f2328',
    faint: '#59636e',
    line: '#d1d9e0',
    ours: '#cf222e',
    floor: '#818b98',
  },
  dark: { text: '#f0f6fc', faint: '#9198a1', line: '#3d444d', ours: '#ff7b72', floor: '#6e7681' },
}

/** Of the peers, in the order of the contenders; they can be told apart on either background. */
const PEERS = ['#0969da', '#1a7f37', '#9a6700', '#8250df', '#0f8f8f']
const PEERS_DARK = ['#58a6ff', '#56d364', '#e3b341', '#bc8cff', '#39c5cf']

/** Where a logarithmic axis has labels: 1, 2, 5, 10, 20, 50 and so on. */
const ROUND = [1, 10, 100, 1e3, 1e4, 1e5, 1e6].flatMap((power) => [power, 2 * power, 5 * power])

/** Returns SVG by name, such as `requests-dark`. */
export async function charts(results: Results): Promise<Record<string, string>> {
  let svgs: Record<string, string> = {}
  for (let [name, rows, titles] of chartsOf(results)) {
    if (rows.length === 0) continue
    for (let theme of ['light', 'dark'] as const) {
      let spec = specOf(results, rows, titles, theme)
      svgs[`${name}-${theme}`] = await toSvg(spec)
    }
  }
  return svgs
}

interface Titles {
  title: string
  subtitle: string
  x: string
  mark: 'line' | 'bar'
  isLogarithmic?: boolean
  /** A height at which there is a line across the chart. */
  level?: number
}

function chartsOf(results: Results): [name: string, rows: Row[], titles: Titles][] {
  let cells = results.cells.filter(({ work, shape }) => work === 'change' && shape === 'cart')
  let bySize = cells.filter(({ inFlight }) => inFlight === 64)
  let byInFlight = cells.filter(({ size }) => size === 300)
  let http = results.http.filter(({ size }) => size === 4096)
  let work = 'read a session, change a small value, save'
  return [
    [
      'requests',
      bySize.flatMap((cell) =>
        rowsOf(results, sizeText(cell.size), cell.figures, 'requestsPerSecond'),
      ),
      {
        title: 'Requests per second by size of the session',
        subtitle: `More is better, the scale is logarithmic: ${work}, 64 in flight`,
        x: 'Size of the session, most of it a cart',
        mark: 'line',
        isLogarithmic: true,
      },
    ],
    [
      'event-loop',
      bySize.flatMap((cell) => rowsOf(results, sizeText(cell.size), cell.figures, 'eventLoop')),
      {
        title: 'Event-loop time per request by size of the session, µs',
        subtitle: `Less is better, the scale is logarithmic: ${work}, 64 in flight`,
        x: 'Size of the session, most of it a cart',
        mark: 'line',
        isLogarithmic: true,
      },
    ],
    [
      'in-flight',
      byInFlight.flatMap((cell) =>
        rowsOf(results, String(cell.inFlight), cell.figures, 'requestsPerSecond'),
      ),
      {
        title: 'Requests per second by requests in flight',
        subtitle: `More is better: ${work}, 300 B`,
        x: 'Requests in flight',
        mark: 'line',
      },
    ],
    [
      'clients',
      clientRatios(results, 'requestsPerSecond').map(({ inFlight, client, ratio }) => ({
        x: String(inFlight),
        contender: client,
        value: ratio.median,
        low: ratio.low,
        high: ratio.high,
      })),
      {
        title: 'Requests per second over a client of the app',
        subtitle: `As a multiple of the original's over the same client, more is better: ${work}, 300 B`,
        x: 'Requests in flight',
        mark: 'line',
        level: 1,
      },
    ],
    [
      'http',
      http.flatMap(({ connections, figures }) =>
        rowsOf(results, String(connections), figures, 'requestsPerSecond'),
      ),
      {
        title: 'HTTP requests per second',
        subtitle: 'More is better: a Remix app that changes a small value of a session of 4 KB',
        x: 'Connections',
        mark: 'bar',
      },
    ],
  ]
}

/**
 * Ours over a passed client has a chart of its own, because its line would cover that client's; another version of
 * ours is only in the tables.
 */
function rowsOf<name extends string>(
  { contenders }: Results,
  x: string,
  figures: Record<string, Record<name, Figure>>,
  name: name,
): Row[] {
  return Object.entries(figures)
    .filter(([key]) => key === OURS || ['peer', 'floor'].includes(contenders[key]!.kind))
    .map(([key, all]) => ({
      x,
      contender: contenders[key]!.name,
      value: all[name].median,
      low: all[name].low,
      high: all[name].high,
    }))
}

function specOf(
  { contenders }: Results,
  rows: Row[],
  { title, subtitle, x, mark, isLogarithmic, level }: Titles,
  theme: Theme,
): TopLevelSpec {
  let present = new Set(rows.map(({ contender }) => contender))
  let shown = Object.values(contenders).filter(({ name }) => present.has(name))
  let peerColours = (theme === 'light' ? PEERS : PEERS_DARK).values()
  let colours = shown.map(({ kind }) => {
    if (kind === 'peer') return peerColours.next().value ?? INK[theme].text
    return kind === 'ours' ? INK[theme].ours : INK[theme].floor
  })
  let colour = {
    field: 'contender',
    type: 'nominal' as const,
    sort: null,
    scale: { domain: shown.map(({ name }) => name), range: colours },
    legend: { title: null },
  }
  let place = {
    field: 'x',
    type: 'ordinal' as const,
    // In the order of the rows.
    sort: null,
    axis: { title: x, labelAngle: 0, ticks: false },
  }
  let axis = { title: null, format: '~s', domain: false, ticks: false }
  let height = {
    type: 'quantitative' as const,
    axis: isLogarithmic ? { ...axis, values: ROUND } : { ...axis, tickCount: 6 },
    ...(isLogarithmic ? { scale: { type: 'log' as const, nice: false, padding: 12 } } : {}),
  }
  return {
    title: { text: title, subtitle },
    data: { values: rows },
    width: 560,
    height: 300,
    config: configOf(theme),
    encoding: {
      x: place,
      color: colour,
      ...(mark === 'bar' ? { xOffset: { field: 'contender', sort: null } } : {}),
    },
    layer: [
      {
        mark: mark === 'line' ? { type: 'line', point: { size: 40 }, strokeWidth: 2 } : 'bar',
        encoding: { y: { ...height, field: 'value' } },
      },
      {
        mark: { type: 'rule', strokeWidth: mark === 'line' ? 5 : 1, opacity: 0.45 },
        encoding: {
          y: { ...height, field: 'low' },
          y2: { field: 'high' },
          ...(mark === 'bar' ? { color: { value: INK[theme].text } } : {}),
        },
      },
      ...(level === undefined ? [] : [levelAt(level, theme)]),
    ],
  }
}

function levelAt(level: number, theme: Theme) {
  return {
    data: { values: [{}] },
    mark: { type: 'rule' as const, strokeDash: [5, 4] },
    encoding: {
      x: { value: 0 },
      x2: { value: 'width' as const },
      y: { datum: level },
      color: { value: INK[theme].faint },
    },
  }
}

/** Without a background: the page has its own. */
function configOf(theme: Theme): Config {
  let { text, faint, line } = INK[theme]
  return {
    background: 'transparent',
    font: 'system-ui, sans-serif',
    view: { stroke: null },
    title: { color: text, subtitleColor: faint, fontSize: 16, anchor: 'start', offset: 14 },
    axis: {
      labelColor: faint,
      titleColor: faint,
      gridColor: line,
      domainColor: line,
      labelFontSize: 12,
      titleFontSize: 12,
      titleFontWeight: 'normal',
      titlePadding: 8,
    },
    legend: {
      labelColor: text,
      labelFontSize: 12,
      labelLimit: 0,
      symbolType: 'circle',
      rowPadding: 6,
    },
  }
}

function toSvg(spec: TopLevelSpec): Promise<string> {
  return new View(parse(compile(spec).spec), { renderer: 'none' }).toSVG()
}
